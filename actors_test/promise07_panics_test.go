package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/schemas"
)

// panicOn panics at every n-th call, and answers the others after d.
func panicOn(n int64, d time.Duration) script {
	var calls atomic.Int64
	return func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if calls.Add(1)%n == 0 {
			panic("scripted panic")
		}
		return after(d)(ctx, a)
	}
}

func TestPanicAnswersThatOneCallerAndNobodyElseNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(panicOn(20, time.Second))
		client := startClient(t, p, sizes(5, 30))
		callers := crowdOf(t.Context(), client, 100)
		wantTally(t, callers.tally(), map[string]int{"ok": 95, "internal": 5})
		for _, o := range callers.outcomes {
			if o.err != nil && (errorOf(t, o.err).Provider != providerName || !errorOf(t, o.err).MayHaveStarted) {
				t.Errorf("%#v", o.err)
			}
		}
		synctest.Wait()
		if s := stats(client); s.Panics != 5 || s.Failed != 5 || s.Workers != 5 || p.Peak() > 5 {
			t.Errorf("peak %d, %+v", p.Peak(), s)
		}
		atRest(t, client)
	})
}

// startTimes asks n times in a row and returns how long after each answer the
// next call reached the provider.
func startTimes(t *testing.T, client *bifrost.Client, n int, arrived *time.Time) []time.Duration {
	t.Helper()
	waits := make([]time.Duration, n)
	for i := range waits {
		asked := time.Now()
		if err := ask(t.Context(), client); !errors.Is(err, schemas.ErrInternal) {
			t.Fatalf("call %d: %v", i, err)
		}
		waits[i] = arrived.Sub(asked)
	}
	return waits
}

func TestWorkerRestartsTwiceAtOnceAndThenWithBackoffThatDoublesToFiveSeconds(t *testing.T) {
	for seed := range 5 { // jitter is random
		synctest.Test(t, func(t *testing.T) {
			var arrived time.Time
			client := startClient(t, newProvider(func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
				arrived = time.Now()
				panic("scripted panic")
			}), sizes(1, 1))
			const ms = time.Millisecond
			for i, got := range startTimes(t, client, 12, &arrived) {
				want := time.Duration(0)
				if i >= 3 {
					want = min(100*ms<<(i-3), 5000*ms)
				}
				if got < want*8/10 || got > want*12/10 {
					t.Errorf("run %d: call %d began after %v, want about %v", seed, i, got, want)
				}
			}
		})
	}
}

func TestPanicsThatAreFarApartNeverDelayARestart(t *testing.T) {
	for _, gap := range []time.Duration{5100 * time.Millisecond, 20 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			client := startClient(t, newProvider(panicking("scripted panic")), sizes(1, 1))
			for range 20 {
				_ = ask(t.Context(), client)
				synctest.Wait()
				if s := stats(client); s.Degraded || s.Restarting != 0 {
					t.Fatalf("panics %v apart: %+v", gap, s)
				}
				time.Sleep(gap)
			}
		})
	}
}

func TestBackoffIsForgottenAfterTenQuietSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived time.Time
		client := startClient(t, newProvider(func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			arrived = time.Now()
			panic("scripted panic")
		}), sizes(1, 1))
		startTimes(t, client, 6, &arrived)
		time.Sleep(20 * time.Second)
		for i, got := range startTimes(t, client, 3, &arrived) {
			if got != 0 {
				t.Errorf("call %d began after %v", i, got)
			}
		}
	})
}

func TestProviderIsDegradedWhileAWorkerIsInBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(panicking(1), panicking(2), panicking(3), after(time.Second)))
		client := startClient(t, p, sizes(1, 2), dropExcess)
		for range 3 {
			if s := stats(client); s.Degraded || s.BackoffWorkers != 0 {
				t.Errorf("too early: %+v", s)
			}
			_ = ask(t.Context(), client)
			synctest.Wait()
		}
		if s := stats(client); !s.Degraded || s.BackoffWorkers != 1 || s.Restarting != 1 || s.Workers != 1 {
			t.Errorf("in backoff: %+v", s)
		}
		queued := crowdOf(t.Context(), client, 2)
		synctest.Wait()
		if letter := deadLetterOf(t, ask(t.Context(), client)); letter.Reason != schemas.ReasonDegraded {
			t.Errorf("a full mailbox without a worker refused as %+v", letter)
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if s := stats(client); s.Degraded || s.BackoffWorkers != 0 || s.Restarting != 0 || s.InHand != 1 {
			t.Errorf("after the backoff: %+v", s)
		}
		wantTally(t, queued.tally(), map[string]int{"ok": 2})
	})
}

