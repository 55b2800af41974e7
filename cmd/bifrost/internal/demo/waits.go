package demo

import (
	"context"
	"math"
	"sync"
	"time"

	"bifrost/schemas"
)

// Waits measures how long requests were queued, or waited for a place in the queue, until
// a worker took them. The zero value is usable. It is safe for concurrent use.
type Waits struct {
	mu      sync.Mutex
	counted [buckets]uint64
	total   uint64
}

// Buckets are 5% wide, from a millisecond to ten minutes: that is what a percentile may
// be off.
const (
	buckets    = 274
	narrowest  = float64(time.Millisecond)
	bucketStep = 1.05
)

// Hook is for bifrost.WithHooks. Requests that no worker took are not counted.
func (w *Waits) Hook() schemas.Hook {
	return schemas.Hook{AfterRequest: func(_ context.Context, call *schemas.HookCall, resp *schemas.Response, _ error) {
		if resp != nil {
			w.note(call.Waited)
		}
	}}
}

func (w *Waits) note(d time.Duration) {
	i := 0
	if d > time.Millisecond {
		i = min(int(math.Ceil(math.Log(float64(d)/narrowest)/math.Log(bucketStep))), buckets-1)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counted[i]++
	w.total++
}

// Percentile returns the time that the given share of the requests, 0 to 1, waited at
// most: zero if that is less than a millisecond, or if there were none.
func (w *Waits) Percentile(share float64) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	below := uint64(math.Ceil(share * float64(w.total)))
	for i, n := range w.counted {
		if n >= below {
			return boundOf(i)
		}
		below -= n
	}
	return 0
}

func boundOf(bucket int) time.Duration {
	if bucket == 0 {
		return 0
	}
	return time.Duration(narrowest * math.Pow(bucketStep, float64(bucket)))
}
