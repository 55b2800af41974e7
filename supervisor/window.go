package supervisor

import "time"

// Policy is when a restart is delayed, and by how much.
type Policy struct {
	Free    int           // failures within Within that are restarted at once
	Within  time.Duration // how long a failure counts
	Initial time.Duration // first delay; doubles
	Max     time.Duration // largest delay, before jitter
	Jitter  float64       // a delay is multiplied by 1-Jitter to 1+Jitter
}

// DefaultPolicy is the policy of this package's documentation.
var DefaultPolicy = Policy{
	Free:    2,
	Within:  10 * time.Second,
	Initial: 100 * time.Millisecond,
	Max:     5 * time.Second,
	Jitter:  0.2,
}

// Window remembers one worker's failures. The zero Window has none. It is not
// safe for concurrent use.
type Window struct {
	recent    []time.Time // failures within Policy.Within, oldest first
	delays    int         // delayed restarts in a row
	restarted time.Time   // when the last delayed restart was due
}

// Failure notes a failure at now and returns how long to wait before the
// restart. random is a number in [0, 1).
func (w *Window) Failure(p Policy, now time.Time, random float64) time.Duration {
	if w.delays > 0 && now.Sub(w.restarted) >= p.Within {
		*w = Window{}
	}
	w.forget(now.Add(-p.Within))
	w.recent = append(w.recent, now)
	if w.delays == 0 && len(w.recent) <= p.Free {
		return 0
	}
	delay := p.delay(w.delays, random)
	w.delays++
	w.restarted = now.Add(delay)
	return delay
}

func (w *Window) forget(before time.Time) {
	for len(w.recent) > 0 && !w.recent[0].After(before) {
		w.recent = w.recent[1:]
	}
}

// delay is Initial doubled step times, at most Max, with jitter.
func (p Policy) delay(step int, random float64) time.Duration {
	d := p.Initial
	for ; step > 0 && d < p.Max; step-- {
		d *= 2
	}
	return time.Duration(float64(min(d, p.Max)) * (1 - p.Jitter + 2*p.Jitter*random))
}
