package actors

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"bifrost/schemas"
)

// BenchmarkHandOff measures an admission, the hand-off to a supervised worker and
// the way back ("actors"), next to the same over a plain channel worker pool
// ("channels"). "attempt" has in addition what each attempt makes for its provider:
// the choice of a key, a cancellable context, the error's classification; the
// provider itself answers at once.
func BenchmarkHandOff(b *testing.B) {
	for _, callers := range []int{1, 64, 1000} {
		b.Run(fmt.Sprintf("callers=%d/actors", callers), func(b *testing.B) { benchActors(b, callers, nil) })
		b.Run(fmt.Sprintf("callers=%d/attempt", callers), func(b *testing.B) { benchActors(b, callers, attempt) })
		b.Run(fmt.Sprintf("callers=%d/channels", callers), func(b *testing.B) { benchChannels(b, callers) })
	}
}

const benchWorkers = 10

// benchActors replaces the attempt by nothing, unless work is given.
func benchActors(b *testing.B, callers int, work func(*worker, *call) result) {
	sys, r := benchRouter(b, false)
	defer sys.Shutdown(context.Background())
	if work != nil {
		for _, w := range snapshot(r) {
			w.work = work
		}
	}
	req := &schemas.Request{Operation: schemas.OperationChat, Provider: "p", Model: "m"}
	b.ReportAllocs()
	split(b, callers, func(ctx context.Context, n int) {
		for range n {
			if _, err := r.Ask(ctx, req); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchRouter(b testing.TB, drop bool) (*System, *Router) {
	return benchRouterOf(b, Options{Logger: zerolog.Nop(), PoolSize: 1000, Drop: drop})
}

func benchRouterOf(b testing.TB, o Options) (*System, *Router) {
	b.Helper()
	sys, err := NewSystem(o)
	if err != nil {
		b.Fatal(err)
	}
	resp := &schemas.Response{}
	sys.work = func(*worker, *call) result { return result{resp: resp} }
	settings := schemas.ProviderConfig{}.WithDefaults()
	r, err := sys.Start("p", Config{Provider: nobody{}, Settings: settings})
	if err != nil {
		b.Fatal(err)
	}
	return sys, r
}

type nobody struct{}

func (nobody) Describe() schemas.ProviderInfo { return schemas.ProviderInfo{KeyOptional: true} }
func (nobody) Call(context.Context, *schemas.Attempt) (*schemas.Response, error) {
	return &schemas.Response{Chat: &schemas.ChatResponse{}}, nil
}

// split has callers goroutines, each with a cancellable context of its own, share
// b.N calls.
func split(b *testing.B, callers int, run func(ctx context.Context, n int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range callers {
		n := b.N / callers
		if i < b.N%callers {
			n++
		}
		ctx, cancel := context.WithCancel(context.Background())
		wg.Go(func() {
			defer cancel()
			<-start
			run(ctx, n)
		})
	}
	b.ResetTimer()
	close(start)
	wg.Wait()
	b.StopTimer()
}

// benchChannels is the yardstick: N goroutines, a buffered channel, a pooled
// reply channel, and callers that heed their context.
func benchChannels(b *testing.B, callers int) {
	type job struct {
		req   *schemas.Request
		reply chan *schemas.Response
	}
	jobs := make(chan job, schemas.DefaultBufferSize)
	replies := sync.Pool{New: func() any { return make(chan *schemas.Response, 1) }}
	resp := &schemas.Response{}
	var workers sync.WaitGroup
	for range benchWorkers {
		workers.Go(func() {
			for j := range jobs {
				j.reply <- resp
			}
		})
	}
	req := &schemas.Request{}
	b.ReportAllocs()
	split(b, callers, func(ctx context.Context, n int) {
		for range n {
			reply := replies.Get().(chan *schemas.Response)
			jobs <- job{req, reply}
			select {
			case <-reply:
			case <-ctx.Done():
			}
			replies.Put(reply)
		}
	})
	close(jobs)
	workers.Wait()
}
