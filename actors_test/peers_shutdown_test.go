package actors_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: shutdown.

func TestPeersRow12AShutdownWithTimeServesAllFourThatAreQueued(t *testing.T) {
	for run := range 50 {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(after(time.Second))
			client := startClient(t, p, sizes(1, 4))
			callers := crowdOf(t.Context(), client, 5)
			held(t, client, 1, 4, 0)
			began := time.Now()
			shutdown(t, client)
			if took := time.Since(began); took != 5*time.Second {
				t.Errorf("run %d: shutdown took %v, want the 5s that the work takes", run, took)
			}
			wantTally(t, callers.tally(), map[string]int{"ok": 5})
			atRest(t, client)
		})
	}
}

func TestPeersRow12AHardStopAnswersAllFourAtOnce(t *testing.T) {
	for run := range 50 {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(after(time.Second))
			client := startClient(t, p, sizes(1, 4))
			callers := crowdOf(t.Context(), client, 5)
			held(t, client, 1, 4, 0)
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			began := time.Now()
			checkLeft(t, client.Shutdown(ended), 4, 1)
			if took := time.Since(began); took != 0 {
				t.Errorf("run %d: a hard stop took %v", run, took)
			}
			for _, o := range callers.wait() {
				if verdict(o.err) != "overloaded/draining" || o.took != 0 {
					t.Errorf("run %d: answered with %v after %v", run, o.err, o.took)
				}
			}
			if p.Calls() != 1 || p.Open() != 0 {
				t.Errorf("run %d: the provider saw %d calls, %d are open; want 1, 0", run, p.Calls(), p.Open())
			}
			atRest(t, client)
		})
	}
}

func TestPeersRow12AShutdownReturnsWhenItsContextEnds(t *testing.T) {
	for run := range 50 {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(after(time.Second))
			client := startClient(t, p, sizes(1, 4))
			callers := crowdOf(t.Context(), client, 5)
			held(t, client, 1, 4, 0)
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			defer cancel()
			began := time.Now()
			checkLeft(t, client.Shutdown(ctx), 2, 1)
			if took := time.Since(began); took != 2500*time.Millisecond {
				t.Errorf("run %d: shutdown took %v, want 2.5s", run, took)
			}
			wantTally(t, callers.tally(), map[string]int{"ok": 2, "overloaded/draining": 3})
			atRest(t, client)
		})
	}
}

// checkLeft checks what a shutdown says it left.
func checkLeft(t *testing.T, err error, queued, inHand int) {
	t.Helper()
	var left *bifrost.ShutdownError
	if !errors.As(err, &left) {
		t.Errorf("shutdown returns %v, want a *ShutdownError", err)
		return
	}
	want := bifrost.Left{Provider: providerName, Queued: queued, InHand: inHand}
	if len(left.Left) == 1 {
		want.Cause = left.Left[0].Cause
	}
	if len(left.Left) != 1 || left.Left[0] != want {
		t.Errorf("left %+v, want %+v", left.Left, want)
	}
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say why it was not waited for longer", err)
	}
}

func TestPeersRow13AShutdownReturnsWhenTwentyLiveStreamsHaveEnded(t *testing.T) {
	for name, c := range map[string]struct {
		time, want time.Duration
		end        string
	}{
		"all end in time":       {time.Minute, 10 * time.Second, "ok"},
		"all are cancelled":     {4500 * time.Millisecond, 4500 * time.Millisecond, "overloaded/draining"},
		"cancelled immediately": {0, 0, "overloaded/draining"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider(streaming(10, time.Second))
				client := startClient(t, p, sizes(20, 1))
				var readers sync.WaitGroup
				for range 20 {
					readers.Go(func() {
						stream, err := client.ChatCompletionStreamRequest(t.Context(), chat())
						if err != nil {
							t.Errorf("stream: %v", err)
							return
						}
						var last error
						for _, err := range stream.All() {
							last = err
						}
						if verdict(last) != c.end {
							t.Errorf("a stream ended with %v, want %s", last, c.end)
						}
					})
				}
				held(t, client, 20, 0, 0)
				ctx, cancel := context.WithTimeout(t.Context(), c.time)
				defer cancel()
				began := time.Now()
				err := client.Shutdown(ctx)
				if took := time.Since(began); took != c.want {
					t.Errorf("shutdown took %v, want %v", took, c.want)
				}
				if p.Open() != 0 {
					t.Errorf("%d streams are open after the shutdown", p.Open())
				}
				if c.end == "ok" && err != nil {
					t.Errorf("shutdown: %v", err)
				} else if c.end != "ok" {
					checkLeft(t, err, 0, 20)
				}
				readers.Wait()
				atRest(t, client)
			})
		})
	}
}

