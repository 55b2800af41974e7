package actors_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// next is the asker's next answer; the test fails if there is none within a
// virtual hour.
func (a *asker) next(t testing.TB) any {
	t.Helper()
	select {
	case m := <-a.answers:
		return m
	case <-time.After(time.Hour):
		t.Fatal("no answer")
		return nil
	}
}

// silent fails the test if the asker has an answer that nobody took.
func (a *asker) silent(t testing.TB) {
	t.Helper()
	synctest.Wait()
	if n := len(a.answers); n > 0 {
		t.Errorf("%d answers too many, the first is %v", n, <-a.answers)
	}
}

// pidOf is a fresh PID of the scripted provider.
func pidOf(t testing.TB, client *bifrost.Client) *actor.PID {
	t.Helper()
	pid, ok := client.ProviderPID(providerName)
	if !ok {
		t.Fatal("no PID")
	}
	return pid
}

func TestActorThatAsksByPIDGetsTheSameAnswersAsAGoCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(atOnce, atOnce, refusing(schemas.KindUpstream, 500), panicking("scripted panic"), atOnce))
		client := startClient(t, p, sizes(1, 1))
		a := newAsker(t, client)
		for _, message := range []any{request(), &actors.Ask{Request: request()}} {
			a.ask(t, client, message)
			if resp, ok := a.next(t).(*schemas.Response); !ok || resp.Chat.Text() != "ok" || resp.Provider != providerName || resp.Model != model || resp.Attempts != 1 {
				t.Errorf("%T: %+v", message, resp)
			}
		}
		for _, kind := range []schemas.ErrorKind{schemas.KindUpstream, schemas.KindInternal} {
			a.ask(t, client, request())
			if err, ok := a.next(t).(*schemas.Error); !ok || err.Kind != kind || err.Provider != providerName {
				t.Errorf("want %s, got %+v", kind, err)
			}
		}
		a.silent(t)
	})
}

func TestActorsRequestIsAddressedByThePIDWhateverItNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(atOnce), sizes(1, 1))
		a := newAsker(t, client)
		req := &schemas.Request{Operation: schemas.OperationChat, Provider: "somebody else", Chat: chat()}
		a.ask(t, client, req)
		if resp, ok := a.next(t).(*schemas.Response); !ok || resp.Provider != providerName || resp.Model != model {
			t.Errorf("%+v", resp)
		}
		if req.Provider != "somebody else" || req.Model != "" {
			t.Errorf("the actor's request was changed: %+v", req)
		}
	})
}

func TestActorIsRefusedByADeadLetterAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Second)), sizes(1, 2), dropExcess)
		published := collectLetters(t, client)
		busy := crowdOf(t.Context(), client, 3)
		synctest.Wait()
		a := newAsker(t, client)
		began := time.Now()
		a.ask(t, client, request())
		letter, ok := a.next(t).(*schemas.DeadLetter)
		if !ok || letter.Reason != schemas.ReasonQueueFull || letter.Capacity != 2 || letter.Queued != 2 || letter.InHand != 1 || letter.RetryAfter <= 0 {
			t.Errorf("%+v", letter)
		}
		if time.Since(began) != 0 {
			t.Errorf("after %v", time.Since(began))
		}
		a.silent(t) // neither the engine's own dead letter response
		events := published.all()
		if len(events) != 1 || events[0].Sender != nil {
			t.Errorf("published: %+v", events)
		}
		wantTally(t, busy.tally(), map[string]int{"ok": 3})
	})
}

func TestActorsWaitInTurnAndTheirNumberIsBoundedInWaitMode(t *testing.T) {
	for name, c := range map[string]struct {
		change setting
		bound  int
	}{"unset": {maxWaiting(0), 3}, "set": {maxWaiting(5), 5}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := startClient(t, newProvider(after(time.Second)), sizes(1, 3), c.change)
				a := newAsker(t, client)
				const asked = 20
				for range asked {
					a.ask(t, client, request())
				}
				if s := stats(client); s.Waiting != c.bound || s.Queued != 3 {
					t.Errorf("%+v", s)
				}
				letters, answers := 0, 0
				for range asked {
					switch m := a.next(t).(type) {
					case *schemas.DeadLetter:
						letters++
					case *schemas.Response:
						answers++
					default:
						t.Errorf("%T %v", m, m)
					}
				}
				if letters != asked-4-c.bound || answers != 4+c.bound {
					t.Errorf("%d dead letters, %d answers", letters, answers)
				}
				a.silent(t)
			})
		})
	}
}

