package actors

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"bifrost/schemas"
)

// BenchmarkInitialPoolSize shows what InitialPoolSize 100 against 1,000 brings
// when 1,000 callers come at once, again and again: one operation is such a
// burst, all of it waiting before the first is served.
func BenchmarkInitialPoolSize(b *testing.B) {
	const callers = 1000
	for _, size := range []int{100, callers} {
		b.Run(fmt.Sprintf("callers=%d/size=%d", callers, size), func(b *testing.B) {
			sys, r := benchRouterOf(b, Options{Logger: zerolog.Nop(), PoolSize: size})
			defer sys.Shutdown(context.Background())
			var gate chan struct{} // of the burst under way; written while nobody calls
			for _, w := range snapshot(r) {
				w.work = func(*worker, *call) result {
					<-gate
					return result{resp: &schemas.Response{}}
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				gate = make(chan struct{})
				burst(b, r, callers, gate)
			}
			s := sys.calls.Stats()
			b.ReportMetric(100*float64(s.Misses)/float64(s.Hits+s.Misses), "%misses")
		})
	}
}

func burst(b *testing.B, r *Router, callers int, gate chan struct{}) {
	before := r.mb.Stats().Offered
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if _, err := r.Ask(context.Background(), chat()); err != nil {
				b.Error(err)
			}
		})
	}
	for r.mb.Stats().Offered < before+uint64(callers) {
		runtime.Gosched()
	}
	close(gate)
	wg.Wait()
}
