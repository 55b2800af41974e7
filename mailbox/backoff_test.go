package mailbox_test

import (
	"testing"

	"bifrost/mailbox"
)

func TestBackoffGivesTheWorkerItsNextEntryAtOnce(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2})
	r.offers(mailbox.Accepted, "a", "b")
	r.backoff("a")
	r.took("a", "b")
	r.at(counts{inHand: 1, backingOff: 1})
}

func TestBackoffKeepsItsPlaceAmongWhatIsAccepted(t *testing.T) {
	eachShape(t, func(t *testing.T, l mailbox.Limits) {
		r := open(t, l)
		names := named("a", l.Concurrency+l.BufferSize)
		for _, name := range names {
			r.offers(mailbox.Accepted, name)
			r.backoff(name)
		}
		r.at(counts{backingOff: len(names)})
		r.offers(mailbox.Waits, "x") // although all workers are free and the queue is empty
		r.took(names...)
		r.leave(mailbox.GaveBack, names[0])
		r.took("x")
	})
}

func TestEntryThatReturnsFromABackoffGoesAheadOfTheQueue(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 3})
	r.offers(mailbox.Accepted, "a", "b", "c")
	r.backoff("a", "b") // c is in hand
	r.offers(mailbox.Accepted, "d")
	r.offers(mailbox.Waits, "e")
	r.due("b", "a")
	r.at(counts{inHand: 1, queued: 1, waiting: 1, backingOff: 2})
	r.complete("c", "b", "a", "d", "e")
	r.took("a", "b", "c", "b", "a", "d", "e")
}

func TestDueHandsTheEntryToAFreeWorkerAtOnce(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	r.backoff("a")
	r.at(counts{backingOff: 1})
	r.due("a")
	r.took("a", "a")
	r.at(counts{inHand: 1})
	r.due("a") // again, too late
	r.at(counts{inHand: 1})
	r.complete("a")
}

func TestDueWithAStaleTicketDoesNothing(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2})
	r.offers(mailbox.Accepted, "a")
	stale := r.entries["a"].Ticket()
	r.backoff("a")
	r.leave(mailbox.GaveBack, "a")
	r.offers(mailbox.Accepted, "a")
	r.backoff("a")
	r.took("a", "a")
	r.Due(r.entries["a"], stale)
	r.took()
	r.at(counts{backingOff: 1})
	r.due("a")
	r.took("a")
}

func TestWorkerTakesAWaiterWhenBackoffsLeftTheQueueEmptyAndTheBoundUsedUp(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.backoff("a")
	r.offers(mailbox.Waits, "c", "d")
	r.complete("b") // c has the place that b had, and a worker: it is never queued
	r.took("a", "b", "c")
	r.at(counts{inHand: 1, waiting: 1, backingOff: 1})
}

func TestEntryMayBackOffAgainAndAgain(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	for range 5 {
		r.backoff("a")
		r.due("a")
	}
	r.complete("a")
	r.took("a", "a", "a", "a", "a", "a")
	if s := r.Stats(); s.Admitted != 1 || s.Completed != 1 {
		t.Fatalf("%+v", s.Counters)
	}
}
