package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/schemas"
)

// told is a context of the engine that has a message and nothing else.
type told struct {
	actor.Context
	message any
}

func (c told) Message() any { return c.message }

func TestWorkerThatHasStoppedIgnoresTheEnginesLateRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys, r := start(t, fake{func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			return &schemas.Response{Chat: &schemas.ChatResponse{}}, nil
		}}, 1, 1, false)
		w := snapshot(r)[0]
		sys.engine.Root.Stop(w.pid)
		synctest.Wait() // it is replaced
		w.Receive(told{message: &actor.Started{}})
		if s := r.Stats(); s.Workers != 1 || len(snapshot(r)) != 1 || snapshot(r)[0] == w {
			t.Errorf("%d workers, %d in the router", s.Workers, len(snapshot(r)))
		}
		if _, err := r.Ask(t.Context(), chat()); err != nil {
			t.Error(err)
		}
		sys.Shutdown(context.Background())
	})
}

// sealing notes how much was in hand when the answer's end was sealed.
type sealing struct {
	router *Router
	inHand int
}

func (s *sealing) seal()                     { s.inHand = s.router.mb.Stats().InHand }
func (s *sealing) counted() *schemas.Usage   { return nil }
func (s *sealing) end(error, *schemas.Usage) {}

func TestStreamThatPanicsIsSealedBeforeItsCallIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys, r := start(t, fake{}, 1, 1, false)
		seen := &sealing{router: r}
		w := snapshot(r)[0]
		w.work = func(w *worker, c *call) result {
			if w.pipe == nil && seen.inHand == 0 {
				w.pipe = seen
			}
			panic("in mid-stream")
		}
		if _, err := r.Ask(t.Context(), chat()); !errors.Is(err, schemas.ErrInternal) {
			t.Error(err)
		}
		synctest.Wait()
		if seen.inHand != 1 {
			t.Error("a shutdown that waits for the call may end the stream before the panic does")
		}
		sys.Shutdown(context.Background())
	})
}

func TestGrowthDoesNotWaitForWorkersThatAStopHasForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		sys, r := start(t, fake{func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			<-stuck // whatever its context says
			return &schemas.Response{Chat: &schemas.ChatResponse{}}, nil
		}}, 1, 1, false)
		go func() { _, _ = r.Ask(context.Background(), chat()) }()
		synctest.Wait()
		control, _ := sys.engine.ProcessRegistry.Get(r.control)
		control.SendSystemMessage(r.control, &actor.SuspendMailbox{}) // the growth is sent, and not handled
		synctest.Wait()
		grown := make(chan struct{})
		go func() {
			defer close(grown)
			r.grow(2)
		}()
		synctest.Wait()
		r.halt()
		select {
		case <-grown:
		case <-time.After(time.Minute):
			t.Error("still waiting a minute after the stop")
		}
		control.SendSystemMessage(r.control, &actor.ResumeMailbox{})
		close(stuck)
		<-grown
		sys.Shutdown(context.Background())
	})
}

func TestProviderWhoseClosePanicsHarmsNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call := fake{func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(time.Second)
			return &schemas.Response{Chat: &schemas.ChatResponse{}}, nil
		}}
		sys, r := start(t, panicsOnClose{call}, 1, 4, false)
		answers := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := r.Ask(context.Background(), chat())
				answers <- err
			}()
		}
		synctest.Wait()
		r.Configure(Config{Provider: call, Settings: schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{
			Concurrency: 1, BufferSize: 4}}.WithDefaults()})
		for range 2 {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		sys.Shutdown(context.Background())
		if s := r.Stats(); s.Completed != 2 || s.Panics != 0 || s.InHand != 0 {
			t.Errorf("at rest: %+v", s)
		}
	})
}

// panicsOnClose is a provider whose Close panics.
type panicsOnClose struct{ fake }

func (panicsOnClose) Close() error { panic("in Close") }
