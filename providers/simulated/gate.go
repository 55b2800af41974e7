package simulated

import (
	"net/http"
	"sync"
	"time"
)

// Stats counts an Upstream's calls. At every moment
//
//	Calls = Active + Succeeded + Limited + RateLimited + Failed + Rejected + Canceled
type Stats struct {
	Calls       uint64 // arrived, whatever became of them
	Active      int    // being answered now, open streams included
	Peak        int    // the highest Active ever
	OpenStreams int    // the part of Active whose stream has begun

	Succeeded   uint64
	Limited     uint64 // refused by the concurrency limit
	RateLimited uint64 // answered with 429, drawn, asked for, or beyond RequestsPerSecond
	Failed      uint64 // any other error or a broken stream, drawn or asked for
	Rejected    uint64 // bad requests: 400, 404, 405, 413
	Canceled    uint64 // the context ended, or the stream was closed before its end
}

// outcome is how an admitted call ended.
type outcome int

const (
	succeeded outcome = iota
	rateLimited
	failed
	rejected
	canceled
)

func outcomeOf(status int) outcome {
	switch {
	case status == http.StatusTooManyRequests:
		return rateLimited
	case status >= http.StatusBadRequest:
		return failed
	}
	return succeeded
}

// ticket is what an admitted call was dealt on arrival.
type ticket struct {
	number    uint64 // 1 for the first call, refused ones included
	remaining int    // places left under the limit
	fate      fate
	latency   time.Duration

	retryAfter time.Duration // above 0: it is one too many for this second
}

// gate admits calls, deals their fate and counts them. One lock guards all of
// it, so that the limit and a snapshot are exact.
type gate struct {
	limit int // 0: none; constant

	mu    sync.Mutex
	draws draws
	pace  pace
	stats Stats
}

// enter counts a call and admits it, unless the limit is reached. Who was
// admitted leaves exactly once. What comes during an outage is not counted against the
// requests per second.
func (g *gate) enter(out bool) (ticket, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := &g.stats
	s.Calls++
	t := ticket{number: s.Calls}
	if g.limit > 0 && s.Active >= g.limit {
		s.Limited++
		return t, false
	}
	s.Active++
	s.Peak = max(s.Peak, s.Active)
	t.remaining = max(g.limit-s.Active, 0)
	if !out && g.pace.limited() {
		t.retryAfter = g.pace.take(time.Now())
	}
	t.fate, t.latency = g.draws.next()
	return t, true
}

func (g *gate) openStream() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.OpenStreams++
}

func (g *gate) leave(end outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leaveLocked(end)
}

func (g *gate) closeStream(end outcome) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.OpenStreams--
	g.leaveLocked(end)
}

func (g *gate) leaveLocked(end outcome) {
	s := &g.stats
	s.Active--
	switch end {
	case succeeded:
		s.Succeeded++
	case rateLimited:
		s.RateLimited++
	case failed:
		s.Failed++
	case rejected:
		s.Rejected++
	case canceled:
		s.Canceled++
	}
}

func (g *gate) snapshot() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stats
}