func TestSiblingsServeWhileAWorkerIsInBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if broken.Load() {
				panic("scripted panic")
			}
			return after(10*time.Millisecond)(ctx, a)
		})
		client := startClient(t, p, sizes(3, 100))
		for !stats(client).Degraded { // free workers are taken in turn: some is the first
			_ = ask(t.Context(), client)
			synctest.Wait()
		}
		broken.Store(false)
		callers := crowdOf(t.Context(), client, 6)
		wantTally(t, callers.tally(), map[string]int{"ok": 6})
		if s := stats(client); !s.Degraded {
			t.Errorf("the backoff ended before the others were done: %+v", s)
		}
	})
}

func TestPoolIsWholeAgainAfterManyPanicsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if err := pause(ctx, time.Second); err == nil && broken.Load() {
				panic("scripted panic")
			}
			return answer("ok"), nil
		})
		client := startClient(t, p, sizes(50, 50))
		for round := range 6 {
			broken.Store(true)
			wantTally(t, crowdOf(t.Context(), client, 50).tally(), map[string]int{"internal": 50})
			broken.Store(false)
			time.Sleep(10 * time.Second) // longer than any backoff
			healthy := crowdOf(t.Context(), client, 50)
			synctest.Wait()
			if s := stats(client); s.Workers != 50 || s.Restarting != 0 || s.InHand != 50 || s.Degraded {
				t.Errorf("round %d: %+v", round, s)
			}
			wantTally(t, healthy.tally(), map[string]int{"ok": 50})
		}
	})
}

func TestPoolIsWholeAgainAfterWorkersWereStoppedByTheirPID(t *testing.T) {
	stops := map[string]func(*actor.RootContext, *actor.PID){
		"stop":   func(r *actor.RootContext, pid *actor.PID) { r.Stop(pid) },
		"poison": func(r *actor.RootContext, pid *actor.PID) { r.Poison(pid) },
	}
	for name, stop := range stops {
		for _, idle := range []time.Duration{0, time.Minute} { // workers may be warm or cold
			t.Run(fmt.Sprint(name, " after ", idle), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newProvider(after(time.Second))
					client := startClient(t, p, sizes(4, 10))
					for round := range 3 {
						wantTally(t, crowdOf(t.Context(), client, 4).tally(), map[string]int{"ok": 4})
						time.Sleep(idle)
						before := workerPIDs(client)
						if len(before) != 4 {
							t.Fatalf("round %d: %d workers", round, len(before))
						}
						for _, pid := range before {
							stop(client.ActorSystem().Root, pid)
						}
						time.Sleep(10 * time.Second)
						synctest.Wait()
						for _, pid := range workerPIDs(client) {
							for _, old := range before {
								if old.Id == pid.Id {
									t.Errorf("round %d: %s was not stopped", round, pid.Id)
								}
							}
						}
						if s := stats(client); s.Workers != 4 {
							t.Errorf("round %d: %+v", round, s)
						}
					}
					busy := crowdOf(t.Context(), client, 4)
					synctest.Wait()
					if p.Open() != 4 {
						t.Errorf("%d in hand", p.Open())
					}
					wantTally(t, busy.tally(), map[string]int{"ok": 4})
				})
			})
		}
	}
}

func TestWorkerThatIsStoppedByItsPIDWhileBusyFinishesItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(2, 20))
		callers := crowdOf(t.Context(), client, 22)
		synctest.Wait()
		for _, pid := range workerPIDs(client) {
			client.ActorSystem().Root.Stop(pid)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 22})
		time.Sleep(10 * time.Second)
		if s := stats(client); s.Workers != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// No request is lost or refused although workers are stopped under it all the
