// Package pool keeps typed objects for reuse.
//
// A Pool is filled when it is made and keeps its objects: unlike sync.Pool it is
// not emptied by garbage collection. Its size is also the most it retains; what
// is put back beyond it is left to the collector, so that a burst cannot grow
// the pool for good. An object has one owner at a time: Get hands it over, Put
// takes it back, and who has put it back must not touch it again. The pool
// neither resets nor inspects objects.
//
// No method blocks for longer than a short critical section, and all are safe
// for concurrent use.
package pool

import "sync"

// Pool retains up to its size of *T. Create it with New.
type Pool[T any] struct {
	create func() *T

	mu           sync.Mutex // guards what follows; create is never called under it
	free         []*T       // its capacity is the pool's size
	hits, misses uint64
}

// Stats is one snapshot of a pool.
type Stats struct {
	Size     int    // the most that is retained
	Retained int    // objects in the pool now
	Hits     uint64 // Gets served from the pool
	Misses   uint64 // Gets that made a new object
}

// New returns a pool of size objects, all of them made now. A negative size
// panics.
func New[T any](size int, create func() *T) *Pool[T] {
	p := &Pool[T]{create: create, free: make([]*T, size)}
	for i := range p.free {
		p.free[i] = create()
	}
	return p
}

// Get hands over an object: the one put back last, or a new one.
func (p *Pool[T]) Get() *T {
	p.mu.Lock()
	n := len(p.free) - 1
	if n < 0 {
		p.misses++
		p.mu.Unlock()
		return p.create()
	}
	x := p.free[n]
	p.free[n] = nil
	p.free = p.free[:n]
	p.hits++
	p.mu.Unlock()
	return x
}

// Put takes back an object that came from Get and that nobody else holds.
func (p *Pool[T]) Put(x *T) {
	p.mu.Lock()
	if len(p.free) < cap(p.free) {
		p.free = append(p.free, x)
	}
	p.mu.Unlock()
}

// Stats returns a snapshot.
func (p *Pool[T]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Size: cap(p.free), Retained: len(p.free), Hits: p.hits, Misses: p.misses}
}
