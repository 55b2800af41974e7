package pool_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"bifrost/pool"
)

type object struct {
	id    int
	owner atomic.Int32
	notes []byte // written by its owner without a lock, for the race detector
}

// numbered returns a function that makes numbered objects, and their count.
func numbered() (create func() *object, made *atomic.Int64) {
	made = new(atomic.Int64)
	return func() *object { return &object{id: int(made.Add(1))} }, made
}

func stats(t *testing.T, p *pool.Pool[object], want pool.Stats) {
	t.Helper()
	if got := p.Stats(); got != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
}

func TestNewPoolHoldsItsSizeOfDistinctObjects(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 100} {
		create, made := numbered()
		p := pool.New(size, create)
		stats(t, p, pool.Stats{Size: size, Retained: size})
		if n := made.Load(); n != int64(size) {
			t.Fatalf("%d objects made, want %d", n, size)
		}
		seen := map[*object]bool{}
		for range size {
			seen[p.Get()] = true
		}
		if len(seen) != size || made.Load() != int64(size) {
			t.Fatalf("%d distinct objects of %d, %d made", len(seen), size, made.Load())
		}
		stats(t, p, pool.Stats{Size: size, Hits: uint64(size)})
	}
}

func TestNegativeSizePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	pool.New(-1, func() *object { return nil })
}

func TestEmptyPoolMakesNewObjectsAndCountsMisses(t *testing.T) {
	create, made := numbered()
	p := pool.New(2, create)
	for range 5 {
		p.Get()
	}
	stats(t, p, pool.Stats{Size: 2, Hits: 2, Misses: 3})
	if n := made.Load(); n != 5 {
		t.Fatalf("%d made, want 5", n)
	}
}

func TestPoolRetainsNoMoreThanItsSizeAfterABurst(t *testing.T) {
	create, _ := numbered()
	p := pool.New(3, create)
	var burst []*object
	for range 10 {
		burst = append(burst, p.Get())
	}
	for _, x := range burst {
		p.Put(x)
	}
	stats(t, p, pool.Stats{Size: 3, Retained: 3, Hits: 3, Misses: 7})
	for range 3 {
		p.Get()
	}
	p.Get()
	stats(t, p, pool.Stats{Size: 3, Hits: 6, Misses: 8})
}

func TestGetHandsOverTheObjectThatWasPutBackLast(t *testing.T) {
	create, _ := numbered()
	p := pool.New(3, create)
	a, b := p.Get(), p.Get()
	p.Put(a)
	p.Put(b)
	if p.Get() != b || p.Get() != a {
		t.Fatal("not the last one first")
	}
}

func TestPoolKeepsItsObjectsThroughGarbageCollection(t *testing.T) {
	create, made := numbered()
	p := pool.New(100, create)
	p.Put(p.Get())
	runtime.GC()
	runtime.GC() // sync.Pool would be empty now
	stats(t, p, pool.Stats{Size: 100, Retained: 100, Hits: 1})
	seen := map[int]bool{}
	for range 100 {
		seen[p.Get().id] = true
	}
	if len(seen) != 100 || made.Load() != 100 {
		t.Fatalf("%d distinct objects of the first 100, %d made", len(seen), made.Load())
	}
}

func TestPoolLetsGoOfWhatItDoesNotRetain(t *testing.T) {
	var freed atomic.Int32
	create := func() *object {
		x := new(object)
		runtime.AddCleanup(x, func(int) { freed.Add(1) }, 0)
		return x
	}
	p := pool.New(1, create)
	func() {
		for range 4 { // the pool is full
			p.Put(create())
		}
		p.Get() // and then its own object is another's, who drops it
	}()
	for range 100 { // cleanups run soon after a collection, on their own goroutine
		if freed.Load() == 5 {
			break
		}
		runtime.GC()
		runtime.Gosched()
	}
	if n := p.Stats().Retained; n != 0 || freed.Load() != 5 { // p itself is alive until here
		t.Fatalf("%d of 5 objects were let go and %d retained: the pool refers to more than it says", freed.Load(), n)
	}
}

func TestCreateMayUseThePoolItself(t *testing.T) {
	var p *pool.Pool[object]
	p = pool.New(0, func() *object {
		p.Stats() // would block for ever if create were called under the lock
		return new(object)
	})
	p.Get()
}

func TestObjectHasOneOwnerAtATime(t *testing.T) {
	create, made := numbered()
	p := pool.New(8, create)
	var wg sync.WaitGroup
	const owners, rounds = 32, 1000
	for i := range owners {
		wg.Go(func() {
			for range rounds {
				x := p.Get()
				if !x.owner.CompareAndSwap(0, int32(i+1)) {
					t.Errorf("object %d has two owners", x.id)
				}
				x.notes = append(x.notes[:0], byte(i)) // a data race if there are two
				runtime.Gosched()
				if x.notes[0] != byte(i) {
					t.Errorf("object %d was written by another", x.id)
				}
				x.owner.Store(0)
				p.Put(x)
			}
		})
	}
	wg.Wait()
	s := p.Stats()
	if s.Hits+s.Misses != owners*rounds || s.Misses+8 != uint64(made.Load()) || s.Retained != 8 {
		t.Fatalf("%+v after %d made", s, made.Load())
	}
}

func TestPoolAgreesWithAStackOfBoundedDepth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 5).Draw(t, "size")
		create, _ := numbered()
		p := pool.New(size, create)
		var stack, out []*object
		var want pool.Stats
		want.Size = size
		for range size { // learn the order of what was made first
			stack = append([]*object{p.Get()}, stack...)
		}
		for _, x := range stack {
			p.Put(x)
		}
		want.Hits = uint64(size)
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				want.Retained = len(stack)
				if got := p.Stats(); got != want {
					t.Fatalf("%+v, want %+v", got, want)
				}
			},
			"get": func(t *rapid.T) {
				x := p.Get()
				if n := len(stack); n > 0 {
					if want.Hits++; x != stack[n-1] {
						t.Fatalf("got object %d, want %d", x.id, stack[n-1].id)
					}
					stack = stack[:n-1]
				} else {
					want.Misses++
				}
				out = append(out, x)
			},
			"put": func(t *rapid.T) {
				if len(out) == 0 {
					t.Skip("nothing to put back")
				}
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				p.Put(out[i])
				if len(stack) < size {
					stack = append(stack, out[i])
				}
				out = append(out[:i], out[i+1:]...)
			},
		})
	})
}

func TestGetAndPutAllocateNothing(t *testing.T) {
	p := pool.New(1, func() *object { return new(object) })
	if n := testing.AllocsPerRun(1000, func() { p.Put(p.Get()) }); n != 0 {
		t.Fatalf("%v allocations, want none", n)
	}
}

func BenchmarkGetPut(b *testing.B) {
	p := pool.New(1, func() *object { return new(object) })
	b.ReportAllocs()
	for b.Loop() {
		p.Put(p.Get())
	}
}

// BenchmarkCallersBySize has 1,000 callers hold an object of the size of a
// request each while they wait for one another, out of pools of different sizes.
func BenchmarkCallersBySize(b *testing.B) {
	type request struct{ body [512]byte }
	const callers = 1000
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			p := pool.New(size, func() *request { return new(request) })
			held := make([]*request, callers)
			b.ReportAllocs()
			for b.Loop() {
				for i := range held {
					held[i] = p.Get()
					held[i].body[0]++
				}
				for _, x := range held {
					p.Put(x)
				}
			}
			s := p.Stats()
			b.ReportMetric(float64(s.Misses)/float64(s.Hits+s.Misses)*100, "%misses")
		})
	}
}