func TestActorsRequestWithoutADeadlineHasOneOfThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Hour)), sizes(1, 1))
		a := newAsker(t, client)
		began := time.Now()
		for _, m := range []any{request(), &actors.Ask{Request: request()}, &actors.Ask{Context: context.Background(), Request: request()}} {
			a.ask(t, client, m)
		}
		for range 3 {
			if err, ok := a.next(t).(*schemas.Error); !ok || err.Kind != schemas.KindTimeout || time.Since(began) != actors.DefaultAskTimeout {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
		a.silent(t)
		// All end in the same moment: who waits may have its place by then.
		if s := stats(client); s.Cancelled+s.Left != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAskLeavesWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Hour))
		client := startClient(t, p, sizes(1, 1))
		a := newAsker(t, client)
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 { // in hand, queued, waiting
			a.ask(t, client, &actors.Ask{Context: ctx, Request: request()})
		}
		time.Sleep(time.Second)
		began := time.Now()
		cancel()
		for range 3 {
			if err, ok := a.next(t).(*schemas.Error); !ok || err.Kind != schemas.KindCanceled || time.Since(began) != 0 {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
		a.ask(t, client, &actors.Ask{Context: ctx, Request: request()}) // it has ended already
		if err, ok := a.next(t).(*schemas.Error); !ok || err.Kind != schemas.KindCanceled {
			t.Errorf("%v", err)
		}
		a.silent(t)
		if s := stats(client); s.Cancelled+s.Left != 4 || p.Calls() != 1 || p.Open() != 0 {
			t.Errorf("%d calls, %d open, %+v", p.Calls(), p.Open(), s)
		}
	})
}

func TestActorMayAskForAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(streaming(5, time.Second)), sizes(1, 1))
		a := newAsker(t, client)
		req := request()
		req.Operation = schemas.OperationChatStream
		a.ask(t, client, req)
		resp := a.next(t).(*schemas.Response)
		n := 0
		_, err := resp.Stream.Next()
		for ; err == nil; _, err = resp.Stream.Next() {
			n++
		}
		if n != 5 || err != io.EOF {
			t.Errorf("%d chunks, then %v", n, err)
		}
		a.silent(t)
	})
}

func TestWhatIsNotARequestIsAnsweredAsInvalid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p, sizes(1, 1))
		a := newAsker(t, client)
		messages := []any{"hello", 7, struct{}{}, *request(), chat(), (*schemas.Request)(nil), (*actors.Ask)(nil), &actors.Ask{}, errors.New("x")}
		for _, m := range messages {
			a.ask(t, client, m)
			if err, ok := a.next(t).(*schemas.Error); !ok || err.Kind != schemas.KindInvalidRequest || err.Provider != providerName {
				t.Errorf("%T was answered with %v", m, err)
			}
			a.root.Send(pidOf(t, client), m) // nobody to tell
		}
		a.silent(t)
		if s := stats(client); s.Offered != 0 || p.Calls() != 0 {
			t.Errorf("%d calls, %+v", p.Calls(), s)
		}
	})
}

func TestRequestThatIsSentWithoutASenderIsServedAndItsStreamClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(nil)
		up := &source{size: 1}
		p.script = from(up)
		client := startClient(t, p, sizes(1, 1))
		root := client.ActorSystem().Root
		for i, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationRaw} {
			req := request()
			req.Operation = op
			if op == schemas.OperationRaw {
				req.Raw = &schemas.RawRequest{}
			}
			root.Send(pidOf(t, client), req)
			synctest.Wait()
			if p.Calls() != i+1 || p.Open() != 0 {
				t.Errorf("%s: %d calls, %d open", op, p.Calls(), p.Open())
			}
		}
		atRest(t, client)
	})
}

// batch is an engine's message of several.
type batch []any

func (b batch) GetMessages() []any { return b }

func TestEachMessageOfABatchIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p, sizes(1, 10))
		a := newAsker(t, client)
		a.ask(t, client, batch{request(), request(), &actors.Ask{Request: request()}})
		for range 3 {
			if _, ok := a.next(t).(*schemas.Response); !ok {
				t.Error("no response")
			}
		}
		a.silent(t)
		if s := stats(client); s.Offered != 3 || p.Calls() != 3 {
			t.Errorf("%d calls, %+v", p.Calls(), s)
		}
	})
}

// outliveThrottle lets a bubble end in which the engine has published a dead letter
// of its own: the throttle of their log is a goroutine that lives for a second. It
// comes first, so that it waits last.
func outliveThrottle(t testing.TB) { t.Cleanup(func() { time.Sleep(2 * time.Second) }) }

// enders are the ways in which a provider may end while an actor watches it.
var enders = map[string]func(t testing.TB, client *bifrost.Client){
	"remove": func(t testing.TB, client *bifrost.Client) {
		if err := client.RemoveProvider(context.Background(), providerName); err != nil {
			t.Error(err)
		}
	},
	"shutdown": func(t testing.TB, client *bifrost.Client) { shutdown(t, client) },
	"poison": func(t testing.TB, client *bifrost.Client) {
		client.ActorSystem().Root.Poison(pidOf(t, client))
	},
	"stop": func(t testing.TB, client *bifrost.Client) { client.ActorSystem().Root.Stop(pidOf(t, client)) },
}

