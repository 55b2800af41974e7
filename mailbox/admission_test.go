package mailbox_test

import (
	"fmt"
	"testing"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// shapes are the pairs of concurrency and buffer size at which exactness is
// proved.
func shapes() []mailbox.Limits {
	var out []mailbox.Limits
	for _, n := range []int{1, 2, 3, 10, 16, 1000} {
		out = append(out, mailbox.Limits{Concurrency: n, BufferSize: n},
			mailbox.Limits{Concurrency: 1, BufferSize: n}, mailbox.Limits{Concurrency: n, BufferSize: 1})
	}
	return out
}

func eachShape(t *testing.T, test func(t *testing.T, l mailbox.Limits)) {
	for _, l := range shapes() {
		t.Run(fmt.Sprintf("concurrency=%d,buffer=%d", l.Concurrency, l.BufferSize), func(t *testing.T) { test(t, l) })
	}
}

func TestDropModeRefusesExactlyWhatIsOverConcurrencyPlusBuffer(t *testing.T) {
	eachShape(t, func(t *testing.T, l mailbox.Limits) {
		for _, over := range []int{1, 7} {
			l.Drop = true
			r := open(t, l)
			accepted := named("a", l.Concurrency+l.BufferSize)
			r.offers(mailbox.Accepted, accepted...)
			r.took(accepted[:l.Concurrency]...)
			for _, name := range named("x", over) {
				r.refused(name, schemas.ReasonQueueFull)
			}
			r.at(counts{inHand: l.Concurrency, queued: l.BufferSize})
			if n := r.Stats().Refused[schemas.ReasonQueueFull]; n != uint64(over) {
				t.Fatalf("%d refused, want %d", n, over)
			}
			r.complete(accepted[0])
			r.offers(mailbox.Accepted, "one more")
			r.refused("two more", schemas.ReasonQueueFull)
		}
	})
}

func TestWaitModeLetsExactlyWaitWhatIsOverConcurrencyPlusBuffer(t *testing.T) {
	eachShape(t, func(t *testing.T, l mailbox.Limits) {
		r := open(t, l)
		accepted, over := named("a", l.Concurrency+l.BufferSize), named("x", 7)
		r.offers(mailbox.Accepted, accepted...)
		r.offers(mailbox.Waits, over...)
		r.at(counts{inHand: l.Concurrency, queued: l.BufferSize, waiting: 7})
		for i, name := range append(accepted, over...)[:len(over)] {
			r.complete(name)
			r.at(counts{inHand: l.Concurrency, queued: l.BufferSize, waiting: len(over) - 1 - i})
		}
	})
}

func TestEverythingIsTakenInTheOrderOfTheOffers(t *testing.T) {
	eachShape(t, func(t *testing.T, l mailbox.Limits) {
		r := open(t, l)
		names := named("a", l.Concurrency+l.BufferSize+20)
		for _, name := range names {
			if v, _ := r.offer(name); v == mailbox.Refused {
				t.Fatalf("%s refused", name)
			}
		}
		for _, name := range names {
			r.complete(name)
		}
		r.took(names...)
		r.at(counts{})
	})
}

func TestFreeWorkerIsHandedTheEntryInTheOfferItself(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	r.took("a")
	r.offers(mailbox.Accepted, "b")
	r.took("b")
	r.at(counts{inHand: 2})
}

func TestEntriesQueueWhileThereAreNoWorkersAndAreTakenWhenOneIsReady(t *testing.T) {
	r := closedShop(t, mailbox.Limits{Concurrency: 2, BufferSize: 3})
	r.offers(mailbox.Accepted, "a", "b", "c")
	r.offers(mailbox.Waits, "d", "e")
	r.took()
	r.start(1)
	r.took("a")
	r.at(counts{inHand: 1, queued: 3, waiting: 1})
	r.start(1)
	r.took("b")
	r.at(counts{inHand: 2, queued: 3})
}

func TestRefusalSaysHowFullTheMailboxWas(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 3, MaxWaiting: 4})
	r.offers(mailbox.Accepted, named("a", 5)...)
	r.offers(mailbox.Waits, named("w", 4)...)
	_, got := r.offer("x")
	r.refusal(got, mailbox.Refusal{Reason: schemas.ReasonQueueFull, Capacity: 3, Queued: 3, InHand: 2, Waiting: 4})
}

func TestGoneSenderIsCountedAndNeverAdmitted(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	for i, state := range []string{"empty", "busy", "full", "closed"} {
		before := r.Stats()
		if v, _ := r.offerAs("gone "+state, mailbox.Gone); v != mailbox.Left {
			t.Fatalf("%s: verdict %d, want left", state, v)
		}
		after := r.Stats()
		if after.Left != before.Left+1 || after.Offered != before.Offered+1 || after.Admitted != before.Admitted {
			t.Fatalf("%s: counted as %+v after %+v", state, after, before)
		}
		if i < 2 {
			r.offers(mailbox.Accepted, state)
		} else {
			r.Close()
		}
	}
	r.took("empty")
}

func TestStatsSayWhatTheMailboxIsConfiguredWith(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 3, Drop: true})
	s := r.Stats()
	if s.Concurrency != 2 || s.BufferSize != 3 || !s.Drop || s.Closed || s.Workers != 2 || s.Restarting != 0 {
		t.Fatalf("%+v", s)
	}
	r.refusedNothing()
	s.Refused[schemas.ReasonQueueFull] = 5
	r.refusedNothing() // a snapshot is the caller's own
	r.Close()
	if !r.Stats().Closed {
		t.Fatal("closed, and not said")
	}
}

func (r *rig) refusedNothing() {
	r.t.Helper()
	if n := r.Stats().RefusedTotal(); n != 0 {
		r.t.Fatalf("%d refused", n)
	}
}

func TestBalancedFindsAnyEntryThatIsMissingOrCountedTwice(t *testing.T) {
	whole := mailbox.Stats{Counters: mailbox.Counters{Offered: 10, Admitted: 7, Left: 1, Completed: 1, Failed: 1,
		Cancelled: 1, DeadLettered: 1, Refused: map[schemas.Reason]uint64{schemas.ReasonQueueFull: 1}},
		Waiting: 1, Queued: 1, BackingOff: 1, InHand: 1}
	if !whole.Balanced() {
		t.Fatal("a whole sum is not balanced")
	}
	for name, lose := range map[string]func(*mailbox.Stats){
		"offered": func(s *mailbox.Stats) { s.Offered++ }, "admitted": func(s *mailbox.Stats) { s.Admitted++ },
		"left": func(s *mailbox.Stats) { s.Left++ }, "completed": func(s *mailbox.Stats) { s.Completed++ },
		"failed": func(s *mailbox.Stats) { s.Failed++ }, "cancelled": func(s *mailbox.Stats) { s.Cancelled++ },
		"dead-lettered": func(s *mailbox.Stats) { s.DeadLettered++ }, "waiting": func(s *mailbox.Stats) { s.Waiting++ },
		"queued": func(s *mailbox.Stats) { s.Queued++ }, "backing off": func(s *mailbox.Stats) { s.BackingOff++ },
		"in hand": func(s *mailbox.Stats) { s.InHand++ },
		"refused": func(s *mailbox.Stats) { s.Refused = map[schemas.Reason]uint64{schemas.ReasonDraining: 2} },
	} {
		s := whole
		if lose(&s); s.Balanced() {
			t.Errorf("one too many %s and still balanced", name)
		}
	}
}
