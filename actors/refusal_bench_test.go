package actors

import (
	"context"
	"testing"

	"bifrost/schemas"
)

// fill occupies every worker and every place of a router in drop mode, and
// returns what lets them go.
func fill(tb testing.TB) (*System, *Router, func()) {
	sys, r := benchRouter(tb, true)
	release := make(chan struct{})
	for _, w := range snapshot(r) {
		w.work = func(*worker, *call) result {
			<-release
			return result{resp: &schemas.Response{}}
		}
	}
	bound := schemas.DefaultConcurrency + schemas.DefaultBufferSize
	answered := make(chan struct{}, bound)
	for range bound {
		go func() {
			_, _ = r.Ask(context.Background(), chat())
			answered <- struct{}{}
		}()
	}
	for s := r.Stats(); s.Admitted < uint64(bound); s = r.Stats() {
	}
	return sys, r, func() {
		close(release)
		for range bound {
			<-answered
		}
		sys.Shutdown(context.Background())
	}
}

func snapshot(r *Router) []*worker {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*worker
	for _, w := range r.workers {
		out = append(out, w)
	}
	return out
}

// BenchmarkRefusal measures a refusal in drop mode with a full mailbox, next to
// one by a full channel.
func BenchmarkRefusal(b *testing.B) {
	b.Run("actors", func(b *testing.B) {
		_, r, end := fill(b)
		defer end()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		req := chat()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Ask(ctx, req); err == nil {
				b.Fatal("admitted")
			}
		}
	})
	b.Run("channel", func(b *testing.B) {
		jobs := make(chan *schemas.Request, 1)
		jobs <- chat()
		req := chat()
		b.ReportAllocs()
		for b.Loop() {
			select {
			case jobs <- req:
				b.Fatal("admitted")
			default:
			}
		}
	})
}

// allocs is how many allocations one call of f costs: AllocsPerRun rounds down, so
// a thousand are measured as one.
func allocs(f func()) float64 {
	const calls = 1000
	return testing.AllocsPerRun(20, func() {
		for range calls {
			f()
		}
	}) / calls
}

func TestARefusalAllocatesAtMostTwice(t *testing.T) {
	_, r, end := fill(t)
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req := chat()
	if n := allocs(func() { _, _ = r.Ask(ctx, req) }); n > 2.01 { // the publishing goroutine's too
		t.Errorf("%v allocations per refusal", n)
	}
}

func TestAHandOffAllocatesNothing(t *testing.T) {
	sys, r := benchRouter(t, false)
	defer sys.Shutdown(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req := chat()
	if n := allocs(func() { _, _ = r.Ask(ctx, req) }); n > 0.01 { // the sweep's timer
		t.Errorf("%v allocations per request", n)
	}
}
