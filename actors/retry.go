package actors

import (
	"context"
	"math/rand/v2"
	"time"

	"bifrost/schemas"
)

// maxHonouredRetryAfter is the longest delay a provider can ask for that is
// waited out; beyond it the caller is told instead.
const maxHonouredRetryAfter = time.Minute

// retryIn decides whether a failed attempt is repeated, and after how long:
// exponential backoff with 20 % of jitter, at least what the provider asked for
// and until a key is there again, and only if it ends within the caller's
// deadline. An attempt that failed for its key is repeated at once if another key
// can serve the model; one whose key was refused, or has spent its quota, only then.
func retryIn(ctx context.Context, s *settings, tries int, req *schemas.Request, err *schemas.Error) (time.Duration, bool) {
	if tries > s.network.MaxRetries || !retryable(err) {
		return 0, false
	}
	now := time.Now()
	asked := err.RetryAfter // by the provider, and until a key is there again
	if aboutKey(err) {
		_, resting := s.keys.pick(req.Model, now)
		if resting == nil && len(s.keys.keys) > 0 {
			return 0, true
		}
		if err.Kind == schemas.KindUnauthorized || err.QuotaSpent {
			return 0, false // time does not mend the key
		}
		if resting != nil {
			asked = max(asked, resting.RetryAfter)
		}
	}
	if asked > maxHonouredRetryAfter {
		return 0, false
	}
	delay := max(backoff(s.network, tries), asked)
	if deadline, ok := ctx.Deadline(); ok && now.Add(delay).After(deadline) {
		return 0, false
	}
	return delay, true
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