// watcher is an actor that watches a PID and tells what it hears of it.
func watcher(t testing.TB, system *actor.ActorSystem, pid *actor.PID) <-chan *actor.Terminated {
	t.Helper()
	heard := make(chan *actor.Terminated, 10)
	started := make(chan struct{})
	self := system.Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actor.Started:
			ctx.Watch(pid)
			close(started)
		case *actor.Terminated:
			heard <- m
		}
	}))
	<-started
	t.Cleanup(func() { system.Root.Stop(self) })
	return heard
}

func TestWatcherHearsOnceThatAProviderHasEnded(t *testing.T) {
	for name, end := range enders {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outliveThrottle(t)
				client := startClient(t, newProvider(atOnce), sizes(1, 1))
				system, pid := client.ActorSystem(), pidOf(t, client)
				heard := watcher(t, system, pid)
				synctest.Wait()
				if len(heard) != 0 {
					t.Error("too early")
				}
				end(t, client)
				synctest.Wait()
				late := watcher(t, system, pid)
				synctest.Wait()
				if len(heard) != 1 || !(<-heard).Who.Equal(pid) {
					t.Errorf("the watcher heard %d times", len(heard))
				}
				if len(late) != 1 {
					t.Errorf("a watcher that came late heard %d times", len(late))
				}
			})
		})
	}
}

func TestFutureOfAStopOrPoisonIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outliveThrottle(t)
		for name, end := range map[string]func(*actor.RootContext, *actor.PID) actor.Future{
			"stop":   func(r *actor.RootContext, pid *actor.PID) actor.Future { return r.StopFuture(pid) },
			"poison": func(r *actor.RootContext, pid *actor.PID) actor.Future { return r.PoisonFuture(pid) },
		} {
			client := startClient(t, newProvider(atOnce), sizes(1, 1))
			if err := end(client.ActorSystem().Root, pidOf(t, client)).Wait(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPoisonPillDrainsAndStopEndsAtOnce(t *testing.T) {
	for _, name := range []string{"poison", "stop"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outliveThrottle(t)
				client := startClient(t, newProvider(after(time.Second)), sizes(1, 2))
				a := newAsker(t, client)
				accepted := crowdOf(t.Context(), client, 3)
				synctest.Wait()
				waiting := crowdOf(t.Context(), client, 2)
				synctest.Wait()
				enders[name](t, client)
				wantTally(t, waiting.tally(), map[string]int{draining: 2})
				a.ask(t, client, request())
				if letter, ok := a.next(t).(*schemas.DeadLetter); !ok || letter.Reason != schemas.ReasonDraining {
					t.Errorf("%+v", letter)
				}
				if name == "poison" {
					wantTally(t, accepted.tally(), map[string]int{"ok": 3})
				} else {
					wantTally(t, accepted.tally(), map[string]int{draining: 3})
				}
				synctest.Wait()
				if n := len(workerPIDs(client)); n != 0 {
					t.Errorf("%d workers are left", n)
				}
				enders["stop"](t, client) // again
				enders["poison"](t, client)
				atRest(t, client)
			})
		})
	}
}

func TestUpdateStartsAProviderAgainThatAnActorHasStopped(t *testing.T) {
	for _, name := range []string{"poison", "stop"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outliveThrottle(t)
				a := newAccount(sizes(1, 1))
				client := startAccount(t, a, newProvider(atOnce))
				enders[name](t, client)
				synctest.Wait()
				if err := client.UpdateProvider(t.Context(), providerName); err != nil {
					t.Errorf("update: %v", err)
				}
				if err := ask(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestOldPIDReachesTheProviderAfterItWasRemovedAndAddedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p, sizes(1, 1))
		a := newAsker(t, client)
		old := pidOf(t, client)
		askOld := func() any {
			a.root.RequestWithCustomSender(old, request(), a.pid)
			return a.next(t)
		}
		for round := range 3 {
			if _, ok := askOld().(*schemas.Response); !ok {
				t.Errorf("round %d: no response", round)
			}
			if err := client.RemoveProvider(t.Context(), providerName); err != nil {
				t.Error(err)
			}
			if letter, ok := askOld().(*schemas.DeadLetter); !ok || letter.Reason != schemas.ReasonNotFound {
				t.Errorf("round %d: %+v", round, letter)
			}
			if err := ask(t.Context(), client); !errors.Is(err, schemas.ErrNotFound) {
				t.Errorf("round %d: a Go caller got %v", round, err)
			}
			if err := client.UpdateProvider(t.Context(), providerName); err != nil {
				t.Error(err)
			}
		}
		shutdown(t, client)
		if letter, ok := askOld().(*schemas.DeadLetter); !ok || letter.Reason != schemas.ReasonDraining {
			t.Errorf("after shutdown: %+v", letter)
		}
		a.silent(t)
		if n := client.Stats().NotFound; n != 6 || p.Calls() != 3 {
			t.Errorf("%d not found, %d calls", n, p.Calls())
		}
	})
}

func TestProviderThatWasNeverThereHasNoPID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(atOnce))
		if pid, ok := client.ProviderPID("unheard-of"); ok || pid != nil {
			t.Errorf("%v", pid)
		}
	})
}
