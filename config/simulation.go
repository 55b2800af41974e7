package config

import (
	"time"

	"bifrost/schemas"
)

type simulation = schemas.SimulationConfig

// defaultOutputTokens is what schemas.SimulationConfig promises for zero.
const defaultOutputTokens = 16

var simulationSection = section[simulation]{check: checkSimulation, fields: []field[simulation]{
	{name: "dialect", read: readDialect},
	{name: "seed", read: readSeed},
	durationOrZero("latency", func(c *simulation) *time.Duration { return &c.Latency }),
	duration("latency_p99", "leave it out for answers that all take latency",
		func(c *simulation) *time.Duration { return &c.LatencyP99 }),
	positive("tokens_per_second", "leave it out for no limit",
		func(c *simulation) *float64 { return &c.TokensPerSecond }),
	whole("output_tokens", atLeastOne(orDefaultOf("16")),
		func(c *simulation) *int { return &c.OutputTokens }),
	share("error_rate", func(c *simulation) *float64 { return &c.ErrorRate }),
	share("rate_limit_rate", func(c *simulation) *float64 { return &c.RateLimitRate }),
	whole("concurrency", atLeastOne("leave it out for no limit"),
		func(c *simulation) *int { return &c.Concurrency }),
	names("models", `"sim-small"`, func(c *simulation) *[]string { return &c.Models }),
}}

func readDialect(r *reader, v value, into *simulation) {
	if !r.want(v, kindText, `"openai"`) {
		return
	}
	switch d := schemas.Dialect(v.text); d {
	case schemas.DialectOpenAI, schemas.DialectAnthropic, schemas.DialectGemini:
		into.Dialect = d
	default:
		r.fault(v.line, v.at, `must be "openai", "anthropic" or "gemini"; leave it out for "openai"`)
	}
}

func readSeed(r *reader, v value, into *simulation) {
	if n, ok := r.whole(v, wholeBounds{least: 0, otherwise: "write any number from 0 up"}); ok {
		into.Seed = uint64(n)
	}
}

func checkSimulation(r *reader, _ value, has given, into *simulation) {
	if p99, ok := has["latency_p99"]; ok && into.LatencyP99 > 0 && into.LatencyP99 < into.Latency {
		r.fault(p99.line, p99.at, "must not be below latency, which is %s; raise it or lower the other", durationText(into.Latency))
	}
	if into.Dialect == "" {
		into.Dialect = schemas.DialectOpenAI
	}
	if into.OutputTokens == 0 {
		into.OutputTokens = defaultOutputTokens
	}
	if v, ok := has["rate_limit_rate"]; ok && into.ErrorRate+into.RateLimitRate > 1 {
		r.fault(v.line, v.at, "must not make more than 1 together with error_rate; lower one of them")
	}
}