// time; real time, for real races.
func TestStoppingWorkersUnderTrafficCostsNobodyItsAnswer(t *testing.T) {
	checkGoroutines(t)
	client := startClient(t, newProvider(atOnce), sizes(4, 100))
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	for range rounds {
		for _, pid := range workerPIDs(client) {
			client.ActorSystem().Root.Stop(pid)
		}
		wantTally(t, crowdOf(t.Context(), client, 8).tally(), map[string]int{"ok": 8})
	}
}

func TestPanicMidStreamEndsTheStreamWithAnErrorAndRestartsTheWorker(t *testing.T) {
	for _, door := range []string{"stream", "raw"} {
		t.Run(door, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				up := &source{size: 1, next: func(n int) error {
					if n == 5 {
						panic("scripted panic")
					}
					return nil
				}}
				client := startClient(t, newProvider(from(up)), sizes(1, 1))
				n, err := 0, error(nil)
				if door == "stream" {
					n, err = readAll(stream(t.Context(), t, client))
				} else {
					var text []byte
					text, err = io.ReadAll(rawCall(t.Context(), t, client))
					n = len(text)
				}
				if n != 4 || !errors.Is(err, schemas.ErrInternal) || errors.Is(err, io.EOF) {
					t.Errorf("%d pieces, then %v", n, err)
				}
				if up.closed.Load() == 0 {
					t.Error("the provider's end of the stream was not closed")
				}
				if err := ask(t.Context(), client); err != nil {
					t.Error(err)
				}
				if s := stats(client); s.Panics != 1 || s.Failed != 1 || s.Completed != 1 {
					t.Errorf("%+v", s)
				}
				atRest(t, client)
			})
		})
	}
}

func TestGoexitInAProviderAnswersItsCallerAndCostsNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goexit := func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			runtime.Goexit()
			return nil, nil
		}
		client := startClient(t, newProvider(inOrder(goexit, goexit, atOnce)), sizes(1, 4))
		for i, want := range []error{schemas.ErrInternal, schemas.ErrInternal, nil, nil} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := ask(ctx, client); !errors.Is(err, want) {
				t.Errorf("call %d: %v", i, err)
			}
			cancel()
		}
	})
}

func TestPanicOfACallWhoseCallerHasGoneIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(inOrder(func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(2 * time.Second)
			panic("scripted panic")
		}, atOnce)), sizes(1, 4))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := ask(ctx, client); !errors.Is(err, schemas.ErrTimeout) {
			t.Error(err)
		}
		if err := ask(t.Context(), client); err != nil {
			t.Error(err)
		}
		if s := stats(client); s.Panics != 1 || s.Cancelled != 1 || s.Completed != 1 {
			t.Errorf("%+v", s)
		}
		atRest(t, client)
	})
}

// secretive is an error and a Stringer that tells its secret however it is printed.
type secretive struct{ Secret string }

func (s secretive) Error() string  { return s.Secret }
func (s secretive) String() string { return s.Secret }

func TestWhatAPanicSaysIsNeverPrinted(t *testing.T) {
	const secret = "MARKER-PANIC-5150"
	values := map[string]any{
		"string": secret, "error": errors.New(secret), "wrapped": fmt.Errorf("at %w", errors.New(secret)),
		"stringer": secretive{secret}, "pointer": &secretive{secret}, "bytes": []byte(secret), "map": map[string]string{secret: secret},
		"typed": &schemas.Error{Kind: schemas.KindInternal, Message: secret},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &record{}
				up := &source{size: 1, next: func(n int) error {
					if n == 2 {
						panic(value)
					}
					return nil
				}}
				p := newProvider(inOrder(panicking(value), from(up), panicking(value), atOnce))
				client := startClient(t, p, sizes(1, 1), withOption(bifrost.WithLogger(zerolog.New(seen))))
				seen.events(t, client.ActorSystem())
				seen.note(ask(t.Context(), client))
				_, err := readAll(stream(t.Context(), t, client))
				seen.note(err, ask(t.Context(), client), ask(t.Context(), client), client.Stats())
				synctest.Wait()
				if seen.lacks(t, secret); stats(client).Panics != 3 || len(seen.String()) == 0 {
					t.Errorf("%+v", stats(client))
				}
			})
		})
	}
}
