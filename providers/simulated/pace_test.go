package simulated_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/providers/simulated"
	"bifrost/schemas"

	"pgregory.net/rapid"
)

func TestRequestsBeyondThoseOfASecondAreAnsweredWith429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{RequestsPerSecond: 10})
		for second := range 5 {
			served := 0
			for range 20 {
				if a := do(t, u, chatCall(hello, "")); a.status == 200 {
					served++
				} else if e := errorOf(t, a); a.status != 429 || e.Code != "rate_limit_exceeded" || a.header.Get("Retry-After") != "1" {
					t.Errorf("%d %v %+v", a.status, a.header, e)
				}
			}
			if served != 10 {
				t.Errorf("second %d: %d were served, want 10", second, served)
			}
			time.Sleep(time.Second)
		}
		if s := checkIdle(t, u); s.RateLimited != 50 || s.Succeeded != 50 {
			t.Errorf("%+v", s)
		}
	})
}

func TestASteadyCallerAtTheLimitIsNeverRefused(t *testing.T) {
	for _, perSecond := range []float64{0.3, 1, 3, 7, 40} {
		synctest.Test(t, func(t *testing.T) {
			u := simulated.New(schemas.SimulationConfig{RequestsPerSecond: perSecond})
			for i := range 200 {
				if a := do(t, u, chatCall(hello, "")); a.status != 200 {
					t.Fatalf("%v per second: call %d has status %d", perSecond, i, a.status)
				}
				time.Sleep(time.Duration(float64(time.Second)/perSecond) + 1) // no shorter than it is
			}
		})
	}
}

// Who waits as long as Retry-After says is served, and the limit holds over any time.
func TestRetryAfterOfTheLimitPerSecondIsEnough(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		perSecond := rapid.Float64Range(0.1, 30).Draw(rt, "per second")
		pauses := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Second)), 1, 40).Draw(rt, "pauses")
		synctest.Test(t, func(t *testing.T) {
			u := simulated.New(schemas.SimulationConfig{RequestsPerSecond: perSecond})
			start, served := time.Now(), 0.0
			for _, pause := range pauses {
				a := do(t, u, chatCall(hello, ""))
				if a.status == 429 {
					seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
					if err != nil || seconds < 1 {
						t.Fatalf("Retry-After is %q", a.header.Get("Retry-After"))
					}
					time.Sleep(time.Duration(seconds) * time.Second)
					a = do(t, u, chatCall(hello, ""))
				}
				if a.status != 200 {
					t.Fatalf("status %d after the wait", a.status)
				}
				served++
				if most := max(perSecond, 1) + perSecond*time.Since(start).Seconds() + 1e-6; served > most {
					t.Fatalf("%v were served of %v", served, most)
				}
				time.Sleep(time.Duration(pause))
			}
		})
	})
}
