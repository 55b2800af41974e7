package simulated

import (
	"math"
	"math/rand/v2"
	"time"

	"bifrost/schemas"
)

// fate is what chance decides about a call.
type fate int

const (
	fateAnswer fate = iota
	fateError
	fateRateLimit
)

// normalP99 is the 99th percentile of the standard normal distribution.
const normalP99 = 2.3263478740408408

// draws deals fates and latencies. The two come from sources of their own, so
// that a change of latency leaves it to the same calls to fail. It is not safe
// for concurrent use; the gate's lock guards it.
type draws struct {
	errorRate, limitRate float64
	median, p99          time.Duration
	fates, latencies     *rand.Rand
}

func newDraws(cfg schemas.SimulationConfig) draws {
	return draws{
		errorRate: cfg.ErrorRate, limitRate: cfg.RateLimitRate,
		median: cfg.Latency, p99: cfg.LatencyP99,
		fates:     rand.New(rand.NewPCG(cfg.Seed, 1)),
		latencies: rand.New(rand.NewPCG(cfg.Seed, 2)),
	}
}

func (d *draws) next() (fate, time.Duration) {
	return d.fate(), d.latency()
}

func (d *draws) fate() fate {
	if d.errorRate == 0 && d.limitRate == 0 {
		return fateAnswer
	}
	switch x := d.fates.Float64(); {
	case x < d.errorRate:
		return fateError
	case x < d.errorRate+d.limitRate:
		return fateRateLimit
	}
	return fateAnswer
}

// latency is log-normal. Around a median of zero no such curve exists: there it
// is zero for half of the calls and half-normal for the others.
func (d *draws) latency() time.Duration {
	if d.p99 == 0 {
		return d.median
	}
	x := d.latencies.NormFloat64() / normalP99
	var ns float64
	if d.median == 0 {
		ns = float64(d.p99) * max(x, 0)
	} else {
		ns = float64(d.median) * math.Pow(float64(d.p99)/float64(d.median), x)
	}
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}
