package mailbox_test

import (
	"testing"

	"bifrost/mailbox"
	"bifrost/schemas"
)

func TestNobodyOvertakesAWaiter(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c", "d")
	r.complete("a") // b in hand, c queued
	r.offers(mailbox.Waits, "e")
	r.leave(mailbox.GaveBack, "c") // its place is d's
	r.offers(mailbox.Waits, "f")
	r.complete("b", "d", "e", "f")
	r.took("a", "b", "d", "e", "f")
}

func TestWaitersKeepTheirTurnWhenTheMailboxIsSwitchedToDrop(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c", "d")
	r.SetDrop(true)
	r.refused("x", schemas.ReasonQueueFull)
	r.at(counts{inHand: 1, queued: 1, waiting: 2})
	r.complete("a")
	r.refused("y", schemas.ReasonQueueFull) // d waits, and is not overtaken
	r.SetDrop(false)
	r.offers(mailbox.Waits, "e")
	r.complete("b", "c", "d", "e")
	r.took("a", "b", "c", "d", "e")
}

func TestMaxWaitingBoundsBothKindsOfSender(t *testing.T) {
	for _, sender := range []mailbox.Sender{mailbox.Blocks, mailbox.CannotBlock} {
		r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2, MaxWaiting: 3})
		r.offers(mailbox.Accepted, "a", "b", "c")
		for i, name := range named("w", 3) {
			if v, _ := r.offerAs(name, sender); v != mailbox.Waits {
				t.Fatalf("sender %d, waiter %d: verdict %d", sender, i, v)
			}
		}
		if v, refusal := r.offerAs("x", sender); v != mailbox.Refused || refusal.Reason != schemas.ReasonQueueFull {
			t.Fatalf("sender %d: one waiter too many: verdict %d, %+v", sender, v, refusal)
		}
	}
}

func TestSendersThatCannotBlockAreBoundedByTheBufferSizeIfNothingElseIsSet(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2})
	r.offers(mailbox.Accepted, "a", "b", "c")
	for _, name := range named("w", 2) {
		if v, _ := r.offerAs(name, mailbox.CannotBlock); v != mailbox.Waits {
			t.Fatalf("%s: verdict %d, want waits", name, v)
		}
	}
	if v, _ := r.offerAs("x", mailbox.CannotBlock); v != mailbox.Refused {
		t.Fatalf("verdict %d, want refused", v)
	}
	r.offers(mailbox.Waits, named("patient", 1000)...) // who blocks has no bound
}

func TestExpireRefusesAWaiterWithQueueTimeoutAndKeepsTheOthersInOrder(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c", "d", "e")
	got, ok := r.Expire(r.entries["d"], r.entries["d"].Ticket())
	if !ok {
		t.Fatal("a waiter was not expired")
	}
	r.refusal(got, mailbox.Refusal{Reason: schemas.ReasonQueueTimeout, Capacity: 1, Queued: 1, InHand: 1, Waiting: 2})
	if n := r.Stats().Refused[schemas.ReasonQueueTimeout]; n != 1 {
		t.Fatalf("%d expired, want 1", n)
	}
	r.complete("a", "b", "c", "e")
	r.took("a", "b", "c", "e")
}

func TestExpireDoesNothingToAnEntryThatDoesNotWait(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 3})
	r.offers(mailbox.Accepted, "parked", "due", "left", "in hand", "queued")
	r.backoff("parked", "due")
	r.due("due")
	r.leave(mailbox.InHand, "left")
	r.offerAs("settled", mailbox.Gone)
	r.at(counts{inHand: 2, queued: 1, backingOff: 2})
	for name, e := range r.entries {
		if _, ok := r.Expire(e, e.Ticket()); ok {
			t.Errorf("%s expired", name)
		}
	}
	r.at(counts{inHand: 2, queued: 1, backingOff: 2})
}

func TestExpireWithAStaleTicketDoesNothing(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c")
	stale := r.entries["c"].Ticket()
	r.leave(mailbox.GaveBack, "c")
	r.offers(mailbox.Waits, "c")
	if _, ok := r.Expire(r.entries["c"], stale); ok {
		t.Fatal("a timer of an earlier offer expired the entry")
	}
	r.at(counts{inHand: 1, queued: 1, waiting: 1})
}
