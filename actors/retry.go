package actors

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"bifrost/schemas"
)

// maxHonouredRetryAfter is the longest delay a provider can ask for that is
// waited out; beyond it the caller is told instead.
const maxHonouredRetryAfter = time.Minute

// keysLookedAt is how often a call that waits for a key looks whether one is there
// sooner than was known: after a change of the configuration.
const keysLookedAt = 5 * time.Second

// withoutKey is what becomes of a call that no key can serve now.
func withoutKey(s *settings, c *call, err *schemas.Error) result {
	if !s.waitForKeys || err.Reason != schemas.ReasonKeysResting {
		in, again := retryIn(c.ctx, s, c.tries, c.req, err)
		return result{err: err, retry: again, in: in}
	}
	if endsBefore(c.ctx, time.Now().Add(err.RetryAfter)) {
		return result{err: err}
	}
	c.tries-- // it was none
	return result{err: err, retry: true, waits: true, in: min(max(err.RetryAfter, time.Millisecond), keysLookedAt)}
}

// endsBefore reports whether the caller's deadline is before t.
func endsBefore(ctx context.Context, t time.Time) bool {
	deadline, ok := ctx.Deadline()
	return ok && t.After(deadline)
}

// retryIn decides whether a failed attempt is repeated, and after how long:
// exponential backoff with 20 % of jitter, at least what the provider asked for
// and until a key is there again, and only if it ends within the caller's
// deadline; for longer than the backoff only if no fallback is asked instead. An attempt
// that failed for its key is repeated at once if another key can serve the model; one
// whose key was refused, or has spent its quota, only then.
func retryIn(ctx context.Context, s *settings, tries int, req *schemas.Request, err *schemas.Error) (time.Duration, bool) {
	if tries > s.network.MaxRetries || !retryable(err) {
		return 0, false
	}
	now := time.Now()
	asked, waits := err.RetryAfter, false // by the provider, and until a key is there again
	if aboutKey(err) {
		_, resting := s.keys.pick(req.Model, "", now)
		if resting == nil && len(s.keys.keys) > 0 {
			return 0, true
		}
		if err.Kind == schemas.KindUnauthorized || err.QuotaSpent {
			return 0, false // time does not mend the key
		}
		if resting != nil {
			asked, waits = max(asked, resting.RetryAfter), s.waitForKeys
		}
	}
	if asked > maxHonouredRetryAfter && !waits {
		return 0, false
	}
	pause := backoff(s.network, tries)
	if asked > pause && !waits && fallsBack(ctx, err.Kind) {
		return 0, false // another provider need not be waited for
	}
	delay := max(pause, asked)
	if endsBefore(ctx, now.Add(delay)) {
		return 0, false
	}
	if waits {
		delay = min(delay, keysLookedAt)
	}
	return delay, true
}

type fallbackKey struct{}

// WithFallback returns a context of a request that goes to another provider if this one
// fails with one of the kinds of error: instead of waiting for a key that rests, or for as
// long as the provider asks, which may be a minute. It keeps kinds.
func WithFallback(ctx context.Context, kinds []schemas.ErrorKind) context.Context {
	return context.WithValue(ctx, fallbackKey{}, kinds)
}

func fallsBack(ctx context.Context, kind schemas.ErrorKind) bool {
	kinds, _ := ctx.Value(fallbackKey{}).([]schemas.ErrorKind)
	return slices.Contains(kinds, kind)
}

func retryable(err *schemas.Error) bool {
	return err.Retryable() && (err.Reason == "" || err.Reason == schemas.ReasonKeysResting)
}

func aboutKey(err *schemas.Error) bool {
	return err.Kind == schemas.KindUnauthorized || err.Kind == schemas.KindRateLimited
}

// backoff is the delay after the given number of tries.
func backoff(n schemas.NetworkConfig, tries int) time.Duration {
	d := n.RetryBackoffInitial
	for ; tries > 1 && d < n.RetryBackoffMax; tries-- {
		d *= 2
	}
	d = min(d, n.RetryBackoffMax)
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
