package simulated

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// pace is the limit of requests per second: a bucket that holds what one second allows,
// and at least one call. It is not safe for concurrent use; the gate's lock guards it.
type pace struct {
	perSecond float64 // 0: no limit
	calls     float64 // may come now
	at        time.Time
}

func newPace(perSecond float64) pace {
	return pace{perSecond: perSecond, calls: max(perSecond, 1)}
}

func (p *pace) limited() bool { return p.perSecond > 0 }

// take takes a call of what may come now; else it returns after what time there is one.
func (p *pace) take(now time.Time) (retryAfter time.Duration) {
	if !p.at.IsZero() {
		p.calls = min(p.calls+p.perSecond*now.Sub(p.at).Seconds(), max(p.perSecond, 1))
	}
	p.at = now
	// What was added in steps is the whole, but for a rounding error.
	if p.calls >= 1-1e-9 {
		p.calls--
		return 0
	}
	wait := (1 - p.calls) / p.perSecond * float64(time.Second)
	return time.Duration(min(max(wait, 1), math.MaxInt64/2))
}

// paceRefusal tells the wait in whole seconds, rounded up.
func paceRefusal(wait time.Duration) *refusal {
	seconds := int64((wait + time.Second - 1) / time.Second)
	return &refusal{status: http.StatusTooManyRequests, code: rateRefusal.code, retryAfter: strconv.FormatInt(seconds, 10),
		message: "too many requests per second for this simulated provider; retry after the time of Retry-After"}
}
