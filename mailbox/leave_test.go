package mailbox_test

import (
	"testing"

	"bifrost/mailbox"
)

func TestLeavingWhileWaitingFreesTheTurn(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "c", "d", "e")
	r.leave(mailbox.GaveBack, "c", "e")
	r.at(counts{inHand: 1, queued: 1, waiting: 1})
	r.complete("a", "b", "d")
	r.took("a", "b", "d")
	if s := r.Stats(); s.Left != 2 || s.Admitted != 3 {
		t.Fatalf("left %d, admitted %d; want 2 and 3", s.Left, s.Admitted)
	}
}

func TestLeavingTheQueueFreesThePlaceAtOnceForTheNextWaiter(t *testing.T) {
	for i, name := range []string{"head", "middle", "tail"} {
		r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 3})
		r.offers(mailbox.Accepted, "a", "head", "middle", "tail")
		r.offers(mailbox.Waits, "w1", "w2")
		r.leave(mailbox.GaveBack, name)
		r.at(counts{inHand: 1, queued: 3, waiting: 1})
		if s := r.Stats(); s.Cancelled != 1 || s.Left != 0 {
			t.Fatalf("cancelled %d, left %d; want 1 and 0", s.Cancelled, s.Left)
		}
		order := []string{"a", "head", "middle", "tail", "w1", "w2"}
		order = append(order[:i+1:i+1], order[i+2:]...)
		r.complete(order...)
		r.took(order...)
	}
}

func TestLeavingABackoffFreesThePlaceAtOnceForTheNextWaiter(t *testing.T) {
	for _, due := range []bool{false, true} {
		r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
		r.offers(mailbox.Accepted, "a", "b")
		r.backoff("a") // b is in hand, and a and b are all that may be accepted
		r.offers(mailbox.Waits, "c", "d")
		if due {
			r.due("a")
		}
		r.at(counts{inHand: 1, waiting: 2, backingOff: 1})
		r.leave(mailbox.GaveBack, "a")
		r.at(counts{inHand: 1, queued: 1, waiting: 1})
		r.due("a") // its timer, late
		r.complete("b", "c", "d")
		r.took("a", "b", "c", "d")
		if s := r.Stats(); s.Cancelled != 1 {
			t.Fatalf("cancelled %d, want 1", s.Cancelled)
		}
	}
}

func TestLeavingABackoffHandsTheNextWaiterToAFreeWorker(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	r.backoff("a")
	r.offers(mailbox.Accepted, "b")
	r.backoff("b")
	r.offers(mailbox.Waits, "c") // the worker is free, and the bound is used up
	r.took("a", "b")
	r.leave(mailbox.GaveBack, "b")
	r.took("c")
	r.at(counts{inHand: 1, backingOff: 1})
}

func TestSenderThatLeavesAnEntryInHandIsNotAnsweredByTheWorker(t *testing.T) {
	for _, o := range []mailbox.Outcome{mailbox.Completed, mailbox.Failed, mailbox.Cancelled} {
		r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
		r.offers(mailbox.Accepted, "a", "b")
		r.offers(mailbox.Waits, "c")
		r.leave(mailbox.InHand, "a")
		r.at(counts{inHand: 1, queued: 1, waiting: 1}) // the worker is still busy with it
		r.leave(mailbox.Answered, "a")
		if r.Reply(r.entries["a"]) {
			t.Fatal("a reply to a sender that has gone")
		}
		if r.finish("a", o) {
			t.Fatal("the worker was told to answer a sender that has gone")
		}
		if s := r.Stats(); s.Cancelled != 1 || s.Completed+s.Failed != 0 {
			t.Fatalf("counted as %+v, want cancelled", s.Counters)
		}
		r.took("a", "b")
	}
}

func TestBackoffOfAnEntryWhoseSenderHasGoneSettlesIt(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.leave(mailbox.InHand, "a")
	w := r.release("a")
	next, parked := r.Backoff(w.Worker)
	if parked {
		t.Fatal("parked without a sender")
	}
	r.after(w, next)
	r.took("a", "b")
	if s := r.Stats(); s.Cancelled != 1 || s.BackingOff != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestLeavingAfterTheAnswerFindsItAnswered(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1, Drop: true})
	r.offers(mailbox.Accepted, "a", "b")
	r.offer("refused")
	r.complete("a")
	r.leave(mailbox.Answered, "a", "refused")
	if !r.Reply(r.entries["b"]) {
		t.Fatal("no reply to a sender that waits")
	}
	r.leave(mailbox.Answered, "b")
}

func TestReplyIsTheOneAnswerAndFinishOnlyCounts(t *testing.T) {
	for o, counted := range map[mailbox.Outcome]func(mailbox.Stats) uint64{
		mailbox.Completed: func(s mailbox.Stats) uint64 { return s.Completed },
		mailbox.Failed:    func(s mailbox.Stats) uint64 { return s.Failed },
		mailbox.Cancelled: func(s mailbox.Stats) uint64 { return s.Cancelled },
	} {
		r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
		r.offers(mailbox.Accepted, "a", "b")
		if !r.Reply(r.entries["a"]) || r.Reply(r.entries["a"]) {
			t.Fatal("want exactly one right to reply")
		}
		r.at(counts{inHand: 1, queued: 1}) // a stream holds its worker
		if r.finish("a", o) {
			t.Fatal("a second answer after a reply")
		}
		if s := r.Stats(); counted(s) != 1 || s.Completed+s.Failed+s.Cancelled != 1 {
			t.Fatalf("outcome %d counted as %+v", o, s.Counters)
		}
		r.took("a", "b")
	}
}

func TestEntryIsOfferedAgainAfterEachWayToSettleIt(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1, Drop: true})
	settle := []func(){
		func() { r.offers(mailbox.Accepted, "e"); r.complete("e") },
		func() { r.offers(mailbox.Accepted, "a", "e"); r.leave(mailbox.GaveBack, "e"); r.complete("a") },
		func() { r.offers(mailbox.Accepted, "a", "b"); r.offer("e"); r.complete("a", "b") },
		func() { r.offers(mailbox.Accepted, "e"); r.backoff("e"); r.leave(mailbox.GaveBack, "e") },
		func() { r.offerAs("e", mailbox.Gone) },
	}
	var last uint64
	for i, f := range append(settle, settle...) {
		f()
		r.at(counts{})
		if now := r.entries["e"].Ticket(); now <= last {
			t.Fatalf("step %d: ticket %d after %d", i, now, last)
		} else {
			last = now
		}
	}
}
