package mailbox_test

import (
	"testing"

	"bifrost/mailbox"
)

func TestMisusePanicsAndLeavesTheMailboxUsable(t *testing.T) {
	limits := mailbox.Limits{Concurrency: 1, BufferSize: 1}
	misuses := map[string]func(r *rig){
		"resize to no workers":          func(r *rig) { r.Resize(mailbox.Limits{Concurrency: 0, BufferSize: 1}) },
		"resize to no places":           func(r *rig) { r.Resize(mailbox.Limits{Concurrency: 1, BufferSize: 0}) },
		"resize to negative waiters":    func(r *rig) { r.Resize(mailbox.Limits{Concurrency: 1, BufferSize: 1, MaxWaiting: -1}) },
		"finish without an entry":       func(r *rig) { r.Finish(r.idle[0].Worker, mailbox.Completed) },
		"backoff without an entry":      func(r *rig) { r.Backoff(r.idle[0].Worker) },
		"drain before close":            func(r *rig) { r.Drain() },
		"offer of an entry that queues": func(r *rig) { r.offers(mailbox.Accepted, "a", "b"); r.Offer(r.entries["b"], mailbox.Blocks) },
	}
	for what, misuse := range misuses {
		t.Run(what, func(t *testing.T) {
			r := open(t, limits)
			mustPanic(t, what, func() { misuse(r) })
			if v, _ := r.offer("after"); v == mailbox.Refused {
				t.Fatal("refused after a misuse")
			}
			r.balanced()
		})
	}
	for _, l := range []mailbox.Limits{{}, {Concurrency: 1}, {BufferSize: 1}, {Concurrency: 1, BufferSize: 1, MaxWaiting: -1}} {
		mustPanic(t, "new", func() { mailbox.New[string](l) })
	}
}
