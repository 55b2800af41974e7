package actors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/schemas"
)

// draining is what a shutdown answers with.
const draining = "overloaded/draining"

// leftOf returns what a shutdown reports for the scripted provider.
func leftOf(t testing.TB, err error) bifrost.Left {
	t.Helper()
	var report *bifrost.ShutdownError
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say why the shutdown ended early", err)
	}
	if !errors.As(err, &report) || len(report.Left) != 1 || report.Left[0].Provider != providerName {
		t.Fatalf("shutdown returned %v", err)
	}
	return report.Left[0]
}

func TestShutdownWithTimeServesAllThatIsAcceptedAndRefusesWaitersAtOnce(t *testing.T) {
	for range 10 { // the same on every run
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(after(time.Second))
			client := startClient(t, p, sizes(1, 4))
			accepted := crowdOf(t.Context(), client, 5)
			synctest.Wait()
			waiters := crowdOf(t.Context(), client, 3)
			synctest.Wait()
			began := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- client.Shutdown(context.Background()) }()
			wantTally(t, waiters.tally(), map[string]int{draining: 3})
			if time.Since(began) != 0 {
				t.Errorf("waiters were refused after %v", time.Since(began))
			}
			wantTally(t, crowdOf(t.Context(), client, 2).tally(), map[string]int{draining: 2})
			wantTally(t, accepted.tally(), map[string]int{"ok": 5})
			if err := <-ended; err != nil || time.Since(began) != 5*time.Second {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			if s := stats(client); s.Completed != 5 || s.Refused[schemas.ReasonDraining] != 5 || s.Workers != 0 {
				t.Errorf("%+v", s)
			}
			atRest(t, client)
		})
	}
}

func TestShutdownWithAnEndedContextAnswersEverythingAtOnceAndSaysWhatWasLeft(t *testing.T) {
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(after(time.Hour))
			client := startClient(t, p, sizes(2, 4))
			callers := crowdOf(t.Context(), client, 9)
			synctest.Wait()
			began := time.Now()
			err := client.Shutdown(endedContext())
			if left := leftOf(t, err); left.InHand != 2 || left.Queued != 4 || left.BackingOff != 0 || left.Stuck != 0 {
				t.Errorf("left %+v", left)
			}
			if text := err.Error(); !strings.Contains(text, providerName) || !strings.Contains(text, "4 queued") {
				t.Errorf("the report says %q", text)
			}
			if time.Since(began) != 0 {
				t.Errorf("it took %v", time.Since(began))
			}
			wantTally(t, callers.tally(), map[string]int{draining: 9})
			started := 0
			for _, o := range callers.outcomes {
				if errorOf(t, o.err).MayHaveStarted {
					started++
				}
			}
			if s := stats(client); started != 2 || s.DeadLettered != 4 || s.Cancelled != 2 || s.Refused[schemas.ReasonDraining] != 3 {
				t.Errorf("%d may have started, %+v", started, s)
			}
			if p.Open() != 0 || p.Calls() != 2 {
				t.Errorf("%d open of %d", p.Open(), p.Calls())
			}
			atRest(t, client)
		})
	}
}

func TestShutdownWhoseContextEndsAnswersWhatIsLeftThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(1, 9))
		callers := crowdOf(t.Context(), client, 10)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		began := time.Now()
		if left := leftOf(t, client.Shutdown(ctx)); left.InHand != 1 || left.Queued != 6 || time.Since(began) != 3500*time.Millisecond {
			t.Errorf("left %+v after %v", left, time.Since(began))
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 3, draining: 7})
		atRest(t, client)
	})
}

func TestShutdownWaitsForStreamsAndCancelsThoseThatAreLeft(t *testing.T) {
	for name, limit := range map[string]time.Duration{"graceful": time.Minute, "hard": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProvider(streaming(30, time.Second))
				client := startClient(t, p, sizes(20, 1))
				var wg sync.WaitGroup
				var mu sync.Mutex
				ends := map[string]int{}
				for range 20 {
					s := stream(t.Context(), t, client)
					wg.Go(func() {
						_, err := readAll(s)
						mu.Lock()
						defer mu.Unlock()
						if err == io.EOF {
							err = nil
						}
						ends[verdict(err)]++
					})
				}
				ctx, cancel := context.WithTimeout(context.Background(), limit)
				defer cancel()
				err := client.Shutdown(ctx)
				synctest.Wait()
				if p.Open() != 0 {
					t.Errorf("%d streams are open after shutdown", p.Open())
				}
				wg.Wait()
				if limit > 0 {
					wantTally(t, ends, map[string]int{"ok": 20})
				} else if wantTally(t, ends, map[string]int{draining: 20}); leftOf(t, err).InHand != 20 {
					t.Errorf("%v", err)
				}
				atRest(t, client)
			})
		})
	}
}

