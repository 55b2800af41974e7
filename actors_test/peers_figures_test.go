package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: what can be seen.

func TestPeersRow28QueueDepthQueueWaitBusyWorkersAndDropReasonsCanBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(10*time.Second)), sizes(2, 3), dropExcess)
		callers := crowdOf(t.Context(), client, 5)
		synctest.Wait()
		for range 4 {
			deadLetterOf(t, ask(t.Context(), client))
		}
		time.Sleep(time.Second)
		s := stats(client)
		if s.Queued != 3 || s.BufferSize != 3 || s.InHand != 2 || s.Concurrency != 2 || s.Workers != 2 ||
			s.OldestQueued != time.Second || s.QueueWait != 0 {
			t.Errorf("busy: %+v", s)
		}
		if len(s.Refused) != 1 || s.Refused[schemas.ReasonQueueFull] != 4 {
			t.Errorf("refused %v", s.Refused)
		}
		if s.Offered != 9 || s.Admitted != 5 || s.Offered != s.Admitted+uint64(s.Waiting)+s.Left+s.RefusedTotal() ||
			s.Admitted != s.Completed+s.Failed+s.Cancelled+s.DeadLettered+uint64(s.Queued+s.BackingOff+s.InHand) {
			t.Errorf("the sum cannot be read: %+v", s)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 5})
		if s := stats(client); s.QueueWait != 40*time.Second { // two for 10 s, the last for 20 s
			t.Errorf("queue wait %v", s.QueueWait)
		}
		atRest(t, client)
	})
}
