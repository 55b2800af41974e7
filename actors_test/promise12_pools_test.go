package actors_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/actors"
	"bifrost/pool"
	"bifrost/schemas"
)

// pooled is the state of the pool of requests.
func pooled(client *bifrost.Client) pool.Stats { return client.Stats().Pools["calls"] }

func TestPooledObjectsExistAfterInitAndSurviveGarbageCollection(t *testing.T) {
	for configured, want := range map[int]int{0: schemas.DefaultInitialPoolSize, 1: 1, 500: 500} {
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			client := startClient(t, newProvider(heldBy(gate)), poolSize(configured), sizes(10, want))
			if s := pooled(client); s != (pool.Stats{Size: want, Retained: want}) {
				t.Errorf("after init: %+v", s)
			}
			runtime.GC()
			runtime.GC()
			callers := crowdOf(t.Context(), client, want)
			synctest.Wait()
			if s := pooled(client); s != (pool.Stats{Size: want, Hits: uint64(want)}) {
				t.Errorf("with %d callers: %+v", want, s)
			}
			close(gate)
			wantTally(t, callers.tally(), map[string]int{"ok": want})
			synctest.Wait()
			if s := pooled(client); s.Retained != want || s.Misses != 0 {
				t.Errorf("at rest: %+v", s)
			}
		})
	}
}

func TestPoolRetainsNoMoreThanItsSizeAndCountsHitsAndMisses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client := startClient(t, newProvider(heldBy(gate)), poolSize(7), sizes(10, 10))
		callers := crowdOf(t.Context(), client, 100)
		synctest.Wait()
		if s := pooled(client); s != (pool.Stats{Size: 7, Hits: 7, Misses: 93}) {
			t.Errorf("during the burst: %+v", s)
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 100})
		synctest.Wait()
		if s := pooled(client); s.Retained != 7 {
			t.Errorf("after the burst: %+v", s)
		}
		wantTally(t, crowdOf(t.Context(), client, 1).tally(), map[string]int{"ok": 1})
		if s := pooled(client); s.Hits != 8 || s.Misses != 93 {
			t.Errorf("after one more: %+v", s)
		}
	})
}

func TestEveryRequestGivesItsObjectBackWhateverBecameOfIt(t *testing.T) {
	long := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		t.Cleanup(cancel)
		return ctx
	}
	boom := panicking("scripted panic")
	cases := map[string]struct {
		script  script
		changes []setting
		limit   time.Duration // of the callers' contexts
	}{
		"answered":       {script: after(time.Second)},
		"waited":         {script: after(time.Second), changes: []setting{queueTimeout(23 * time.Hour)}},
		"wait timed out": {script: after(time.Second), changes: []setting{queueTimeout(1500 * time.Millisecond)}},
		"dropped":        {script: after(time.Second), changes: []setting{dropExcess}},
		"left":           {script: after(time.Second), limit: 1500 * time.Millisecond},
		"panicked":       {script: boom},
		"retried":        {script: inOrder(refusing(schemas.KindUpstream, 500), atOnce), changes: []setting{retries(1, time.Second)}},
		"left a backoff": {script: refusing(schemas.KindUpstream, 500), changes: []setting{retries(1, 23*time.Hour)}, limit: 23*time.Hour + 30*time.Minute},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := startClient(t, newProvider(c.script), append([]setting{poolSize(20), sizes(2, 2)}, c.changes...)...)
				ctx := long(t)
				if c.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				asker := newAsker(t, client)
				for range 5 {
					asker.ask(t, client, &actors.Ask{Context: ctx, Request: request()})
				}
				crowdOf(ctx, client, 10).wait()
				for range 5 {
					<-asker.answers
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if s := pooled(client); s.Retained != 20 {
					t.Errorf("at rest: %+v", s)
				}
			})
		})
	}
}

func TestStreamThatHasEndedGivesItsObjectBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(streaming(3, time.Second)), poolSize(5), sizes(2, 2))
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		if _, err := readAll(stream(ctx, t, client)); err == nil {
			t.Error("no end")
		}
		asker := newAsker(t, client)
		req := request()
		req.Operation = schemas.OperationChatStream
		asker.ask(t, client, &actors.Ask{Context: ctx, Request: req})
		s := (<-asker.answers).(*schemas.Response).Stream
		for _, err := s.Next(); err == nil; _, err = s.Next() {
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := pooled(client); s.Retained != 5 {
			t.Errorf("at rest: %+v", s)
		}
	})
}

// A provider that answers late, into calls whose callers have gone, while new
// calls reuse the pooled objects: no answer may reach another caller.
func TestLateWorkerNeverWritesIntoARecycledRequest(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 12))
			upTo := func(n int) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(random.IntN(n)) * time.Microsecond
			}
			client := startClient(t, newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
				time.Sleep(upTo(2000)) // whatever becomes of ctx
				return echo(ctx, a)
			}), poolSize(4), sizes(16, 8))
			var wg sync.WaitGroup
			var abandoned, answered int
			for caller := range 40 {
				wg.Go(func() {
					for i := range 60 {
						text := fmt.Sprintf("caller %d, request %d", caller, i)
						ctx, cancel := context.WithTimeout(t.Context(), upTo(2000))
						resp, err := client.ChatCompletionRequest(ctx, saying(text))
						cancel()
						mu.Lock()
						switch {
						case err == nil && resp.Text() == text:
							answered++
						case errors.Is(err, schemas.ErrTimeout):
							abandoned++
						default:
							t.Errorf("seed %d: %s got %v, %v", seed, text, resp, err)
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if abandoned < 100 || answered < 100 {
				t.Errorf("seed %d: %d abandoned, %d answered: the test is too tame", seed, abandoned, answered)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if s := pooled(client); s.Retained != 4 || s.Hits < 1000 {
				t.Errorf("%+v", s)
			}
			atRest(t, client)
		})
	}
}

// The same at the actors' door, where the answer goes by message.
func TestLateWorkerNeverAnswersAnotherActorsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
			return echo(ctx, a)
		}), poolSize(2), sizes(8, 8), maxWaiting(1000))
		for i := range 300 {
			text := fmt.Sprintf("request %d", i)
			req := request()
			req.Chat = saying(text)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
			a := newAsker(t, client)
			a.ask(t, client, &actors.Ask{Context: ctx, Request: req})
			switch m := (<-a.answers).(type) {
			case *schemas.Response:
				if m.Chat.Text() != text {
					t.Errorf("%s got %q", text, m.Chat.Text())
				}
			case *schemas.Error:
				if m.Kind != schemas.KindTimeout {
					t.Errorf("%s got %v", text, m)
				}
			default:
				t.Errorf("%s got %T", text, m)
			}
			cancel()
			if len(a.answers) > 0 {
				t.Errorf("%s got a second answer", text)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		atRest(t, client)
	})
}
