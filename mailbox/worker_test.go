package mailbox_test

import (
	"slices"
	"testing"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// panics makes the worker that holds the entry panic, and returns it.
func (r *rig) panics(name string) (w *worker, won bool) {
	r.t.Helper()
	w = r.release(name)
	won = r.Panicked(w.Worker)
	r.balanced()
	return w, won
}

func TestPanicFailsTheEntryInHandAndNoOther(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 2})
	r.offers(mailbox.Accepted, "a", "b", "c", "d")
	w, won := r.panics("a")
	if !won {
		t.Fatal("nobody is to answer the sender")
	}
	r.at(counts{inHand: 1, queued: 2})
	if s := r.Stats(); s.Failed != 1 || s.Workers != 2 || s.Restarting != 1 {
		t.Fatalf("%+v", s)
	}
	r.complete("b") // the other worker goes on
	r.took("a", "b", "c")
	r.ready(w)
	r.took("d")
	if s := r.Stats(); s.Workers != 2 || s.Restarting != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestPanicAfterAReplyOrALeaveAnswersNobody(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	r.offers(mailbox.Accepted, "streams", "left")
	r.Reply(r.entries["streams"])
	r.leave(mailbox.InHand, "left")
	for _, name := range []string{"streams", "left"} {
		if _, won := r.panics(name); won {
			t.Errorf("%s was answered twice", name)
		}
	}
	if s := r.Stats(); s.Failed != 1 || s.Cancelled != 1 {
		t.Fatalf("failed %d, cancelled %d; want 1 and 1", s.Failed, s.Cancelled)
	}
}

func TestPanicBeforeTheWorkerIsReadyForTheFirstTimeCountsNothing(t *testing.T) {
	r := closedShop(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	w := r.newWorker()
	if r.Panicked(w.Worker) {
		t.Fatal("won an entry that was never taken")
	}
	if s := r.Stats(); s.Workers != 0 || s.Restarting != 0 {
		t.Fatalf("%+v", s)
	}
	r.ready(w)
	if s := r.Stats(); s.Workers != 1 || s.Restarting != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestPanicTwiceBeforeReadyCountsOnce(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	w, _ := r.panics("a")
	r.Panicked(w.Worker)
	if s := r.Stats(); s.Restarting != 1 || s.Failed != 1 {
		t.Fatalf("%+v", s)
	}
	r.ready(w)
	if s := r.Stats(); s.Restarting != 0 || s.Workers != 2 {
		t.Fatalf("%+v", s)
	}
}

func TestFullMailboxRefusesAsDegradedOnlyWhileEveryWorkerRestarts(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 2, Drop: true})
	r.offers(mailbox.Accepted, "a", "b", "c", "d")
	wa, _ := r.panics("a")
	r.refused("x", schemas.ReasonQueueFull) // no place is queued for the one that a had in hand
	r.panics("b")
	r.refused("y", schemas.ReasonDegraded)
	r.ready(wa)
	r.offers(mailbox.Accepted, "e")
	r.refused("z", schemas.ReasonQueueFull)
}

func TestPanicOverTheBoundFreesAPlaceForAWaiter(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.backoff("a")
	r.offers(mailbox.Waits, "c")
	r.panics("b")
	r.at(counts{queued: 1, backingOff: 1})
}

func TestRestartedWorkerRetiresIfThePoolHasShrunkMeanwhile(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 3, BufferSize: 3})
	r.offers(mailbox.Accepted, "a", "b", "c", "d")
	w, _ := r.panics("a")
	r.resize(mailbox.Limits{Concurrency: 2, BufferSize: 3})
	r.complete("b") // two workers are left: nobody retires
	r.took("a", "b", "c", "d")
	if !r.ready(w) {
		t.Fatal("the third worker came back")
	}
	r.at(counts{inHand: 2})
	if s := r.Stats(); s.Workers != 2 || s.Restarting != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestEntryThatAWorkerGivesBackIsNextInTurn(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 2})
	r.offers(mailbox.Accepted, "a", "b", "c")
	w := r.release("b")
	r.GiveBack(w.Worker)
	r.at(counts{inHand: 1, queued: 1, backingOff: 1})
	if held, mine := r.Stopped(w.Worker); held != nil || mine {
		t.Fatalf("the stopped worker still held %v, mine is %v", held, mine)
	}
	r.complete("a", "b", "c")
	r.took("a", "b", "b", "c")
	if s := r.Stats(); s.Completed != 3 || s.Cancelled != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestWorkerKeepsWhatItWouldGiveBackAfterDrain(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2})
	r.offers(mailbox.Accepted, "a")
	w := r.release("a")
	r.Close()
	r.Drain()
	r.GiveBack(w.Worker)
	r.at(counts{inHand: 1})
	if held, mine := r.Stopped(w.Worker); held == nil || mine {
		t.Fatalf("the stopped worker held %v, mine is %v: the drain has returned it already", held, mine)
	}
}

