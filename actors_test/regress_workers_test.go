package actors_test

import (
	"context"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/schemas"
)

// Workers and supervisors that met a fault at a bad moment; each of these once
// lost a worker, a call, or its true error.

func TestWorkerThatIsRestartedBehindItsStopDoesNotComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Second)), sizes(1, 4))
		callers := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		pid := workerPIDs(client)[0]
		worker, _ := client.ActorSystem().ProcessRegistry.Get(pid)
		worker.SendSystemMessage(pid, &actor.Stop{}) // both behind the call in hand
		worker.SendSystemMessage(pid, &actor.Restart{})
		wantTally(t, callers.tally(), map[string]int{"ok": 1})
		time.Sleep(5 * time.Second) // its lingering ends, and it is replaced
		if n := len(workerPIDs(client)); n != 1 || stats(client).Workers != 1 {
			t.Errorf("%d workers in the engine, %d in the mailbox; want 1 and 1", n, stats(client).Workers)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wantTally(t, crowdOf(ctx, client, 3).tally(), map[string]int{"ok": 3})
		atRest(t, client)
	})
}

// gatedPanic is a stream that panics when its gate opens.
type gatedPanic struct{ gate chan struct{} }

func (s *gatedPanic) Next() (*schemas.ChatChunk, error) { <-s.gate; panic("in mid-stream") }
func (s *gatedPanic) Close() error                      { return nil }

func TestPanicInMidStreamIsInternalAlsoWhenAShutdownWaitsForIt(t *testing.T) {
	for range 200 {
		gate := make(chan struct{})
		client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider(providerName,
			newProvider(func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
				return &schemas.Response{Stream: &gatedPanic{gate}}, nil
			})))
		if err != nil {
			t.Fatal(err)
		}
		s := stream(t.Context(), t, client)
		var wg sync.WaitGroup
		wg.Go(func() { _ = client.Shutdown(context.Background()) })
		ended := make(chan error, 1)
		wg.Go(func() { _, err := s.Next(); ended <- err })
		runtime.Gosched()
		close(gate)
		if e := errorOf(t, <-ended); e.Kind != schemas.KindInternal {
			t.Fatalf("the stream ends with %v", e)
		}
		wg.Wait()
	}
}

// exiting is a stream whose Close ends its goroutine, as a failing test's does.
type exiting struct{}

func (exiting) Next() (*schemas.ChatChunk, error) { return nil, io.EOF }
func (exiting) Close() error                      { runtime.Goexit(); return nil }

func TestStreamWhoseCloseEndsItsGoroutineEndsForItsReaderAndKeepsNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Request.Operation == schemas.OperationChatStream {
				return &schemas.Response{Stream: exiting{}}, nil
			}
			return answer("ok"), nil
		}), sizes(1, 1))
		if _, err := stream(t.Context(), t, client).Next(); err == nil {
			t.Error("a chunk")
		}
		synctest.Wait()
		if err := ask(t.Context(), client); err != nil {
			t.Errorf("the next caller: %v", err)
		}
		atRest(t, client)
	})
}

func TestSubscribersOfSupervisorEventsHoldUpNoRestart(t *testing.T) {
	release := make(chan struct{})
	for name, subscriber := range map[string]func(){
		"panics": func() { panic("subscriber") },
		"blocks": func() { <-release },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release = make(chan struct{})
				a := newAccount(sizes(4, 10))
				client := startAccount(t, a, newProvider(func(_ context.Context, at *schemas.Attempt) (*schemas.Response, error) {
					if at.Request.Model == "boom" {
						time.Sleep(time.Second)
						panic("boom")
					}
					return answer("ok"), nil
				}))
				events := client.ActorSystem().EventStream
				sub := events.Subscribe(func(e any) {
					if _, ok := e.(*actor.SupervisorEvent); ok {
						subscriber()
					}
				})
				var callers sync.WaitGroup
				for range 4 { // at once, so that each worker panics
					callers.Go(func() {
						boom := chat()
						boom.Model = "boom"
						_, _ = client.ChatCompletionRequest(t.Context(), boom)
					})
				}
				callers.Wait()
				synctest.Wait()
				if s := stats(client); s.Workers != 4 || s.Restarting != 0 {
					t.Errorf("%d workers, %d restarting", s.Workers, s.Restarting)
				}
				reconfigure(t, client, a, sizes(8, 10))
				wantTally(t, crowdOf(t.Context(), client, 8).tally(), map[string]int{"ok": 8})
				close(release)
				events.Unsubscribe(sub)
				atRest(t, client)
			})
		})
	}
}