func TestPeersRow14NothingStartsAfterAShutdown(t *testing.T) {
	checkGoroutines(t)
	before := runtime.NumGoroutine()
	account := schemas.StaticAccount{providerName: {}, "added": {Config: schemas.ProviderConfig{Type: "simulated"}}}
	p := newProvider(atOnce)
	client := start(t, schemas.BifrostConfig{Account: account}, bifrost.WithProvider(providerName, p))
	if err := client.RemoveProvider(t.Context(), "added"); err != nil {
		t.Fatal(err)
	}
	shutdown(t, client)
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched() // the last goroutines end on their own
	}
	after := runtime.NumGoroutine()
	for range 20 {
		for name, err := range everyDoor(t.Context(), client, providerName) {
			if verdict(err) != "overloaded/draining" || errorOf(t, err).RetryAfter == 0 {
				t.Errorf("%s: answered with %+v", name, err)
			}
		}
		for _, name := range []string{"added", "simulated"} {
			if err := client.UpdateProvider(t.Context(), name); err == nil {
				t.Errorf("update started %s after the shutdown", name)
			}
		}
	}
	if n := runtime.NumGoroutine(); n > after || after > before {
		t.Errorf("%d goroutines before, %d after the shutdown, %d after the requests", before, after, n)
	}
	if p.Calls() != 0 {
		t.Errorf("the provider saw %d calls", p.Calls())
	}
	atRest(t, client)
}

// Senders, a shutdown from several goroutines, and providers that come and go:
// every request is answered, and one that is answered with success was served.
func TestPeersRow17EveryRequestIsAnsweredInAStormOfStartsAndStops(t *testing.T) {
	for run := range 50 {
		t.Run(fmt.Sprint("run ", run), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { startStopSend(t, run) })
		})
	}
}

func startStopSend(t *testing.T, run int) {
	p := newProvider(after(time.Duration(run%5) * time.Millisecond))
	client := startClient(t, p, sizes(2, 2), func(s *setup) { s.bifrost.DropExcessRequests = run%2 == 0 })
	callers := &crowd{}
	asker := newAsker(t, client)
	asked := 0
	var stops sync.WaitGroup
	stop := func(f func(context.Context) error, patience time.Duration) {
		stops.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_ = f(ctx)
		})
	}
	remove := func(ctx context.Context) error { return client.RemoveProvider(ctx, providerName) }
	add := func(ctx context.Context) error { return client.UpdateProvider(ctx, providerName) }
	for i := range 60 {
		callers.join(t.Context(), client, 5)
		asker.ask(t, client, request())
		asked++
		switch i % 6 {
		case 1:
			stop(remove, time.Duration(i%4)*time.Millisecond)
		case 3:
			stop(add, time.Second)
		case 5:
			time.Sleep(time.Millisecond)
		}
		if i == 50 {
			for range 3 {
				stop(client.Shutdown, time.Duration(run%3)*time.Millisecond)
			}
		}
	}
	stops.Wait()
	told := callers.tally()
	for k := range told {
		switch k {
		case "ok", "overloaded/queue_full", "overloaded/draining", "not_found/not_found":
		default:
			t.Errorf("%d answers are %s", told[k], k)
		}
	}
	time.Sleep(time.Minute) // past the deadline of an ask by PID
	synctest.Wait()
	// The PIDs of a client that has shut down are no longer in the engine, which
	// answers for them.
	if n := len(asker.answers); n != asked {
		t.Errorf("%d answers to %d asks by PID", n, asked)
	}
	atRest(t, client)
}
