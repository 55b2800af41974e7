package mailbox_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bifrost/mailbox"
)

// slowShop is a mailbox with one worker that takes each entry for as long as the
// test sleeps. It never asks for Stats, which the rig does all the time: asking
// must not be what keeps the drain rate known.
type slowShop struct {
	*mailbox.Mailbox[string]
	worker *mailbox.Worker[string]
}

func newSlowShop(bufferSize int) slowShop {
	s := slowShop{mailbox.New[string](mailbox.Limits{Concurrency: 1, BufferSize: bufferSize, Drop: true}),
		mailbox.NewWorker(func(*entry) {})}
	s.Ready(s.worker)
	return s
}

// fill offers entries until one is refused.
func (s slowShop) fill() mailbox.Refusal {
	for {
		if v, refusal := s.Offer(&entry{}, mailbox.Blocks); v == mailbox.Refused {
			return refusal
		}
	}
}

// serve finishes n entries, each after d.
func (s slowShop) serve(n int, d time.Duration) {
	for range n {
		time.Sleep(d)
		s.Finish(s.worker, mailbox.Completed)
	}
}

func between(t *testing.T, got mailbox.Refusal, lo, hi time.Duration) {
	t.Helper()
	if d := got.RetryAfter; d < lo || d > hi || d%time.Second != 0 {
		t.Fatalf("retry after %v, want whole seconds from %v to %v", d, lo, hi)
	}
}

func TestRetryAfterIsOneSecondWhileNoRateIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(10)
		between(t, s.fill(), time.Second, time.Second)
		time.Sleep(time.Minute) // nothing has been finished
		between(t, s.fill(), time.Second, time.Second)
	})
}

func TestRetryAfterIsTheBacklogOverTheDrainRateWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(10)
		s.fill()
		s.serve(5, 2*time.Second)
		for range 100 { // 0.5 a second; 10 queued and the one that asks
			between(t, s.fill(), 22*time.Second, 27*time.Second)
		}
	})
}

func TestRetryAfterNeverExceeds59SecondsNorFallsBelowOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, fast := newSlowShop(10), newSlowShop(10)
		slow.fill()
		slow.serve(2, 10*time.Minute)
		between(t, slow.fill(), 59*time.Second, 59*time.Second)
		fast.fill()
		for range 1000 {
			fast.serve(1, time.Millisecond)
			fast.fill()
		}
		between(t, fast.fill(), time.Second, time.Second)
	})
}

func TestRetryAfterKnowsTheRateOfABacklogThatNobodyAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(10)
		for range 11 {
			s.Offer(&entry{}, mailbox.Blocks)
		}
		s.serve(11, 2*time.Second)
		between(t, s.fill(), 22*time.Second, 27*time.Second)
	})
}

func TestDrainRateLeavesOutTimeWithoutAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(10)
		s.fill()
		s.serve(11, time.Second)
		time.Sleep(time.Hour)
		if rate := s.Stats().DrainRate; rate < 0.9 || rate > 1.1 {
			t.Fatalf("drain rate %v a second, want 1", rate)
		}
		between(t, s.fill(), 11*time.Second, 14*time.Second)
	})
}

func TestRetryAfterIgnoresABacklogTooShortToMeasure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(1000)
		for range 2 {
			s.Offer(&entry{}, mailbox.Blocks)
		}
		s.serve(2, 90*time.Millisecond) // one was queued for 90 ms: 11 a second, or chance
		between(t, s.fill(), time.Second, time.Second)
	})
}

func TestDrainRateDoesNotCountWhatDrainTakesOutNorTheTimeAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(1000)
		s.fill()
		s.serve(10, time.Second)
		s.Close()
		s.Drain()
		time.Sleep(time.Hour)
		if rate := s.Stats().DrainRate; rate < 0.9 || rate > 1.1 {
			t.Fatalf("drain rate %v a second, want 1", rate)
		}
	})
}

func TestRefusalsWhileDrainingAskForOneSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(10)
		s.fill()
		s.serve(5, 10*time.Second)
		s.Close()
		between(t, s.fill(), time.Second, time.Second)
	})
}

func TestStatsTellHowLongEntriesWaitedAndWereQueuedInTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(2)
		s.SetDrop(false)
		entries := make([]entry, 5) // one in hand, two queued, two waiting
		for i := range entries {
			s.Offer(&entries[i], mailbox.Blocks)
		}
		for served, want := range []time.Duration{0, 1, 3, 6, 10} { // the nth has waited n seconds
			if got := s.Stats().QueueWait; got != want*time.Second {
				t.Fatalf("%d served: queue wait %v, want %d s", served, got, want)
			}
			time.Sleep(time.Second)
			if served < 4 {
				s.Finish(s.worker, mailbox.Completed)
			}
		}
		s.Backoff(s.worker)
		time.Sleep(time.Minute) // a backoff is not part of it
		s.Due(&entries[4], entries[4].Ticket())
		s.Finish(s.worker, mailbox.Completed)
		if got := s.Stats(); got.QueueWait != 10*time.Second || got.Completed != 5 {
			t.Fatalf("at rest: %+v", got)
		}
	})
}

func TestStatsTellTheAgeOfTheOldestQueuedEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlowShop(10)
		for range 3 { // one in hand, two queued a second apart
			s.Offer(&entry{}, mailbox.Blocks)
			time.Sleep(time.Second)
		}
		for _, want := range []time.Duration{2 * time.Second, time.Second, 0} {
			if got := s.Stats().OldestQueued; got != want {
				t.Fatalf("oldest queued %v, want %v", got, want)
			}
			s.Finish(s.worker, mailbox.Completed)
		}
	})
}
