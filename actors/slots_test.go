package actors

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

func TestSlotsServeWaitersFirstComeFirstServed(t *testing.T) {
	s := NewSlots(1)
	if !s.take() || s.take() {
		t.Fatal("one slot")
	}
	first, second := newTurn(), newTurn()
	s.queue(first)
	e := s.queue(second)
	s.release()
	if !first.over.Load() || second.over.Load() || s.take() {
		t.Error("the first one has it, and nobody comes before the second")
	}
	s.leave(e)
	s.release()
	if !s.take() {
		t.Error("who left is not waited for")
	}
}

func TestSlotsThatHaveRunOutAreNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(0)
		s.Allow(2, time.Now().Add(time.Second))
		if !s.take() {
			t.Fatal("not taken in time")
		}
		time.Sleep(time.Second)
		if s.take() {
			t.Error("taken too late")
		}
		waits := newTurn()
		s.queue(waits)
		s.release()
		if used, waiting := s.Usage(); used != 0 || waiting != 1 {
			t.Errorf("%d used, %d waiting", used, waiting)
		}
		s.Allow(1, time.Now().Add(time.Second))
		if waits.slots != s {
			t.Error("who waits has none though there is one again")
		}
	})
}

func TestRefusedSlotsLetNobodyWaitUntilThereAreSome(t *testing.T) {
	s := NewSlots(0)
	var wanted int
	s.Notify(func() { wanted++ })
	waits := newTurn()
	s.queue(waits)
	s.Refuse()
	if !waits.over.Load() || waits.slots != nil || s.queue(newTurn()) != nil {
		t.Error("somebody waits")
	}
	if s.Allow(1, time.Time{}); s.queue(newTurn()) == nil || wanted != 3 {
		t.Errorf("nobody may wait; told %d times", wanted)
	}
}

// TestSlotsAreNeverInUseMoreOftenThanAllowed has attempts wait for two keys at once, leave
// in the moment in which they get a slot, and limits that change.
func TestSlotsAreNeverInUseMoreOftenThanAllowed(t *testing.T) {
	k := newKeyring([]schemas.Key{{Value: "1", Concurrency: 2}, {Value: "2", Concurrency: 3}})
	inUse := make([]atomic.Int64, 2)
	var crowd sync.WaitGroup
	for range 16 {
		crowd.Go(func() {
			for range 300 {
				ctx, cancel := t.Context(), func() {}
				if rand.N(3) == 0 {
					ctx, cancel = withSoonEnd(ctx)
				}
				key, err := k.take("m", "", time.Now())
				if err == errKeysFull {
					key, _ = k.await(ctx, "m")
				}
				if key >= 0 {
					if n := inUse[key].Add(1); n > int64(key+2) {
						t.Errorf("%d of key %d are in use", n, key)
					}
					inUse[key].Add(-1)
					k.own[key].release()
				}
				cancel()
			}
		})
	}
	crowd.Wait()
	for i := range k.own {
		if used, waiting := k.own[i].Usage(); used != 0 || waiting != 0 {
			t.Errorf("key %d at rest: %d used, %d waiting", i, used, waiting)
		}
	}
}

func TestKeyThatComesBackIsSeenWhileNobodyMayWaitForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKeyring([]schemas.Key{{Value: "1", Concurrency: 1, Scope: schemas.ScopeCluster}, {Value: "2"}})
		k.own[0].Refuse()
		k.rest[1].whole(time.Now().Add(time.Second))
		if _, err := k.take("m", "", time.Now()); err != errKeysFull {
			t.Fatal(err)
		}
		if _, again := k.await(t.Context(), "m"); again {
			t.Error("nobody may wait, and it is to look again")
		}
		time.Sleep(time.Second)
		if _, again := k.await(t.Context(), "m"); !again {
			t.Error("a key is back, and it is refused")
		}
	})
}

func BenchmarkSlots(b *testing.B) {
	s := NewSlots(4)
	b.ReportAllocs()
	for b.Loop() {
		if s.take() {
			s.release()
		}
	}
}

// withSoonEnd is a context that ends at some moment of the next.
func withSoonEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, rand.N(20*time.Microsecond))
}
