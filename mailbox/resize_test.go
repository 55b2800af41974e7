package mailbox_test

import (
	"slices"
	"testing"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// resize changes the limits, starts the missing workers and stops the retired
// ones, and returns how many there were of both.
func (r *rig) resize(l mailbox.Limits) (missing, retired int) {
	r.t.Helper()
	missing, gone := r.Resize(l)
	for _, slot := range gone {
		i := slices.IndexFunc(r.idle, func(w *worker) bool { return w.Worker == slot })
		if i < 0 {
			r.t.Fatal("a worker that is not free was retired")
		}
		r.idle = slices.Delete(r.idle, i, i+1)
	}
	r.balanced()
	if n := r.start(missing); n != 0 {
		r.t.Fatalf("%d of the missing workers are to retire", n)
	}
	return missing, len(gone)
}

func TestGrowingAFullMailboxAdmitsWaitersInOrderAtOnce(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c", "d", "e", "f")
	missing, retired := r.Resize(mailbox.Limits{Concurrency: 2, BufferSize: 3})
	if missing != 1 || len(retired) != 0 {
		t.Fatalf("missing %d, retired %d; want 1 and 0", missing, len(retired))
	}
	r.at(counts{inHand: 1, queued: 3, waiting: 2}) // at most 3 queue before the new worker is there
	r.start(missing)
	r.at(counts{inHand: 2, queued: 3, waiting: 1})
	r.complete("a", "b", "c", "d", "e", "f")
	r.took("a", "b", "c", "d", "e", "f")
}

func TestShrunkBufferAdmitsNothingUntilTheCountIsUnderTheNewBound(t *testing.T) {
	eachShape(t, func(t *testing.T, l mailbox.Limits) {
		r := open(t, l)
		names := named("a", l.Concurrency+l.BufferSize)
		r.offers(mailbox.Accepted, names...)
		r.offers(mailbox.Waits, "w")
		r.resize(mailbox.Limits{Concurrency: l.Concurrency, BufferSize: 1, Drop: true})
		r.at(counts{inHand: l.Concurrency, queued: l.BufferSize, waiting: 1}) // nothing is lost
		for i := 1; i < l.BufferSize; i++ {
			r.complete(names[i-1])
			r.refused("x", schemas.ReasonQueueFull)
			r.at(counts{inHand: l.Concurrency, queued: l.BufferSize - i, waiting: 1})
		}
		r.complete(names[l.BufferSize-1])
		r.at(counts{inHand: l.Concurrency, queued: 1}) // the last one's place is the waiter's
	})
}

func TestShrunkConcurrencyLetsNoWorkerTakeUntilTheCountIsUnderTheNewBound(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 4, BufferSize: 10})
	r.offers(mailbox.Accepted, named("a", 14)...)
	if missing, retired := r.resize(mailbox.Limits{Concurrency: 2, BufferSize: 10}); missing != 0 || retired != 0 {
		t.Fatalf("missing %d, retired %d of a busy pool", missing, retired)
	}
	r.taken = nil
	for i, name := range []string{"a0", "a1"} {
		if _, retire := r.finishRetire(name, mailbox.Completed); !retire {
			t.Fatal("a worker too many did not retire")
		}
		r.took()
		r.at(counts{inHand: 3 - i, queued: 10})
	}
	r.complete("a2")
	r.took("a4")
	r.at(counts{inHand: 2, queued: 9})
	if s := r.Stats(); s.Workers != 2 {
		t.Fatalf("%d workers, want 2", s.Workers)
	}
}

func TestShrinkRetiresFreeWorkersAtOnceAndKeepsTheRest(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 5, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	if missing, retired := r.resize(mailbox.Limits{Concurrency: 3, BufferSize: 1}); missing != 0 || retired != 2 {
		t.Fatalf("missing %d, retired %d; want 0 and 2", missing, retired)
	}
	r.offers(mailbox.Accepted, "c", "d")
	r.at(counts{inHand: 3, queued: 1})
	if missing, retired := r.resize(mailbox.Limits{Concurrency: 1, BufferSize: 1}); missing != 0 || retired != 0 {
		t.Fatalf("missing %d, retired %d; want 0 and 0", missing, retired)
	}
	for i, name := range []string{"a", "b", "c", "d"} {
		if _, retire := r.finishRetire(name, mailbox.Completed); retire != (i < 2) {
			t.Fatalf("%s: retire is %v", name, retire)
		}
	}
}

func TestGrowingAgainTakesBackWorkersThatWereToRetire(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 4, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b", "c", "d")
	r.resize(mailbox.Limits{Concurrency: 1, BufferSize: 1})
	if _, retire := r.finishRetire("a", mailbox.Completed); !retire {
		t.Fatal("a worker too many did not retire")
	}
	if missing, _ := r.resize(mailbox.Limits{Concurrency: 4, BufferSize: 1}); missing != 1 {
		t.Fatalf("missing %d, want 1", missing)
	}
	r.complete("b", "c", "d")
	if s := r.Stats(); s.Workers != 4 || len(r.idle) != 4 {
		t.Fatalf("%d workers, %d free; want 4 and 4", s.Workers, len(r.idle))
	}
}

func TestWorkersStartedTwiceForTheSameLackRetire(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	first, _ := r.Resize(mailbox.Limits{Concurrency: 3, BufferSize: 1})
	second, _ := r.Resize(mailbox.Limits{Concurrency: 3, BufferSize: 1})
	if first != 2 || second != 2 || r.Missing() != 2 {
		t.Fatalf("missing %d, %d and %d; want 2 each", first, second, r.Missing())
	}
	if n := r.start(first + second); n != 2 || r.Missing() != 0 {
		t.Fatalf("%d retire, %d missing; want 2 and 0", n, r.Missing())
	}
}

func TestShrinkBelowWhatBacksOffLetsItReturnButNothingIn(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 4})
	r.offers(mailbox.Accepted, named("a", 6)...)
	r.backoff("a0", "a1", "a2")
	r.resize(mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Waits, "w")
	r.due("a0", "a1", "a2")
	for _, name := range []string{"a3", "a4", "a0", "a1"} {
		r.finish(name, mailbox.Completed)
	}
	r.at(counts{inHand: 1, queued: 1, waiting: 1}) // a2 and a5 are all that fits
	r.complete("a2")
	r.at(counts{inHand: 1, queued: 1})
	r.complete("a5", "w")
}

func TestResizeChangesDropModeAndMaxWaiting(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c", "d")
	r.resize(mailbox.Limits{Concurrency: 1, BufferSize: 1, MaxWaiting: 1})
	r.at(counts{inHand: 1, queued: 1, waiting: 2}) // who waits already keeps the turn
	r.refused("x", schemas.ReasonQueueFull)
	r.complete("a", "b")
	r.offers(mailbox.Waits, "e")
	r.resize(mailbox.Limits{Concurrency: 1, BufferSize: 1, Drop: true})
	r.complete("c")
	r.refused("y", schemas.ReasonQueueFull)
	r.complete("d", "e")
	r.at(counts{})
}
