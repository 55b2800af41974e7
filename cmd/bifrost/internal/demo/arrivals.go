package demo

import (
	"context"
	"math/rand/v2"
	"time"
)

// lateness is how far the arrivals may be behind the clock: on a machine that is too slow
// what is more is forgotten, rather than sent in one burst.
const lateness = time.Second

// arrivals are the times of a Poisson process. Since it has no memory, a new rate counts
// from the moment of the change.
type arrivals struct {
	random *rand.Rand
	due    time.Time // of the last one; zero: count from now
}

// next waits for the next arrival and reports whether it has come: else ctx has ended, or
// the rate has changed. A rate of zero has no arrivals.
func (a *arrivals) next(ctx context.Context, perSecond float64, changed <-chan struct{}) bool {
	var timer <-chan time.Time // nil: never
	due := a.due
	if perSecond > 0 {
		now := time.Now()
		if due.Before(now.Add(-lateness)) {
			due = now
		}
		due = due.Add(time.Duration(a.random.ExpFloat64() / perSecond * float64(time.Second)))
		t := time.NewTimer(due.Sub(now))
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-changed:
		a.due = time.Time{}
		return false
	case <-timer:
		a.due = due
		return true
	}
}
