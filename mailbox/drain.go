package mailbox

import (
	"math"
	"math/rand/v2"
	"time"
)

const (
	minSample     = 100 * time.Millisecond // a shorter backlog says nothing about the rate
	minRetryAfter = 1
	maxRetryAfter = 59 // seconds; some clients sleep longer values as told, others ignore them
)

// drainRate measures how fast a backlog drains: entries finished per second
// while at least one was queued. Time without a queue says nothing about how
// long a queue takes, so it is not counted. Guarded by the mailbox's lock.
type drainRate struct {
	since    time.Time // zero: nothing is queued
	finished uint64    // at since
	last     float64   // per second, of the last backlog long enough; 0: unknown
}

// joined notes that an entry was queued, and returns the time.
func (d *drainRate) joined(queued int, finished uint64) time.Time {
	now := time.Now()
	if queued == 1 {
		d.since, d.finished = now, finished
	}
	return now
}

// left notes that queued entries remain. The end of a backlog fixes its rate.
func (d *drainRate) left(queued int, finished uint64) {
	if queued == 0 && !d.since.IsZero() {
		d.rate(time.Now(), finished)
		d.since = time.Time{}
	}
}

// rate returns entries per second, 0 if unknown, and remembers it.
func (d *drainRate) rate(now time.Time, finished uint64) float64 {
	if d.since.IsZero() {
		return d.last
	}
	span := now.Sub(d.since)
	if span < minSample || finished == d.finished {
		return d.last
	}
	d.last = float64(finished-d.finished) / span.Seconds()
	return d.last
}

// retryAfter estimates when one more request would find a place: (queued+1)
// over the drain rate, with up to 20 % of jitter, as a whole number of seconds
// from 1 to 59; 1 while no rate is known.
func (d *drainRate) retryAfter(now time.Time, queued int, finished uint64) time.Duration {
	rate := d.rate(now, finished)
	if rate <= 0 {
		return minRetryAfter * time.Second
	}
	s := math.Ceil(float64(queued+1) / rate * (1 + 0.2*rand.Float64()))
	return time.Duration(min(max(s, minRetryAfter), maxRetryAfter)) * time.Second
}
