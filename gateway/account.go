package gateway

import (
	"container/list"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"bifrost/schemas"
)

// Codes of a client's own limits.
const (
	codeRateLimited   = "client_rate_limited"
	codeTokensLimited = "client_tokens_limited"
	codeInFlight      = "client_in_flight"
)

// account is what a client has used of its limits. Its lock is held for a few
// instructions only.
type account struct {
	mu          sync.Mutex
	requests    bucket
	tokens      bucket
	maxInFlight int // 0: no limit
	inFlight    int
	arrivals    list.List // of chan struct{}: who waits for one that is just ending
	sent        uint64
	used        uint64
	refused     map[string]uint64
}

// configure sets the limits; what was used stays used.
func (a *account) configure(c Client, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests.limit(c.RequestsPerMinute, now)
	a.tokens.limit(c.TokensPerMinute, now)
	a.maxInFlight = c.MaxInFlight
}

// endingGrace is how long a request waits for one that is just ending: a client has the
// last byte of an answer a moment before the answer has ended here.
const endingGrace = 25 * time.Millisecond

// enter begins a request, which leave ends, unless it is refused: it would not be sent
// on after it has been read. It blocks for endingGrace at most, and no longer than ctx.
func (a *account) enter(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.overLocked(time.Now()); err != nil {
		return err
	}
	if a.maxInFlight == 0 || a.inFlight < a.maxInFlight {
		a.inFlight++
		return nil
	}
	turn := make(chan struct{})
	place := a.arrivals.PushBack(turn)
	a.mu.Unlock()
	timer := time.NewTimer(endingGrace)
	defer timer.Stop()
	select {
	case <-turn:
	case <-ctx.Done():
	case <-timer.C:
	}
	a.mu.Lock()
	select {
	case <-turn: // it has the place of one that has ended
		return nil
	default:
	}
	a.arrivals.Remove(place)
	return a.refuseLocked(codeInFlight, time.Second,
		fmt.Sprintf("this client has %d requests under way, and may have %d; wait for one of them to end", a.inFlight, a.maxInFlight))
}

// leave ends a request, whose place the next one has that waits for it.
func (a *account) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if next := a.arrivals.Front(); next != nil && (a.maxInFlight == 0 || a.inFlight <= a.maxInFlight) {
		close(a.arrivals.Remove(next).(chan struct{}))
		return
	}
	a.inFlight--
}

// take takes a request from the limit.
func (a *account) take(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.overLocked(now); err != nil {
		return err
	}
	a.requests.take(1)
	a.sent++
	return nil
}

// giveBack undoes take, for a request that has reached no provider.
func (a *account) giveBack(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests.fill(now)
	a.requests.giveBack(1)
	a.sent--
}

// charge takes the tokens of an answer, which are not refused any more.
func (a *account) charge(tokens int, now time.Time) {
	if tokens <= 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used += uint64(tokens)
	a.tokens.fill(now)
	a.tokens.take(float64(tokens))
}

// overLocked refuses while the limits in time are reached.
func (a *account) overLocked(now time.Time) error {
	a.requests.fill(now)
	a.tokens.fill(now)
	if wait := a.tokens.wait(0); wait > 0 {
		return a.refuseLocked(codeTokensLimited, wait,
			fmt.Sprintf("this client has used its %d tokens per minute; wait, or ask for less", a.tokens.perMinute))
	}
	if wait := a.requests.wait(1); wait > 0 {
		return a.refuseLocked(codeRateLimited, wait,
			fmt.Sprintf("this client has made its %d requests per minute; wait", a.requests.perMinute))
	}
	return nil
}

func (a *account) refuseLocked(code string, wait time.Duration, message string) error {
	a.countLocked(code)
	return &refusal{code: code, err: &schemas.Error{Kind: schemas.KindRateLimited, Message: message, RetryAfter: max(wait, time.Second)}}
}

// forbid counts a request for what the client may not use.
func (a *account) forbid() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.countLocked(string(schemas.ReasonNotPermitted))
}

func (a *account) countLocked(code string) {
	if a.refused == nil {
		a.refused = map[string]uint64{}
	}
	a.refused[code]++
}

func (a *account) stats(name string) ClientStats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return ClientStats{Name: name, InFlight: a.inFlight, Requests: a.sent, Tokens: a.used, Refused: maps.Clone(a.refused)}
}

// bucket holds what may be used now: a minute's worth at most, and it fills evenly. It
// may be overdrawn.
type bucket struct {
	perMinute int // 0: no limit
	level     float64
	at        time.Time // of level
}

// almost is what is lost by counting in floating point, at most.
const almost = 1e-6

// limit changes what it holds; what was taken stays taken.
func (b *bucket) limit(perMinute int, now time.Time) {
	perMinute = max(perMinute, 0)
	if perMinute == b.perMinute {
		return
	}
	b.fill(now)
	b.level += float64(perMinute - b.perMinute)
	if b.perMinute == 0 || perMinute == 0 { // there was nothing to take from
		b.level = float64(perMinute)
	}
	b.perMinute, b.at = perMinute, now
}

// fill adds what has come since the last time.
func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.level = min(b.level+passed.Minutes()*float64(b.perMinute), float64(b.perMinute))
		b.at = now
	}
}

// wait returns how long it takes until it has n; 0 if it has, or has no limit.
func (b *bucket) wait(n float64) time.Duration {
	lacking := n - b.level
	if b.perMinute == 0 || lacking <= almost {
		return 0
	}
	return time.Duration(min(lacking/float64(b.perMinute), 1e6) * float64(time.Minute))
}

func (b *bucket) take(n float64) {
	if b.perMinute > 0 {
		b.level -= n
	}
}

func (b *bucket) giveBack(n float64) {
	if b.perMinute > 0 {
		b.level = min(b.level+n, float64(b.perMinute))
	}
}
