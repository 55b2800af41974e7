package schemas

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// SimulationConfig is the behaviour of a simulated provider. The zero value
// answers at once, never fails and has no limit. All choices are drawn from one
// seeded source: the same seed and the same order of requests give the same
// behaviour.
type SimulationConfig struct {
	// Dialect is the one that the client speaks with the provider: DialectOpenAI,
	// which is what empty means, DialectAnthropic or DialectGemini. Over HTTP it
	// answers in the dialect of each call.
	Dialect Dialect

	Seed uint64

	// Latency is the median time to the first byte, LatencyP99 its 99th
	// percentile (log-normal between them). Zero LatencyP99 means every answer
	// takes exactly Latency.
	Latency    time.Duration
	LatencyP99 time.Duration

	TokensPerSecond float64 // of a stream; zero: as fast as it is read
	OutputTokens    int     // length of an answer; zero: 16
	ErrorRate       float64 // share of calls answered with 500, 0 to 1
	RateLimitRate   float64 // share of calls answered with 429, 0 to 1

	// Concurrency is the simulated upstream's own limit: one call more is
	// answered with 429. Zero means no limit.
	Concurrency int

	// RequestsPerSecond is another one: what is more is answered with 429, which says
	// when to come back. What was not used of one second, and no more, may follow in the
	// next. Zero means no limit.
	RequestsPerSecond float64

	// An outage begins OutageAfter after the start, lasts OutageFor, and comes again
	// every OutageEvery, counted from beginning to beginning; zero OutageEvery means
	// that it comes once, zero OutageFor that there is none. Answers that have begun are
	// finished.
	OutageAfter time.Duration
	OutageFor   time.Duration
	OutageEvery time.Duration
	Outage      Outage // what becomes of calls meanwhile; empty: OutageError

	// Models is what the model list names. Empty means "sim-small" and
	// "sim-large"; any model name is answered all the same.
	Models []string
}

// Outage is what becomes of calls during an outage of a simulated provider.
type Outage string

// The kinds of outage.
const (
	OutageError Outage = "error" // answered at once, with 503
	OutageHang  Outage = "hang"  // never answered, not even when the outage is over
	OutageReset Outage = "reset" // the connection breaks
)

// Outages lists them.
func Outages() []Outage { return []Outage{OutageError, OutageHang, OutageReset} }

// Validate reports every fault at once, joined; a nil receiver is valid.
func (c *SimulationConfig) Validate() error {
	if c == nil {
		return nil
	}
	return errors.Join(
		simulatedDialect(c.Dialect),
		notNegative("simulation.latency", c.Latency),
		notNegative("simulation.latency_p99", c.LatencyP99),
		notNegative("simulation.output_tokens", c.OutputTokens),
		notNegative("simulation.concurrency", c.Concurrency),
		share("simulation.error_rate", c.ErrorRate),
		share("simulation.rate_limit_rate", c.RateLimitRate),
		share("simulation.error_rate and rate_limit_rate together", c.ErrorRate+c.RateLimitRate),
		c.latencyOrder(),
		c.speeds(),
		c.outages(),
	)
}

func simulatedDialect(d Dialect) error {
	switch d {
	case "", DialectOpenAI, DialectAnthropic, DialectGemini:
		return nil
	}
	return fmt.Errorf("simulation.dialect is %q; it may be %q, %q or %q", d, DialectOpenAI, DialectAnthropic, DialectGemini)
}

func (c *SimulationConfig) latencyOrder() error {
	if c.LatencyP99 > 0 && c.LatencyP99 < c.Latency {
		return fmt.Errorf("simulation.latency_p99 (%v) is below latency (%v); raise it", c.LatencyP99, c.Latency)
	}
	return nil
}

func (c *SimulationConfig) speeds() error {
	return errors.Join(speed("simulation.tokens_per_second", c.TokensPerSecond),
		speed("simulation.requests_per_second", c.RequestsPerSecond))
}

func speed(key string, v float64) error {
	if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%s is %v; it is a number above zero, and zero means no limit", key, v)
	}
	return nil
}

func (c *SimulationConfig) outages() error {
	faults := []error{
		notNegative("simulation.outage_after", c.OutageAfter),
		notNegative("simulation.outage_for", c.OutageFor),
		notNegative("simulation.outage_every", c.OutageEvery),
	}
	if c.OutageEvery > 0 && c.OutageEvery <= c.OutageFor {
		faults = append(faults, fmt.Errorf("simulation.outage_every (%v) is not above outage_for (%v); raise it", c.OutageEvery, c.OutageFor))
	}
	if c.Outage != "" && !slices.Contains(Outages(), c.Outage) {
		faults = append(faults, fmt.Errorf("simulation.outage is %q; it may be one of %q", c.Outage, Outages()))
	}
	return errors.Join(faults...)
}

func share(key string, v float64) error {
	if v < 0 || v > 1 || v != v {
		return fmt.Errorf("%s is %v; it is a share from 0 to 1", key, v)
	}
	return nil
}
