package simulated_test

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/providers/simulated"
	"bifrost/schemas"

	"pgregory.net/rapid"
)

func TestLimitAdmitsExactlyThatManyAndRefusesTheRest(t *testing.T) {
	for _, body := range []string{hello, helloStream} {
		synctest.Test(t, func(t *testing.T) {
			u := simulated.New(schemas.SimulationConfig{Concurrency: 10, Latency: time.Second, TokensPerSecond: 16})
			statuses := make(chan int, 50)
			for range 50 {
				go func() { // ends with its answer
					a := do(t, u, chatCall(body, ""))
					if a.status == 429 && (errorOf(t, a).Code != "concurrency_limit" || a.header.Get("Retry-After") != "1") {
						t.Errorf("429: %+v", a)
					}
					statuses <- a.status
				}()
			}
			synctest.Wait()
			if s := u.Stats(); s.Active != 10 || s.Peak != 10 || s.Limited != 40 {
				t.Errorf("%+v", s)
			}
			count := map[int]int{}
			for range 50 {
				count[<-statuses]++
			}
			if count[200] != 10 || count[429] != 40 {
				t.Errorf("%v", count)
			}
			if s := checkIdle(t, u); s.Peak != 10 || s.Succeeded != 10 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestWhoSeesTheEndMayCallAgainWithoutMeetingTheLimit(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{Concurrency: 1})
	buffer := make([]byte, 4096)
	for range 20 {
		resp := open(t, u, chatCall(helloStream, ""))
		for {
			n, err := resp.Body.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			if string(buffer[:n]) == "data: [DONE]\n\n" {
				break
			}
			if a := do(t, u, chatCall(hello, "")); a.status != 429 {
				t.Fatalf("status %d while a stream is open", a.status)
			}
		}
		if a := do(t, u, chatCall(hello, "")); a.status != 200 {
			t.Fatalf("status %d after the end mark", a.status)
		}
	}
	checkIdle(t, u)
}

func TestEveryReplyHasARequestIDAndLimitHeadersIfThereIsALimit(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{Concurrency: 3})
	seen := map[string]bool{}
	for _, request := range []string{"", "status=503", "bad", "html"} {
		h := do(t, u, chatCall(hello, request)).header
		id := h.Get("X-Request-Id")
		if id == "" || seen[id] {
			t.Errorf("request id %q", id)
		}
		seen[id] = true
		if h.Get("X-Ratelimit-Limit-Requests") != "3" || h.Get("X-Ratelimit-Remaining-Requests") != "2" {
			t.Errorf("%v", h)
		}
	}
	free := simulated.New(schemas.SimulationConfig{})
	if h := do(t, free, chatCall(hello, "")).header; h.Get("X-Request-Id") == "" || h.Get("X-Ratelimit-Limit-Requests") != "" {
		t.Errorf("%v", h)
	}
}

// The storm runs every kind of call and end at once; at every moment the limit
// and the sum hold, and nothing is left at rest.
func TestStormKeepsLimitAndSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{Seed: 5, Concurrency: 7, Latency: time.Millisecond,
			LatencyP99: 20 * time.Millisecond, TokensPerSecond: 1000, ErrorRate: 0.1, RateLimitRate: 0.1})
		requests := []string{"", "", "", "status=503", "stall", "stall=3", "cut=2", "reset", "reset=1", "stream-error=2", "html", "no"}
		var callers sync.WaitGroup
		for i := range 40 {
			callers.Go(func() {
				r := rand.New(rand.NewPCG(1, uint64(i)))
				for range 50 {
					storm(t, u, requests[r.IntN(len(requests))], time.Duration(r.IntN(60))*time.Millisecond, r.IntN(2) == 0)
				}
			})
		}
		callers.Wait()
		if s := checkIdle(t, u); s.Calls == 0 || s.Peak != 7 || s.Limited == 0 || s.Canceled == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func storm(t *testing.T, u *simulated.Upstream, request string, patience time.Duration, read bool) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	resp, err := u.Do(ctx, chatCall(helloStream, request))
	if err == nil {
		if read {
			_, _ = io.Copy(io.Discard, resp.Body)
		}
		resp.Body.Close()
	} else if _, typed := err.(*schemas.Error); !typed {
		t.Errorf("untyped error %v", err)
	}
	s := u.Stats()
	checkSum(t, s)
	if s.Active > 7 || s.Peak > 7 {
		t.Errorf("over the limit: %+v", s)
	}
	time.Sleep(time.Millisecond) // virtual
}

// A model of the gate: random opens, reads, and closes of streams against a plain count.
func TestGateMatchesAPlainCount(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		limit := rapid.IntRange(0, 4).Draw(rt, "limit")
		u := simulated.New(schemas.SimulationConfig{Concurrency: limit, OutputTokens: 2})
		var running []io.ReadCloser
		peak := 0
		rt.Repeat(map[string]func(*rapid.T){
			"open": func(rt *rapid.T) {
				resp := open(t, u, chatCall(helloStream, ""))
				if full := limit > 0 && len(running) >= limit; full != (resp.StatusCode == 429) {
					rt.Fatalf("%d open of %d: status %d", len(running), limit, resp.StatusCode)
				}
				if resp.StatusCode == 200 {
					running = append(running, resp.Body)
					peak = max(peak, len(running))
				}
			},
			"finish": func(rt *rapid.T) {
				if len(running) == 0 {
					rt.Skip("none")
				}
				i := rapid.IntRange(0, len(running)-1).Draw(rt, "which")
				if rapid.Bool().Draw(rt, "read") {
					_, _ = io.ReadAll(running[i])
				}
				running[i].Close()
				running = append(running[:i], running[i+1:]...)
			},
			"": func(rt *rapid.T) {
				s := u.Stats()
				checkSum(t, s)
				if s.Active != len(running) || s.OpenStreams != len(running) || s.Peak != peak {
					rt.Fatalf("%+v, want %d active, peak %d", s, len(running), peak)
				}
			},
		})
	})
}
