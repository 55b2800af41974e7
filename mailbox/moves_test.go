package mailbox_test

import (
	"slices"

	"pgregory.net/rapid"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// The machine's moves: each makes one call, or a few of a kind, and compares what
// it returns with what the model says.

func (x *machine) offers(t *rapid.T) {
	x.t = t
	sender := rapid.SampledFrom([]mailbox.Sender{mailbox.Blocks, mailbox.Blocks, mailbox.CannotBlock, mailbox.Gone}).Draw(t, "sender")
	for range rapid.IntRange(1, 8).Draw(t, "offers") {
		x.offer(x.unused(), sender)
		x.compare(t)
	}
}

// unused returns an entry to offer: the first settled one, or a new one.
func (x *machine) unused() *item {
	for _, e := range x.items {
		if e.where == nowhere {
			return e
		}
	}
	e := &item{}
	e.Value = e
	x.items = append(x.items, e)
	return e
}

func (x *machine) offer(e *item, s mailbox.Sender) {
	want, reason := x.model.offer(e, s)
	got, refusal := x.mb.Offer(&e.Entry, s)
	if got != want {
		x.t.Fatalf("verdict %d, want %d", got, want)
	}
	if e.Ticket() != e.ticket {
		x.t.Fatalf("ticket %d, want %d", e.Ticket(), e.ticket)
	}
	if want == mailbox.Refused {
		x.checkRefusal(refusal, reason, len(x.model.waiting))
	} else if refusal != (mailbox.Refusal{}) {
		x.t.Fatalf("verdict %d with a refusal: %+v", got, refusal)
	}
	x.settleHands()
}

// tries offers an entry that may go elsewhere: without room nothing changes, and nothing
// is counted.
func (x *machine) tries(t *rapid.T) {
	x.t = t
	e := x.unused()
	want := x.model.hasRoom()
	if got := x.mb.HasRoom(); got != want {
		t.Fatalf("room is %v, want %v", got, want)
	}
	if got := x.mb.TryOffer(&e.Entry, mailbox.Until{}); got != want {
		t.Fatalf("the offer's success is %v, want %v", got, want)
	}
	if want {
		x.model.offer(e, mailbox.Blocks)
	}
	x.settleHands()
}

func (x *machine) leaves(t *rapid.T) {
	x.t = t
	e := x.item(t, waits, queues, inHand, parked, isDue)
	if e == nil {
		return
	}
	want := x.model.leave(e)
	got := x.mb.Leave(&e.Entry)
	if got != want {
		t.Fatalf("leave found %d, want %d", got, want)
	}
	x.settleHands()
}

func (x *machine) replies(t *rapid.T) {
	x.t = t
	w := x.worker(t, isBusy)
	if w == nil {
		return
	}
	want := w.holds.where == inHand
	if got := x.mb.Reply(&w.holds.Entry); got != want {
		t.Fatalf("reply is %v, want %v", got, want)
	}
	if want {
		w.holds.where = replied
	}
}

func (x *machine) finishes(t *rapid.T) {
	x.t = t
	if w := x.worker(t, isBusy); w != nil {
		x.finish(w, rapid.SampledFrom([]mailbox.Outcome{mailbox.Completed, mailbox.Failed, mailbox.Cancelled}).Draw(t, "outcome"))
	}
}

func (x *machine) finish(w *hand, o mailbox.Outcome) {
	want := x.model.giveBack(w.holds, o)
	retires := x.model.freed()
	next, won := x.mb.Finish(w.slot, o)
	if won != want {
		x.t.Fatalf("won is %v, want %v", won, want)
	}
	x.after(w, next, retires)
}

func (x *machine) backoffs(t *rapid.T) {
	x.t = t
	if w := x.worker(t, isBusy); w != nil {
		x.backoff(w)
	}
}

// parksAll makes everything back off that is in hand or would be: what is left is
// free workers, and no room for those who wait.
func (x *machine) parksAll(t *rapid.T) {
	x.t = t
	for w := x.worker(t, isBusy); w != nil; w = x.worker(t, isBusy) {
		x.backoff(w)
		x.compare(t)
	}
}

func (x *machine) backoff(w *hand) {
	want := x.model.backoff(w.holds)
	retires := x.model.freed()
	next, ok := x.mb.Backoff(w.slot)
	if ok != want {
		x.t.Fatalf("parked is %v, want %v", ok, want)
	}
	x.after(w, next, retires)
}

func (x *machine) dues(t *rapid.T) {
	x.t = t
	e := x.item(t, parked)
	if e == nil {
		return
	}
	ticket, current := e.drawTicket(t)
	if current {
		x.model.endBackoff(e)
	}
	x.mb.Due(&e.Entry, ticket)
	x.settleHands()
}

func (x *machine) expires(t *rapid.T) {
	x.t = t
	e := x.item(t, waits)
	if e == nil {
		return
	}
	ticket, current := e.drawTicket(t)
	want := current && x.model.expire(e)
	refusal, got := x.mb.Expire(&e.Entry, ticket)
	if got != want {
		t.Fatalf("expired is %v, want %v", got, want)
	}
	if want {
		x.checkRefusal(refusal, schemas.ReasonQueueTimeout, len(x.model.waiting))
	}
	x.settleHands()
}

func (x *machine) resizes(t *rapid.T) {
	x.t = t
	l := limits(t)
	want := x.model.resize(l)
	missing, retired := x.mb.Resize(l)
	if missing != x.model.missing() || len(retired) != want {
		t.Fatalf("missing %d, retired %d; want %d, %d", missing, len(retired), x.model.missing(), want)
	}
	for _, slot := range retired {
		w := x.workers[slices.IndexFunc(x.workers, func(w *hand) bool { return w.slot == slot })]
		if w.is != isFree {
			t.Fatalf("a worker that is %s was retired", w.is)
		}
		w.is = isRetired
	}
	x.settleHands()
	if rapid.Bool().Draw(t, "start the missing") {
		for range missing {
			x.compare(t)
			x.ready(x.hire())
		}
	}
}

func (x *machine) drops(t *rapid.T) {
	x.model.Drop = rapid.Bool().Draw(t, "drop")
	x.mb.SetDrop(x.model.Drop)
}

func (x *machine) readies(t *rapid.T) {
	x.t = t
	w := x.worker(t, isRestarting)
	if w == nil {
		w = x.hire()
	}
	x.ready(w)
}

func (x *machine) ready(w *hand) {
	m := x.model
	if w.is == isRestarting {
		m.restarting--
	} else {
		m.live++
	}
	retires := m.live > m.Concurrency
	if retires {
		m.live--
	} else {
		m.free++
		m.settle()
	}
	x.after(w, x.mb.Ready(w.slot), retires)
}

func (x *machine) panics(t *rapid.T) {
	x.t = t
	w := x.worker(t, isBusy, isBusy, isFree, isRestarting)
	if w == nil {
		return
	}
	want := false
	switch w.is {
	case isBusy:
		want = x.model.giveBack(w.holds, mailbox.Failed)
		x.model.restarting++
	case isFree:
		x.model.free--
		x.model.restarting++
	}
	x.model.settle()
	w.is, w.holds = isRestarting, nil
	if won := x.mb.Panicked(w.slot); won != want {
		t.Fatalf("won is %v, want %v", won, want)
	}
	x.settleHands()
}

func (x *machine) stops(t *rapid.T) {
	x.t = t
	w := x.worker(t, isBusy, isFree, isRestarting, isRetired, isStopped)
	if w == nil {
		return
	}
	m, held, want := x.model, w.holds, false
	switch w.is {
	case isBusy:
		want = m.giveBack(held, mailbox.Cancelled)
		m.live--
	case isFree:
		m.free--
		m.live--
	case isRestarting:
		m.restarting--
		m.live--
	}
	m.settle()
	w.is, w.holds = isStopped, nil
	got, mine := x.mb.Stopped(w.slot)
	if (got == nil) != (held == nil) || got != nil && got.Value != held || mine != want {
		t.Fatalf("stopped returned %v, %v; want %v, %v", got, mine, held, want)
	}
	x.settleHands()
}

func (x *machine) free(t *rapid.T) {
	visited := 0
	x.mb.EachFree(func(slot *mailbox.Worker[*item], _ int) {
		visited++
		w := x.workers[slices.IndexFunc(x.workers, func(w *hand) bool { return w.slot == slot })]
		if w.is != isFree {
			t.Fatalf("visited a worker that is %s", w.is)
		}
	})
	if visited != x.model.free {
		t.Fatalf("visited %d workers, want %d", visited, x.model.free)
	}
}

func (x *machine) closes() { x.returned(x.mb.Close(), x.model.closing()) }

func (x *machine) drains() {
	want := x.model.drain()
	got := x.mb.Drain()
	x.returned(got.Queued, want.queued)
	x.returned(got.BackingOff, want.backingOff)
	if !slices.EqualFunc(got.Abandoned, want.abandoned, func(a *mailbox.Entry[*item], b *item) bool { return a.Value == b }) {
		x.t.Fatalf("abandoned %d entries, want %d", len(got.Abandoned), len(want.abandoned))
	}
	if got.InHand != len(x.model.hands) {
		x.t.Fatalf("%d in hand, want %d", got.InHand, len(x.model.hands))
	}
}

func (x *machine) returned(got []mailbox.Returned[*item], want []*item) {
	if !slices.EqualFunc(got, want, func(a mailbox.Returned[*item], b *item) bool { return a.Entry.Value == b }) {
		x.t.Fatalf("returned %d entries, want %d", len(got), len(want))
	}
}
