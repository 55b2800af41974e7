package simulated_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// took runs f in virtual time.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestLatencyHasTheConfiguredMedianAndP99(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{Seed: 7, Latency: 100 * time.Millisecond, LatencyP99: time.Second})
		const n = 10_000
		list := make([]float64, n)
		for i := range list {
			list[i] = took(func() { do(t, u, chatCall(hello, "")) }).Seconds()
		}
		slices.Sort(list)
		near(t, "median", list[n/2], 0.1, 0.03)
		near(t, "p99", list[n*99/100], 1, 0.1)
		// Log-normal: the first percentile mirrors the 99th.
		near(t, "p1", list[n/100], 0.01, 0.1)
	})
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > want*tolerance {
		t.Errorf("%s %v, want %v within %v%%", what, got, want, tolerance*100)
	}
}

func TestLatencyWithoutP99IsExactAndZeroMedianIsHalfImmediate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{Latency: 70 * time.Millisecond})
		for range 20 {
			if d := took(func() { do(t, u, chatCall(hello, "")) }); d != 70*time.Millisecond {
				t.Fatalf("took %v", d)
			}
		}
		u = simulated.New(schemas.SimulationConfig{LatencyP99: time.Second})
		const n = 5000
		list := make([]float64, n)
		for i := range list {
			list[i] = took(func() { do(t, u, chatCall(hello, "")) }).Seconds()
		}
		slices.Sort(list)
		if list[n*48/100] != 0 || list[n*52/100] == 0 {
			t.Errorf("median %v to %v", list[n*48/100], list[n*52/100])
		}
		near(t, "p99", list[n*99/100], 1, 0.1)
	})
}

func TestFatesHaveTheConfiguredSharesAndKeepTheSum(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{Seed: 3, ErrorRate: 0.2, RateLimitRate: 0.1})
	const n = 8000
	byStatus := map[int]int{}
	for range n {
		a := do(t, u, chatCall(hello, ""))
		byStatus[a.status]++
		if a.status == 429 && (a.header.Get("Retry-After") != "1" || errorOf(t, a).Code != "rate_limit_exceeded") {
			t.Fatalf("429: %+v", a)
		}
		if a.status == 500 && errorOf(t, a).Type != "server_error" {
			t.Fatalf("500: %+v", a)
		}
	}
	near(t, "500", float64(byStatus[500])/n, 0.2, 0.05)
	near(t, "429", float64(byStatus[429])/n, 0.1, 0.08)
	s := checkIdle(t, u)
	if s.Failed != uint64(byStatus[500]) || s.RateLimited != uint64(byStatus[429]) || s.Succeeded != uint64(byStatus[200]) {
		t.Errorf("%+v, seen %v", s, byStatus)
	}
}

func TestSameSeedAndOrderGiveTheSameBehaviour(t *testing.T) {
	run := func(cfg schemas.SimulationConfig) (fates, latencies string) {
		synctest.Test(t, func(t *testing.T) {
			u := simulated.New(cfg)
			for range 200 {
				d := took(func() { fates += fmt.Sprint(do(t, u, chatCall(hello, "")).status, " ") })
				latencies += fmt.Sprint(d, " ")
			}
		})
		return fates, latencies
	}
	cfg := schemas.SimulationConfig{Seed: 11, Latency: time.Second, LatencyP99: 3 * time.Second, ErrorRate: 0.3, RateLimitRate: 0.2}
	f1, l1 := run(cfg)
	f2, l2 := run(cfg)
	if f1 != f2 || l1 != l2 {
		t.Error("two runs differ")
	}
	slow := cfg
	slow.LatencyP99 = 9 * time.Second
	f3, l3 := run(slow)
	if f3 != f1 || l3 == l1 {
		t.Error("a change of latency must change the latencies, and not who fails")
	}
	cfg.Seed = 12
	if f4, _ := run(cfg); f4 == f1 {
		t.Error("another seed failed the same calls")
	}
	calm := schemas.SimulationConfig{Seed: 1, Latency: time.Second, LatencyP99: 3 * time.Second}
	_, l5 := run(calm)
	calm.Seed = 2
	if _, l6 := run(calm); l5 == l6 {
		t.Error("another seed gave the same latencies")
	}
}

func TestStreamKeepsItsTokenRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{Latency: 300 * time.Millisecond, TokensPerSecond: 8, OutputTokens: 16})
		start := time.Now()
		resp := open(t, u, chatCall(helloStream, ""))
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("headers after %v", d)
		}
		start = time.Now()
		buffer := make([]byte, 4096)
		for i := 0; ; i++ {
			n, err := resp.Body.Read(buffer)
			if err == io.EOF {
				break
			}
			if err != nil || !strings.HasSuffix(string(buffer[:n]), "\n\n") {
				t.Fatalf("read %q, %v", buffer[:n], err)
			}
			want := time.Duration(min(i, 16)) * 125 * time.Millisecond // event 0 is the role
			if d := time.Since(start); d != want {
				t.Errorf("event %d after %v, want %v", i, d, want)
			}
		}
		checkIdle(t, u)
	})
}

func TestSlowReaderFindsTheTokensThatAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{TokensPerSecond: 4})
		resp := open(t, u, chatCall(helloStream, ""))
		time.Sleep(time.Hour) // virtual
		if d := took(func() { _, _ = io.ReadAll(resp.Body) }); d != 0 {
			t.Errorf("took %v", d)
		}
	})
}

func TestZeroLatencyAndRateTakeNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{})
		d := took(func() {
			do(t, u, chatCall(hello, ""))
			do(t, u, chatCall(helloStream, ""))
		})
		if d != 0 {
			t.Errorf("took %v", d)
		}
	})
}

func TestEndedContextGivesATypedErrorAndFreesThePlaceAtOnce(t *testing.T) {
	own := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining}
	cases := map[string]struct {
		end       func(context.Context) (context.Context, context.CancelFunc)
		kind, err error
	}{
		"deadline": {func(c context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(c, time.Second)
		}, schemas.ErrTimeout, context.DeadlineExceeded},
		"cancel": {cancelAfter(nil), schemas.ErrCanceled, context.Canceled},
		"cause":  {cancelAfter(io.ErrClosedPipe), schemas.ErrCanceled, io.ErrClosedPipe},
		"ours":   {cancelAfter(own), own, own},
	}
	for name, c := range cases {
		for _, request := range []string{"latency=1h", "stall", "stall=2"} {
			t.Run(name+" "+request, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					u := simulated.New(schemas.SimulationConfig{Concurrency: 1})
					ctx, cancel := c.end(t.Context())
					defer cancel()
					var err error
					d := took(func() {
						resp, e := u.Do(ctx, chatCall(helloStream, request))
						if err = e; e == nil {
							_, err = io.ReadAll(resp.Body)
						}
					})
					typed, ok := err.(*schemas.Error)
					if d != time.Second || !ok || !errors.Is(err, c.err) || !typed.Is(c.kind) {
						t.Errorf("after %v: %v", d, err)
					}
					if s := checkIdle(t, u); s.Canceled != 1 {
						t.Errorf("%+v", s)
					}
				})
			})
		}
	}
}

// cancelAfter returns contexts that are cancelled after one second.
func cancelAfter(cause error) func(context.Context) (context.Context, context.CancelFunc) {
	return func(parent context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(parent)
		timer := time.AfterFunc(time.Second, func() { cancel(cause) })
		return ctx, func() { timer.Stop(); cancel(nil) }
	}
}

func TestCallWithAnEndedContextNeverArrives(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := u.Do(ctx, chatCall(hello, ""))
	var typed *schemas.Error
	if !errors.As(err, &typed) || typed.Kind != schemas.KindCanceled || typed.MayHaveStarted {
		t.Errorf("%#v", err)
	}
	if s := checkIdle(t, u); s.Calls != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCloseFromElsewhereWakesAReaderAndFreesThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{TokensPerSecond: 0.001})
		resp := open(t, u, chatCall(helloStream, ""))
		result := make(chan error)
		go func() { // ends when the body is closed
			_, err := io.ReadAll(resp.Body)
			result <- err
		}()
		synctest.Wait()
		if s := u.Stats(); s.OpenStreams != 1 || s.Active != 1 {
			t.Errorf("%+v", s)
		}
		for range 3 {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
			checkIdle(t, u)
		}
		if err := <-result; !errors.Is(err, schemas.ErrCanceled) {
			t.Errorf("reader saw %v", err)
		}
		if s := checkIdle(t, u); s.Canceled != 1 {
			t.Errorf("%+v", s)
		}
	})
}
