//go:build linux

package nodes_test

import (
	"sync"
	"sync/atomic"
)

// load is callers that ask again and again.
type load struct {
	stopping chan struct{}
	callers  sync.WaitGroup
	begun    atomic.Int64

	mu  sync.Mutex
	all flight
}

// newLoad starts the callers. next begins the call of that number, and each caller waits
// for its answer.
func newLoad(callers int, next func(i int) *asked) *load {
	l := &load{stopping: make(chan struct{})}
	for range callers {
		l.callers.Go(func() { // ends when stopping is closed, with its last answer
			for {
				select {
				case <-l.stopping:
					return
				default:
				}
				a := next(int(l.begun.Add(1)))
				<-a.done
				l.mu.Lock()
				l.all = append(l.all, a)
				l.mu.Unlock()
			}
		})
	}
	return l
}

// stop waits for the last answers and returns all calls.
func (l *load) stop() flight {
	close(l.stopping)
	l.callers.Wait()
	return l.all
}

// answered is how many calls have their answer.
func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}
