package mailbox_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"bifrost/mailbox"
	"bifrost/schemas"
)

type entry = mailbox.Entry[string]

// rig is a mailbox with workers that hold what they are given until the test
// says otherwise. Entries are known by their names.
type rig struct {
	*mailbox.Mailbox[string]
	t testing.TB

	taken   []string // names that workers were given, in order
	holders map[string]*worker
	idle    []*worker
	entries map[string]*entry

	onHand func(*worker, *entry) // called before the rig notes a hand-off
}

type worker struct{ *mailbox.Worker[string] }

// open returns a mailbox with all its workers ready.
func open(t testing.TB, l mailbox.Limits) *rig {
	r := closedShop(t, l)
	r.start(l.Concurrency)
	return r
}

// closedShop returns a mailbox without workers.
func closedShop(t testing.TB, l mailbox.Limits) *rig {
	t.Helper()
	r := &rig{Mailbox: mailbox.New[string](l), t: t, holders: map[string]*worker{}, entries: map[string]*entry{}}
	t.Cleanup(r.balanced)
	return r
}

func (r *rig) newWorker() *worker {
	w := &worker{}
	w.Worker = mailbox.NewWorker(func(e *entry) {
		if r.onHand != nil {
			r.onHand(w, e)
		}
		r.give(w, e)
	})
	return w
}

// start makes n new workers ready, and returns how many of them are to retire.
func (r *rig) start(n int) (retired int) {
	for range n {
		if r.ready(r.newWorker()) {
			retired++
		}
	}
	return retired
}

// ready reports a worker ready, and returns whether it is to retire.
func (r *rig) ready(w *worker) bool { return r.after(w, r.Ready(w.Worker)) }

// after does what a worker does with its next entry, and returns whether it is
// to retire.
func (r *rig) after(w *worker, next mailbox.Next[string]) bool {
	switch {
	case next.Retire && next.Entry != nil:
		r.t.Fatal("a worker is to retire and to serve")
	case next.Entry != nil:
		r.give(w, next.Entry)
	case !next.Retire && !r.holds(w):
		r.idle = append(r.idle, w)
	}
	r.balanced()
	return next.Retire
}

func (r *rig) give(w *worker, e *entry) {
	r.idle = slices.DeleteFunc(r.idle, func(other *worker) bool { return other == w })
	r.taken = append(r.taken, e.Value)
	r.holders[e.Value] = w
}

func (r *rig) holds(w *worker) bool {
	for _, other := range r.holders {
		if other == w {
			return true
		}
	}
	return false
}

// offer offers an entry of the given name for a sender that blocks.
func (r *rig) offer(name string) (mailbox.Verdict, mailbox.Refusal) {
	return r.offerAs(name, mailbox.Blocks)
}

func (r *rig) offerAs(name string, s mailbox.Sender) (mailbox.Verdict, mailbox.Refusal) {
	r.t.Helper()
	e := r.entries[name]
	if e == nil {
		e = &entry{Value: name}
		r.entries[name] = e
	}
	v, refusal := r.Offer(e, s)
	r.balanced()
	return v, refusal
}

// offers offers entries by name, all of which must get the verdict.
func (r *rig) offers(want mailbox.Verdict, names ...string) {
	r.t.Helper()
	for _, name := range names {
		if got, refusal := r.offer(name); got != want {
			r.t.Fatalf("offer %s: verdict %d %+v, want %d", name, got, refusal, want)
		}
	}
}

// leave makes the sender of an entry leave.
func (r *rig) leave(want mailbox.Leaving, names ...string) {
	r.t.Helper()
	for _, name := range names {
		if got := r.Leave(r.entries[name]); got != want {
			r.t.Fatalf("leave %s: %d, want %d", name, got, want)
		}
		r.balanced()
	}
}

// finish makes the worker that holds the entry finish it, and returns whether it
// was to answer it.
func (r *rig) finish(name string, o mailbox.Outcome) bool {
	r.t.Helper()
	won, _ := r.finishRetire(name, o)
	return won
}

func (r *rig) finishRetire(name string, o mailbox.Outcome) (won, retire bool) {
	r.t.Helper()
	w := r.release(name)
	next, won := r.Finish(w.Worker, o)
	return won, r.after(w, next)
}

// complete finishes entries that must be theirs to answer.
func (r *rig) complete(names ...string) {
	r.t.Helper()
	for _, name := range names {
		if !r.finish(name, mailbox.Completed) {
			r.t.Fatalf("%s was not its worker's to answer", name)
		}
	}
}

// backoff parks an entry that is in hand.
func (r *rig) backoff(names ...string) {
	r.t.Helper()
	for _, name := range names {
		w := r.release(name)
		next, parked := r.Backoff(w.Worker)
		if !parked {
			r.t.Fatalf("%s was not parked", name)
		}
		r.after(w, next)
	}
}

// due ends backoffs.
func (r *rig) due(names ...string) {
	for _, name := range names {
		r.Due(r.entries[name], r.entries[name].Ticket())
		r.balanced()
	}
}

// release takes the entry out of its worker's hand, in the rig's own books.
func (r *rig) release(name string) *worker {
	r.t.Helper()
	w := r.holders[name]
	if w == nil {
		r.t.Fatalf("no worker holds %s", name)
	}
	delete(r.holders, name)
	return w
}

// took checks which entries workers were given since the last call, in order.
func (r *rig) took(want ...string) {
	r.t.Helper()
	if !slices.Equal(r.taken, want) {
		r.t.Fatalf("workers took %v, want %v", r.taken, want)
	}
	r.taken = nil
}

// counts is what an at rest mailbox is compared by.
type counts struct{ inHand, queued, waiting, backingOff int }

func (r *rig) at(want counts) {
	r.t.Helper()
	s := r.Stats()
	if got := (counts{s.InHand, s.Queued, s.Waiting, s.BackingOff}); got != want {
		r.t.Fatalf("mailbox is at %+v, want %+v", got, want)
	}
}

func (r *rig) balanced() {
	r.t.Helper()
	if s := r.Stats(); !s.Balanced() {
		r.t.Fatalf("the sums do not hold: %+v", s)
	}
}

// isIdle reports whether Idle is closed.
func (r *rig) isIdle() bool {
	select {
	case <-r.Idle():
		return true
	default:
		return false
	}
}

// refusal checks a refusal but for its RetryAfter, which must be whole seconds
// from 1 to 59.
func (r *rig) refusal(got, want mailbox.Refusal) {
	r.t.Helper()
	if s := got.RetryAfter; s < time.Second || s > 59*time.Second || s%time.Second != 0 {
		r.t.Fatalf("retry after %v is not 1 to 59 whole seconds", s)
	}
	got.RetryAfter = 0
	if got != want {
		r.t.Fatalf("refusal %+v, want %+v", got, want)
	}
}

func (r *rig) refused(name string, want schemas.Reason) {
	r.t.Helper()
	if v, refusal := r.offer(name); v != mailbox.Refused || refusal.Reason != want {
		r.t.Fatalf("offer %s: verdict %d, reason %q; want refused, %q", name, v, refusal.Reason, want)
	}
}

// named returns n names with a prefix: a0, a1, …
func named(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = prefix + strconv.Itoa(i)
	}
	return out
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Fatalf("%s did not panic", what)
		}
	}()
	f()
}
