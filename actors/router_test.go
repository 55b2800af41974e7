package actors

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"bifrost/schemas"
)

// fake is a provider whose calls are the test's.
type fake struct {
	call func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error)
}

func (f fake) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "fake", KeyOptional: true}
}

func (f fake) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	return f.call(ctx, a)
}

func start(t *testing.T, p schemas.Provider, workers, buffer int, drop bool) (*System, *Router) {
	t.Helper()
	sys, err := NewSystem(Options{Logger: zerolog.Nop(), PoolSize: 10, Drop: drop})
	if err != nil {
		t.Fatal(err)
	}
	settings := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{
		Concurrency: workers, BufferSize: buffer}}.WithDefaults()
	r, err := sys.Start("p", Config{Provider: p, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return sys, r
}

func chat() *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationChat, Provider: "p", Model: "m"}
}

func TestRouterAnswersEveryCallerAndEndsWithoutAGoroutineLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys, r := start(t, fake{func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(time.Second)
			return &schemas.Response{Chat: &schemas.ChatResponse{Model: a.Request.Model}}, nil
		}}, 2, 3, false)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				resp, err := r.Ask(t.Context(), chat())
				if err != nil || resp.Chat.Model != "m" || resp.Provider != "p" {
					t.Errorf("answer %v, %v", resp, err)
				}
			})
		}
		synctest.Wait()
		if s := r.Stats(); s.InHand != 2 || s.Queued != 3 || s.Waiting != 15 || !s.Balanced() {
			t.Errorf("while full: %+v", s)
		}
		wg.Wait()
		if s := r.Stats(); s.Completed != 20 || !s.Balanced() {
			t.Errorf("at rest: %+v", s)
		}
		if left := sys.Shutdown(context.Background()); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestRouterRestartsAWorkerWhosePanicAnswersOneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		sys, r := start(t, fake{func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if n++; n%2 == 1 {
				panic("boom")
			}
			return &schemas.Response{Chat: &schemas.ChatResponse{}}, nil
		}}, 1, 3, false)
		for i := range 20 {
			_, err := r.Ask(t.Context(), chat())
			if want := i%2 == 0; errors.Is(err, schemas.ErrInternal) != want {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if s := r.Stats(); s.Panics != 10 || s.Failed != 10 || s.Completed != 10 || !s.Balanced() {
			t.Errorf("at rest: %+v", s)
		}
		sys.Shutdown(context.Background())
	})
}

type endless struct{ ctx context.Context }

func (e endless) Next() (*schemas.ChatChunk, error) {
	select {
	case <-e.ctx.Done():
		return nil, context.Cause(e.ctx)
	case <-time.After(time.Millisecond):
		return &schemas.ChatChunk{}, nil
	}
}
func (endless) Close() error { return nil }

func TestRouterHardStopAnswersQueuedInHandAndStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sys, r := start(t, fake{func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Request.Operation == schemas.OperationChatStream {
				return &schemas.Response{Stream: endless{ctx}}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}, 2, 3, false)
		req := *chat()
		req.Operation = schemas.OperationChatStream
		resp, err := r.Ask(t.Context(), &req)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := r.Ask(t.Context(), chat()); !errors.Is(err, &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining}) {
					t.Errorf("answer %v", err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		left := sys.Shutdown(ctx)
		if len(left) != 1 || left[0].InHand != 2 || left[0].Queued != 3 || left[0].Stuck != 0 {
			t.Errorf("left %+v", left)
		}
		for err == nil {
			_, err = resp.Stream.Next()
		}
		if err == io.EOF || !errors.Is(err, schemas.ErrOverloaded) {
			t.Errorf("stream ended with %v", err)
		}
		wg.Wait()
		if s := r.Stats(); s.DeadLettered != 3 || s.Cancelled != 2 || s.InHand != 0 || !s.Balanced() {
			t.Errorf("at rest: %+v", s)
		}
	})
}

// closing is a provider that panics when it is asked, and counts its closings.
type closing struct {
	fake
	closed chan struct{}
}

func (c closing) Close() error {
	close(c.closed)
	return nil
}

func TestProviderThatPanickedIsClosedWhenItIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := closing{fake{func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic("boom") }}, make(chan struct{})}
		sys, r := start(t, old, 1, 1, false)
		if _, err := r.Ask(t.Context(), chat()); !errors.Is(err, schemas.ErrInternal) {
			t.Errorf("answer %v", err)
		}
		synctest.Wait() // the caller has its answer before the worker has let go
		r.Configure(Config{Provider: old.fake, Settings: schemas.ProviderConfig{}.WithDefaults()})
		select {
		case <-old.closed:
		default:
			t.Error("the replaced provider is still open")
		}
		sys.Shutdown(context.Background())
	})
}

func TestHardStopAnswersWhatGoesIntoABackoffMeanwhile(t *testing.T) {
	const callers = 500
	for range 20 {
		sys, r := start(t, fake{func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			return nil, &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500}
		}}, 10, callers, false)
		settings := schemas.ProviderConfig{
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 10, BufferSize: callers},
			NetworkConfig:            schemas.NetworkConfig{MaxRetries: 1000, RetryBackoffInitial: time.Millisecond, RetryBackoffMax: time.Millisecond},
		}.WithDefaults()
		r.Configure(Config{Provider: fake{r.settings.peek().provider.(fake).call}, Settings: settings})
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() { _, _ = r.Ask(context.Background(), chat()) })
		}
		for r.Stats().Retries < callers {
			runtime.Gosched()
		}
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		sys.Shutdown(ended)
		wg.Wait() // a caller without its answer would hang here
		if s := r.Stats(); s.BackingOff != 0 || s.InHand != 0 || s.Queued != 0 || !s.Balanced() {
			t.Fatalf("at rest: %+v", s)
		}
	}
}

func TestReloadUnderTrafficSharesTheRestsOfKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fake{func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Key.Value == "bad" {
				return nil, &schemas.Error{Kind: schemas.KindUnauthorized, StatusCode: 401}
			}
			return &schemas.Response{Chat: &schemas.ChatResponse{}}, nil
		}}
		sys, r := start(t, p, 4, 100, false)
		c := Config{Provider: p, Settings: schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{
			Concurrency: 4, BufferSize: 100}}.WithDefaults(),
			Keys: []schemas.Key{{Value: "bad"}, {Value: "good"}}}
		r.Configure(c)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { _, _ = r.Ask(context.Background(), chat()) })
		}
		for range 50 {
			r.Configure(c)
		}
		wg.Wait()
		if k := r.Stats().Keys; !k[0].RestingUntil.After(time.Now()) || k[1].RestingUntil.After(time.Now()) {
			t.Errorf("rests after the reloads: %+v", k)
		}
		if s := r.Stats(); s.Failed > 4 {
			t.Errorf("%d callers met the refused key, more than there are workers", s.Failed)
		}
		sys.Shutdown(context.Background())
	})
}
