package config

import (
	"slices"
	"time"

	"bifrost/schemas"
)

type simulation = schemas.SimulationConfig

// defaultOutputTokens is what schemas.SimulationConfig promises for zero.
const defaultOutputTokens = 16

var simulationSection = section[simulation]{check: checkSimulation, fields: []field[simulation]{
	custom("dialect", oneOf(string(schemas.DialectOpenAI), string(schemas.DialectAnthropic), string(schemas.DialectGemini)), readDialect).
		doc("`\"openai\"`", "the wire format between the gateway and the simulated provider"),
	custom("seed", anySeed.shape(), readSeed).
		doc("0", "the same seed and order of requests give the same behaviour"),
	durationOrZero("latency", func(c *simulation) *time.Duration { return &c.Latency }).
		doc("`\"0s\"`", "the median time to the first byte"),
	duration("latency_p99", "leave it out for answers that all take latency", func(c *simulation) *time.Duration { return &c.LatencyP99 }).
		doc("every answer takes `latency`", "its 99th percentile", "above 0, not below `latency`"),
	positive("tokens_per_second", "leave it out for no limit", func(c *simulation) *float64 { return &c.TokensPerSecond }).
		doc("no limit", "the speed of a stream"),
	whole("output_tokens", atLeastOne("tokens", orDefaultOf("16")), func(c *simulation) *int { return &c.OutputTokens }).
		doc("16", "the length of an answer"),
	share("error_rate", func(c *simulation) *float64 { return &c.ErrorRate }).
		doc("0", "share of the calls answered with 500"),
	share("rate_limit_rate", func(c *simulation) *float64 { return &c.RateLimitRate }).
		doc("0", "share of the calls answered with 429", "0 to 1, and at most 1 with `error_rate`"),
	whole("concurrency", atLeastOne("calls", "leave it out for no limit"), func(c *simulation) *int { return &c.Concurrency }).
		doc("no limit", "calls at once beyond which it answers with 429"),
	positive("requests_per_second", "leave it out for no limit", func(c *simulation) *float64 { return &c.RequestsPerSecond }).
		doc("no limit", "calls per second beyond which it answers with 429, and says when to come back"),
	durationOrZero("outage_after", func(c *simulation) *time.Duration { return &c.OutageAfter }).
		doc("`\"0s\"`", "when an outage begins, from the start on", "at least `\"0s\"`, with `outage_for`").needs("outage_for"),
	duration("outage_for", "leave it out for none", func(c *simulation) *time.Duration { return &c.OutageFor }).
		doc("none", "how long it lasts; answers that have begun are finished"),
	duration("outage_every", "leave it out for an outage that comes once", func(c *simulation) *time.Duration { return &c.OutageEvery }).
		doc("it comes once", "how often it comes again, from beginning to beginning", "above `outage_for`").needs("outage_for"),
	custom("outage", oneOf(outageKinds()...), readOutage).
		doc("`\"error\"`", "what becomes of calls meanwhile: they are answered with 503, never answered, or their connection breaks",
			"`\"error\"`, `\"hang\"` or `\"reset\"`, with `outage_for`").needs("outage_for"),
	names("models", `"sim-small"`, func(c *simulation) *[]string { return &c.Models }).
		doc("`[\"sim-small\", \"sim-large\"]`", "what the list of models names"),
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

var anySeed = wholeBounds{least: 0, otherwise: "write any number from 0 up"}

func outageKinds() []string {
	var kinds []string
	for _, k := range schemas.Outages() {
		kinds = append(kinds, string(k))
	}
	return kinds
}

func readOutage(r *reader, v value, into *simulation) {
	if !r.want(v, kindText, `"error"`) {
		return
	}
	into.Outage = schemas.Outage(v.text)
	if !slices.Contains(schemas.Outages(), into.Outage) {
		r.fault(v.line, v.at, `must be "error", "hang" or "reset"; leave it out for "error"`)
	}
}

// outageKeys are those that say more of an outage.
var outageKeys = []string{"outage_after", "outage_every", "outage"}

func checkOutage(r *reader, has given, into *simulation) {
	if _, ok := has["outage_for"]; !ok {
		for _, name := range outageKeys {
			if v, ok := has[name]; ok {
				r.fault(v.line, v.at, `needs outage_for, which says how long an outage lasts; write it, such as "15s"`)
			}
		}
		return
	}
	if v, ok := has["outage_every"]; ok && into.OutageEvery > 0 && into.OutageEvery <= into.OutageFor {
		r.fault(v.line, v.at, "must be above outage_for, which is %s; raise it or lower the other", durationText(into.OutageFor))
	}
	if into.Outage == "" {
		into.Outage = schemas.OutageError
	}
}

func readSeed(r *reader, v value, into *simulation) {
	if n, ok := r.whole(v, anySeed); ok {
		into.Seed = uint64(n)
	}
}

func checkSimulation(r *reader, _ value, has given, into *simulation) {
	if p99, ok := has["latency_p99"]; ok && into.LatencyP99 > 0 && into.LatencyP99 < into.Latency {
		r.fault(p99.line, p99.at, "must not be below latency, which is %s; raise it or lower the other", durationText(into.Latency))
	}
	checkOutage(r, has, into)
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
