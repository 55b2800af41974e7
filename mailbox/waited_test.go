package mailbox_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bifrost/mailbox"
)

func TestAnEntryKnowsHowLongItWaitedUntilItWasTakenOrLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mailbox.New[int](mailbox.Limits{Concurrency: 1, BufferSize: 1})
		w := mailbox.NewWorker(func(*mailbox.Entry[int]) {})
		m.Ready(w)
		var direct, queued, waits, leaves, expires mailbox.Entry[int]
		for _, e := range []*mailbox.Entry[int]{&direct, &queued, &waits, &leaves, &expires} {
			m.Offer(e, mailbox.Blocks)
		}
		time.Sleep(time.Second)
		m.Leave(&leaves)
		time.Sleep(time.Second)
		m.Expire(&expires, expires.Ticket())
		time.Sleep(time.Second)
		m.Finish(w, mailbox.Completed) // takes the queued one
		time.Sleep(time.Second)
		m.Backoff(w) // takes the one that waited
		time.Sleep(time.Second)
		m.Due(&queued, queued.Ticket())
		m.Finish(w, mailbox.Completed) // takes the first again
		for _, c := range []struct {
			name string
			e    *mailbox.Entry[int]
			want time.Duration
		}{{"handed over", &direct, 0}, {"queued", &queued, 3 * time.Second}, {"waiting", &waits, 4 * time.Second},
			{"left", &leaves, time.Second}, {"expired", &expires, 2 * time.Second}} {
			if got := c.e.Waited(); got != c.want {
				t.Errorf("%s: waited %v, want %v", c.name, got, c.want)
			}
		}
		m.Finish(w, mailbox.Completed)
		m.Offer(&queued, mailbox.Blocks)
		if got := queued.Waited(); got != 0 {
			t.Errorf("offered again, it has waited %v", got)
		}
		m.Close()
	})
}

func TestAnEntryThatIsDrainedOrRefusedAtTheEndKnowsItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := mailbox.New[int](mailbox.Limits{Concurrency: 1, BufferSize: 1})
		var queued, waits mailbox.Entry[int]
		m.Offer(&queued, mailbox.Blocks)
		m.Offer(&waits, mailbox.Blocks)
		time.Sleep(time.Second)
		m.Close()
		time.Sleep(time.Second)
		m.Drain()
		if queued.Waited() != 2*time.Second || waits.Waited() != time.Second {
			t.Errorf("waited %v and %v", queued.Waited(), waits.Waited())
		}
	})
}