func TestShutdownEndsBackoffs(t *testing.T) {
	t.Run("of a retry, in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(inOrder(refusing(schemas.KindUpstream, 500), atOnce))
			client := startClient(t, p, sizes(1, 1), retries(1, 10*time.Second))
			callers := crowdOf(t.Context(), client, 1)
			synctest.Wait()
			shutdown(t, client)
			wantTally(t, callers.tally(), map[string]int{"ok": 1})
		})
	})
	t.Run("of a retry, at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client := startClient(t, newProvider(refusing(schemas.KindUpstream, 500)), sizes(1, 1), retries(1, 10*time.Second))
			callers := crowdOf(t.Context(), client, 1)
			synctest.Wait()
			if left := leftOf(t, client.Shutdown(endedContext())); left.BackingOff != 1 || left.InHand != 0 {
				t.Errorf("%+v", left)
			}
			wantTally(t, callers.tally(), map[string]int{draining: 1})
		})
	})
	t.Run("of a worker, in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			boom := panicking("scripted panic")
			client := startClient(t, newProvider(inOrder(boom, boom, boom, boom, atOnce)), sizes(1, 10))
			callers := crowdOf(t.Context(), client, 8)
			synctest.Wait()
			shutdown(t, client)
			wantTally(t, callers.tally(), map[string]int{"internal": 4, "ok": 4})
		})
	})
	t.Run("of a worker, at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client := startClient(t, newProvider(panicking("scripted panic")), sizes(1, 10))
			callers := crowdOf(t.Context(), client, 8)
			synctest.Wait()
			began := time.Now()
			if left := leftOf(t, client.Shutdown(endedContext())); left.Queued != 5 || left.InHand != 0 || time.Since(began) != 0 {
				t.Errorf("%+v after %v", left, time.Since(began))
			}
			wantTally(t, callers.tally(), map[string]int{"internal": 3, draining: 5})
			if s := stats(client); s.Degraded || s.BackoffWorkers != 0 {
				t.Errorf("%+v", s)
			}
		})
	})
}

func TestShutdownMayBeRepeatedAndCalledFromManyGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Hour)), sizes(2, 2))
		callers := crowdOf(t.Context(), client, 4)
		synctest.Wait()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if left := leftOf(t, client.Shutdown(endedContext())); left.InHand != 2 || left.Queued != 2 {
					t.Errorf("%+v", left)
				}
			})
		}
		wg.Wait()
		wantTally(t, callers.tally(), map[string]int{draining: 4})
		if left := leftOf(t, client.Shutdown(context.Background())); left.InHand != 2 {
			t.Errorf("%+v", left)
		}
	})
}

// A second shutdown with less patience than the first, as at a second SIGTERM.
// Real time: it waits for a mutex or for another's turn.
func TestHardShutdownEndsAGracefulOneThatIsUnderWay(t *testing.T) {
	others := map[string]func(*bifrost.Client){
		"Shutdown":       func(c *bifrost.Client) { _ = c.Shutdown(context.Background()) },
		"RemoveProvider": func(c *bifrost.Client) { _ = c.RemoveProvider(context.Background(), providerName) },
	}
	for name, patient := range others {
		t.Run(name, func(t *testing.T) {
			checkGoroutines(t)
			client := startClient(t, newProvider(after(time.Hour)), sizes(1, 1))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			callers := crowdOf(ctx, client, 2)
			eventually(t, "a call in hand", func() bool { s := stats(client); return s.InHand == 1 && s.Queued == 1 })
			began := make(chan struct{})
			go func() { patient(client); close(began) }()
			eventually(t, "draining", func() bool { return stats(client).Closed })
			hard := within(t, 5*time.Second, "a hard shutdown after a patient "+name, func() { _ = client.Shutdown(endedContext()) })
			if t.Failed() {
				cancel()
			}
			<-hard
			<-began
			if tally := callers.tally(); !t.Failed() {
				wantTally(t, tally, map[string]int{draining: 2})
			}
		})
	}
}

func TestShutdownReturnsAlthoughAProviderIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := newProvider(ignoring(gate))
		client := startClient(t, p, sizes(2, 2))
		callers := crowdOf(t.Context(), client, 3)
		synctest.Wait()
		began := time.Now()
		left := leftOf(t, client.Shutdown(endedContext()))
		if took := time.Since(began); left.Stuck != 2 || left.InHand != 2 || left.Queued != 1 || took > 5*time.Second {
			t.Errorf("left %+v after %v", left, took)
		}
		wantTally(t, callers.tally(), map[string]int{draining: 3})
		if callers.outcomes[2].took != 0 {
			t.Errorf("the callers waited %v", callers.outcomes[2].took)
		}
		close(gate) // whatever was stuck ends too, and nobody notices
		synctest.Wait()
		atRest(t, client)
	})
}

func TestRequestsAfterShutdownAreRefusedAsDrainingAtEveryDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		a := newAccount(sizes(1, 1))
		client := startAccount(t, a, p)
		shutdown(t, client)
		chatErr := ask(t.Context(), client)
		_, streamErr := client.ChatCompletionStreamRequest(t.Context(), chat())
		_, embedErr := client.EmbeddingRequest(t.Context(), &schemas.EmbeddingRequest{Provider: providerName, Model: model})
		_, modelsErr := client.ListModelsRequest(t.Context(), &schemas.ListModelsRequest{Provider: providerName})
		_, rawErr := client.RawRequest(t.Context(), providerName, model, &schemas.RawRequest{Method: "POST", Path: "/x"})
		for i, err := range []error{chatErr, streamErr, embedErr, modelsErr, rawErr} {
			if verdict(err) != draining || deadLetterOf(t, err).RetryAfter <= 0 {
				t.Errorf("door %d: %v", i, err)
			}
		}
		resp, err := (&http.Client{Transport: client.Transport(providerName)}).Post("http://any/v1/chat/completions", "application/json", strings.NewReader(`{"model":"m"}`))
		if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("transport: %v, %v", resp, err)
		}
		for _, name := range []string{providerName, "unheard-of"} {
			if err := client.UpdateProvider(t.Context(), name); err == nil {
				t.Errorf("a provider %q can be started after shutdown", name)
			}
		}
		client.SetDropExcessRequests(true)
		if err := client.RemoveProvider(t.Context(), "unheard-of"); !errors.Is(err, schemas.ErrNotFound) {
			t.Error(err)
		}
		if p.Calls() != 0 {
			t.Errorf("%d calls", p.Calls())
		}
		atRest(t, client)
	})
}

func TestShutdownLeavesTheProgramsActorSystemRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system := actor.NewActorSystem()
		defer system.Shutdown()
		pong := make(chan string, 10)
		pid := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
			if text, ok := ctx.Message().(string); ok {
				pong <- text
			}
		}))
		for range 5 { // one client after the other
			client := startClient(t, newProvider(atOnce), sizes(2, 2), withOption(bifrost.WithActorSystem(system)))
			if client.ActorSystem() != system {
				t.Fatal("the client made its own system")
			}
			if second, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithActorSystem(system), bifrost.WithProvider("x", newProvider(atOnce))); err == nil {
				t.Error("two clients share a system")
				_ = second.Shutdown(endedContext())
			}
			wantTally(t, crowdOf(t.Context(), client, 20).tally(), map[string]int{"ok": 20})
			shutdown(t, client)
			system.Root.Send(pid, "still here")
			if text := <-pong; text != "still here" || system.IsStopped() {
				t.Errorf("%q, stopped: %v", text, system.IsStopped())
			}
		}
		_ = system.Root.StopFuture(pid).Wait()
	})
}

func TestClientsStartAndStopFromTenGoroutinesFiftyTimesWithoutALeak(t *testing.T) {
	checkGoroutines(t)
	times := 50
	if testing.Short() {
		times = 5
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for i := range times {
				startUseStop(t, i)
			}
		})
	}
	wg.Wait()
}

// startUseStop starts a client, uses it from several goroutines, and stops it from
// several, while it is still in use.
func startUseStop(t *testing.T, i int) {
	client, err := bifrost.Init(schemas.BifrostConfig{InitialPoolSize: 4},
		bifrost.WithProvider(providerName, newProvider(atOnce)), bifrost.WithProvider(otherName, newProvider(atOnce)))
	if err != nil {
		t.Error(err)
		return
	}
	callers := crowdOf(context.Background(), client, 5)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if i%2 == 0 {
				ctx = endedContext()
			}
			_ = client.Shutdown(ctx)
		})
	}
	_ = client.UpdateProvider(context.Background(), otherName)
	client.SetDropExcessRequests(i%3 == 0)
	for kind, n := range callers.tally() {
		if kind != "ok" && kind != draining {
			t.Errorf("%d answers are %s", n, kind)
		}
	}
	wg.Wait()
	atRest(t, client)
}