func TestStoppedWorkerGivesBackWhatItHeldAndIsMissing(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b", "c")
	w := r.release("a")
	held, mine := r.Stopped(w.Worker)
	if held == nil || held.Value != "a" || !mine {
		t.Fatalf("returned %v, mine is %v", held, mine)
	}
	r.at(counts{inHand: 1, queued: 1})
	if s := r.Stats(); s.Cancelled != 1 || s.Workers != 1 || r.Missing() != 1 {
		t.Fatalf("%+v, %d missing", s, r.Missing())
	}
	if held, mine := r.Stopped(w.Worker); held != nil || mine || r.Missing() != 1 {
		t.Fatalf("stopped twice: %v, %v, %d missing", held, mine, r.Missing())
	}
	r.start(r.Missing())
	r.took("a", "b", "c")
}

func TestStoppedFreeOrRestartingWorkerIsNeverHandedAnything(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 3, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	w, _ := r.panics("a")
	for _, w := range []*worker{r.idle[0], w} {
		if held, mine := r.Stopped(w.Worker); held != nil || mine {
			t.Fatalf("returned %v, %v", held, mine)
		}
	}
	r.idle = r.idle[1:]
	if s := r.Stats(); s.Workers != 1 || s.Restarting != 0 || r.Missing() != 2 {
		t.Fatalf("%+v, %d missing", s, r.Missing())
	}
	r.offers(mailbox.Accepted, "b", "c")
	r.at(counts{inHand: 1, queued: 1})
}

func TestStoppedWorkerWhoseSenderHasGoneIsNotToAnswer(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a")
	r.leave(mailbox.InHand, "a")
	if held, mine := r.Stopped(r.release("a").Worker); held == nil || mine {
		t.Fatalf("returned %v, mine is %v", held, mine)
	}
}

func TestStoppedWorkerFreesThePlaceOfWhatItHeld(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 1})
	r.offers(mailbox.Accepted, "a", "b")
	r.backoff("a")
	r.offers(mailbox.Waits, "c")
	r.Stopped(r.release("b").Worker)
	r.at(counts{queued: 1, backingOff: 1})
}

func TestRetiredWorkerThatStopsIsNotCountedTwice(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	_, retired := r.Resize(mailbox.Limits{Concurrency: 1, BufferSize: 1})
	for _, slot := range retired {
		r.Stopped(slot)
	}
	if s := r.Stats(); len(retired) != 1 || s.Workers != 1 || r.Missing() != 0 {
		t.Fatalf("%d retired, %+v", len(retired), s)
	}
}

func TestEachFreeVisitsTheFreeWorkersAndSaysHowLongTheyHaveBeenIdle(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 3, BufferSize: 1})
	visit := func() map[*mailbox.Worker[string]]int {
		seen := map[*mailbox.Worker[string]]int{}
		r.EachFree(func(w *mailbox.Worker[string], idle int) { seen[w] = idle })
		return seen
	}
	visit()
	r.offers(mailbox.Accepted, "a")
	busy := r.holders["a"].Worker
	for round := 1; round <= 2; round++ {
		seen := visit()
		if _, ok := seen[busy]; ok || len(seen) != 2 {
			t.Fatalf("round %d visited %v", round, seen)
		}
		for _, idle := range seen {
			if idle != round {
				t.Fatalf("idle for %d visits, want %d", idle, round)
			}
		}
	}
	r.complete("a")
	if seen := visit(); len(seen) != 3 || seen[busy] != 0 {
		t.Fatalf("visited %v; the one that has served must be at 0", seen)
	}
	free := slices.Clone(r.idle)
	r.Stopped(free[0].Worker)
	if seen := visit(); len(seen) != 2 {
		t.Fatalf("visited %d, want the two that are left", len(seen))
	}
}
