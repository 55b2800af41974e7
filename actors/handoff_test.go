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
// the way back, next to the same over a plain channel worker pool.
func BenchmarkHandOff(b *testing.B) {
	for _, callers := range []int{1, 64, 1000} {
		b.Run(fmt.Sprintf("callers=%d/actors", callers), func(b *testing.B) { benchActors(b, callers) })
		b.Run(fmt.Sprintf("callers=%d/channels", callers), func(b *testing.B) { benchChannels(b, callers) })
	}
}

const benchWorkers = 10

func benchActors(b *testing.B, callers int) {
	sys, r := benchRouter(b, false)
	defer sys.Shutdown(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req := &schemas.Request{Operation: schemas.OperationChat, Provider: "p", Model: "m"}
	b.ReportAllocs()
	split(b, callers, func(n int) {
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
	return &schemas.Response{}, nil
}

// split has callers goroutines share b.N calls.
func split(b *testing.B, callers int, run func(n int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range callers {
		n := b.N / callers
		if i < b.N%callers {
			n++
		}
		wg.Go(func() { <-start; run(n) })
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
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req := &schemas.Request{}
	b.ReportAllocs()
	split(b, callers, func(n int) {
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
