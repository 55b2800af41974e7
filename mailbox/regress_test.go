package mailbox_test

import (
	"slices"
	"testing"

	"bifrost/mailbox"
)

// twoClaims returns a mailbox in which a call of Resize to the returned limits
// claims two free workers at once, for x and then for y: backoffs use up the
// bound while both workers are free.
func twoClaims(t *testing.T) (*rig, mailbox.Limits) {
	r := open(t, mailbox.Limits{Concurrency: 2, BufferSize: 1})
	for _, name := range []string{"a", "b", "c"} {
		r.offers(mailbox.Accepted, name)
		r.backoff(name)
	}
	r.offers(mailbox.Waits, "x", "y")
	r.at(counts{waiting: 2, backingOff: 3})
	r.taken = nil
	return r, mailbox.Limits{Concurrency: 2, BufferSize: 3}
}

func TestEntriesClaimedTogetherAreHandedOverInTheirOrder(t *testing.T) {
	r, larger := twoClaims(t)
	r.Resize(larger)
	r.took("x", "y")
}

func TestWorkerThatStopsBetweenClaimAndHandOverDoesNotHarmTheSender(t *testing.T) {
	r, larger := twoClaims(t)
	workers := slices.Clone(r.idle)
	var stopped []string
	r.onHand = func(w *worker, e *entry) {
		if e == nil {
			t.Fatal("a worker was handed nothing")
		}
		for _, other := range workers {
			if other != w && stopped == nil {
				held, mine := r.Stopped(other.Worker)
				if held == nil || !mine {
					t.Fatal("the claimed entry was not returned to be answered")
				}
				stopped = append(stopped, held.Value)
			}
		}
	}
	r.Resize(larger)
	if len(stopped) != 1 || stopped[0] != "y" {
		t.Fatalf("returned %v, want y", stopped)
	}
	r.at(counts{inHand: 1, backingOff: 3})
}

func TestPanickedWorkerThatWasFreeGetsNothingUntilItIsReadyAgain(t *testing.T) {
	r := open(t, mailbox.Limits{Concurrency: 1, BufferSize: 2})
	w := r.idle[0]
	if r.Panicked(w.Worker) {
		t.Fatal("a worker without an entry was told to answer")
	}
	r.offers(mailbox.Accepted, "a", "b")
	r.took()
	r.at(counts{queued: 2})
	r.ready(w)
	r.complete("a")
	r.took("a", "b")
}
