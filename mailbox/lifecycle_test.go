package mailbox_test

import (
	"slices"
	"testing"

	"bifrost/mailbox"
	"bifrost/schemas"
)

func (r *rig) returned(got []mailbox.Returned[string], want ...string) {
	r.t.Helper()
	var names []string
	for _, x := range got {
		names = append(names, x.Entry.Value)
		if x.Refusal.Reason != schemas.ReasonDraining {
			r.t.Fatalf("%s was returned as %q, want draining", x.Entry.Value, x.Refusal.Reason)
		}
	}
	if !slices.Equal(names, want) {
		r.t.Fatalf("returned %v, want %v", names, want)
	}
	r.balanced()
}

func TestCloseRefusesWaitersAndOffersAndServesWhatIsAccepted(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2})
	r.offers(mailbox.Accepted, "parked")
	r.backoff("parked")
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "w1", "w2")
	r.returned(r.Close(), "w1", "w2")
	r.returned(r.Close())
	r.refused("late", schemas.ReasonDraining)
	if s := r.Stats(); s.Refused[schemas.ReasonDraining] != 3 || s.Left != 0 {
		t.Fatalf("%+v", s.Counters)
	}
	r.leave(mailbox.Answered, "w1") // it has been returned to be answered
	r.due("parked")
	if r.isIdle() {
		t.Fatal("idle with work to do")
	}
	r.complete("a", "parked", "b")
	r.took("parked", "a", "parked", "b")
	if !r.isIdle() {
		t.Fatal("not idle after the last entry")
	}
}

func TestRefusalsOfACloseAreWholeRefusals(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.offers(mailbox.Waits, "w")
	out := r.Close()
	r.refusal(out[0].Refusal, mailbox.Refusal{Reason: schemas.ReasonDraining, Capacity: 1, Queued: 1, InHand: 1})
}

func TestRoomAfterACloseIsNobodys(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 2})
	r.Close()
	r.refused("a", schemas.ReasonDraining)
	r.at(counts{})
}

func TestDrainReturnsAllThatIsInNoWorkersHandAsDeadLetters(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 4})
	r.offers(mailbox.Accepted, "parked", "due", "a", "b", "c")
	r.backoff("parked", "due")
	r.due("due")
	r.Close()
	d := r.Drain()
	r.returned(d.Queued, "b", "c")
	r.returned(d.BackingOff, "due", "parked")
	if len(d.Abandoned) != 1 || d.Abandoned[0].Value != "a" || d.InHand != 1 {
		t.Fatalf("abandoned %v of %d in hand", d.Abandoned, d.InHand)
	}
	r.at(counts{inHand: 1})
	if s := r.Stats(); s.DeadLettered != 4 {
		t.Fatalf("%d dead letters, want 4", s.DeadLettered)
	}
	r.due("parked") // its timer, late
	r.leave(mailbox.Answered, "b")
	if d := r.Drain(); len(d.Queued)+len(d.BackingOff)+len(d.Abandoned) != 0 || d.InHand != 1 {
		t.Fatalf("a second drain returned %+v", d)
	}
	if r.isIdle() {
		t.Fatal("idle with an entry in hand")
	}
	if r.finish("a", mailbox.Completed) {
		t.Fatal("the worker is to answer what the drain has returned")
	}
	if !r.isIdle() {
		t.Fatal("not idle")
	}
}

func TestEntryThatWasInHandAtADrainIsNeverParked(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	r.Close()
	r.Drain()
	w := r.release("a")
	if _, parked := r.Backoff(w.Worker); parked {
		t.Fatal("parked after the drain")
	}
	r.at(counts{})
	if s := r.Stats(); s.Cancelled != 1 || !r.isIdle() {
		t.Fatalf("idle is %v, %+v", r.isIdle(), s)
	}
}

func TestDrainTakesTheRightToAnswerFromTheWorkers(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 3, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "streams", "left", "queued")
	r.Reply(r.entries["streams"])
	r.leave(mailbox.InHand, "left")
	r.Close()
	for i, want := range [][]string{{"a"}, nil} {
		var got []string
		for _, e := range r.Drain().Abandoned {
			got = append(got, e.Value)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("drain %d abandoned %v, want %v", i, got, want)
		}
	}
	r.at(counts{inHand: 3}) // they stay in hand
	r.leave(mailbox.Answered, "a")
	for name, won := range map[string]bool{"a": false, "left": false, "streams": false} {
		if r.finish(name, mailbox.Completed) != won {
			t.Errorf("%s: a second answer", name)
		}
	}
	if s := r.Stats(); s.Cancelled != 2 || s.Completed != 1 {
		t.Fatalf("cancelled %d, completed %d; want 2 and 1", s.Cancelled, s.Completed)
	}
}

func TestIdleIsClosedExactlyWhenTheMailboxIsClosedAndHoldsNothing(t *testing.T) {
	last := map[string]func(r *rig){
		"finished":        func(r *rig) { r.complete("e") },
		"abandoned":       func(r *rig) { r.Drain(); r.finish("e", mailbox.Failed) },
		"panicked":        func(r *rig) { r.panics("e") },
		"stopped":         func(r *rig) { r.Stopped(r.release("e").Worker) },
		"left in backoff": func(r *rig) { r.backoff("e"); r.leave(mailbox.GaveBack, "e") },
		"left when due":   func(r *rig) { r.backoff("e"); r.due("e"); r.complete("e") },
		"drained":         func(r *rig) { r.backoff("e"); r.returned(r.Drain().BackingOff, "e") },
		"backed off after it left": func(r *rig) {
			r.leave(mailbox.InHand, "e")
			w := r.release("e")
			next, _ := r.Backoff(w.Worker)
			r.after(w, next)
		},
	}
	for how, end := range last {
		t.Run(how, func(t *testing.T) {
			r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
			r.offers(mailbox.Accepted, "e")
			r.complete("e")
			r.offers(mailbox.Accepted, "e")
			if r.isIdle() {
				t.Fatal("idle and open")
			}
			if r.Close(); r.isIdle() {
				t.Fatal("idle and not empty")
			}
			if end(r); !r.isIdle() {
				t.Fatal("empty and not idle")
			}
		})
	}
	t.Run("closed when empty", func(t *testing.T) {
		r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
		if r.Close(); !r.isIdle() {
			t.Fatal("empty and not idle")
		}
		r.Close()
	})
	t.Run("the queued one left", func(t *testing.T) {
		r := closedShop(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
		r.offers(mailbox.Accepted, "e")
		r.Close()
		if r.leave(mailbox.GaveBack, "e"); !r.isIdle() {
			t.Fatal("empty and not idle")
		}
	})
}
