package mailbox_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// world is a mailbox in which every call takes equally long: held until its worker is
// free, and first until there is something of its answer. Who has nothing of it at its
// deadline leaves. Nothing else happens, so that what becomes of a request can be said.
type world struct {
	*mailbox.Mailbox[*guest]
	began       time.Time
	held, first time.Duration
	limits      mailbox.Limits

	guests []*guest // admitted, or waiting, in the order in which they came
	served int
}

// guest is a request. Times count from the world's beginning.
type guest struct {
	mailbox.Entry[*guest]
	comes, deadline time.Duration
	worker          *mailbox.Worker[*guest]
	started         time.Duration
	replied, over   bool
}

const never = time.Duration(1 << 62)

func newWorld(l mailbox.Limits, held, first time.Duration) *world {
	w := &world{Mailbox: mailbox.New[*guest](l), began: time.Now(), held: held, first: first, limits: l}
	for range l.Concurrency {
		var slot *mailbox.Worker[*guest]
		slot = mailbox.NewWorker(func(e *mailbox.Entry[*guest]) { w.begins(e, slot) })
		w.Ready(slot)
	}
	return w
}

func (w *world) now() time.Duration { return time.Since(w.began) }

func (w *world) begins(e *mailbox.Entry[*guest], slot *mailbox.Worker[*guest]) {
	g := e.Value
	g.worker, g.started = slot, w.now()
}

func (w *world) finishes(g *guest, o mailbox.Outcome) {
	g.over = true
	slot := g.worker
	if next, _ := w.Finish(slot, o); next.Entry != nil {
		w.begins(next.Entry, slot)
	}
}

// next returns the first thing that is to happen after a moment, and does it then.
func (w *world) next() (at time.Duration, do func()) {
	at = never
	sooner := func(when time.Duration, what func()) {
		if when < at {
			at, do = when, what
		}
	}
	for _, g := range w.guests {
		switch {
		case g.over:
		case g.worker == nil:
			sooner(g.deadline, func() { g.over = w.Leave(&g.Entry) == mailbox.GaveBack })
		case !g.replied && g.started+w.first < g.deadline:
			sooner(g.started+w.first, func() { g.replied = w.Reply(&g.Entry); w.served++ })
		case g.replied:
			sooner(g.started+w.held, func() { w.finishes(g, mailbox.Completed) })
		default: // its provider's call is cancelled
			sooner(g.deadline, func() { w.Leave(&g.Entry); w.finishes(g, mailbox.Cancelled) })
		}
	}
	return at, do
}

// runUntil lets happen what happens until then.
func (w *world) runUntil(then time.Duration) {
	for at, do := w.next(); at <= then && do != nil; at, do = w.next() {
		time.Sleep(at - w.now())
		do()
	}
	if then != never {
		time.Sleep(then - w.now())
	}
}

// comes offers a request with so much time.
func (w *world) comes(left time.Duration) (mailbox.Verdict, mailbox.Refusal) {
	g := &guest{comes: w.now(), deadline: never}
	until := mailbox.Until{Refuse: true, Beginning: true}
	if left > 0 {
		g.deadline = g.comes + left
		until.Deadline = w.began.Add(g.deadline)
	}
	g.Value = g
	v, r := w.OfferUntil(&g.Entry, mailbox.Blocks, until)
	if v != mailbox.Refused {
		w.guests = append(w.guests, g)
	}
	return v, r
}

// wouldBeServed says whether one more request, that came now, would have something of its
// answer before its deadline: by the whole history, told anew.
func (w *world) wouldBeServed(left time.Duration) bool {
	free := make([]time.Duration, w.limits.Concurrency)
	for _, g := range append(slices.Clone(w.guests), &guest{comes: w.now(), deadline: w.now() + left}) {
		i := slices.Index(free, slices.Min(free))
		start := max(free[i], g.comes)
		switch {
		case start >= g.deadline: // it has left
		case start+w.first >= g.deadline:
			free[i] = g.deadline
		default:
			free[i] = start + w.held
			if g.comes == w.now() && g.deadline == w.now()+left && !slices.Contains(w.guests, g) {
				return true
			}
		}
	}
	return false
}

// plan is what happens to a world: requests, each after a pause and with so much time.
type plan struct {
	limits      mailbox.Limits
	held, first time.Duration
	requests    []struct{ pause, left time.Duration }
}

func drawPlan(t *rapid.T) (p plan) {
	const unit = 10 * time.Millisecond
	p.limits = mailbox.Limits{Concurrency: rapid.IntRange(1, 4).Draw(t, "concurrency"), BufferSize: rapid.IntRange(1, 12).Draw(t, "buffer"),
		Drop: rapid.Bool().Draw(t, "drop")}
	held := rapid.IntRange(1, 40).Draw(t, "held")
	first := rapid.IntRange(1, held).Draw(t, "first")
	p.held, p.first = time.Duration(held)*unit, time.Duration(first)*unit
	pause := rapid.IntRange(0, max(1, 2*held/p.limits.Concurrency/rapid.IntRange(1, 3).Draw(t, "pressure")))
	left := rapid.SampledFrom([]int{0, first, held, held + first, 2 * held, 5 * held, 12 * held})
	p.requests = make([]struct{ pause, left time.Duration }, rapid.IntRange(20, 120).Draw(t, "requests"))
	for i := range p.requests {
		r := &p.requests[i]
		r.pause, r.left = time.Duration(pause.Draw(t, "pause"))*unit, time.Duration(left.Draw(t, "left"))*unit
		if r.left > 0 {
			r.left += unit/2 + time.Duration(i)*time.Microsecond // at no other moment
		}
	}
	return p
}

func TestNobodyIsRefusedForADeadlineWhoWouldHaveBeenServed(t *testing.T) {
	total := 0
	rapid.Check(t, func(drawn *rapid.T) {
		p, refused, fault := drawPlan(drawn), 0, ""
		synctest.Test(t, func(*testing.T) { refused, fault = p.run() })
		if fault != "" {
			drawn.Fatal(fault)
		}
		total += refused
	})
	if total == 0 {
		t.Error("nobody was refused at all")
	}
}

// run returns how many were refused for their deadlines, and what was wrong.
func (p plan) run() (refused int, fault string) {
	w := newWorld(p.limits, p.held, p.first)
	for _, request := range p.requests {
		w.runUntil(w.now() + request.pause)
		v, r := w.comes(request.left)
		if v != mailbox.Refused || r.Reason != schemas.ReasonDeadlineUnmeetable {
			continue
		}
		refused++
		if w.wouldBeServed(request.left) {
			fault += fmt.Sprintf("refused at %v with %v left, and would have been served\n", w.now(), request.left)
		}
		if r.Hopeless != (w.first > request.left) || r.RetryAfter < time.Second {
			fault += fmt.Sprintf("the refusal is %+v, with %v left\n", r, request.left)
		}
	}
	w.runUntil(never)
	if s := w.Stats(); !s.Balanced() || s.Refused[schemas.ReasonDeadlineUnmeetable] != uint64(refused) || s.InHand+s.Queued+s.Waiting != 0 {
		fault += fmt.Sprintf("at the end: %+v", s)
	}
	return refused, fault
}

func TestInSteadyOverloadOnlyThoseAreAdmittedWhoAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(mailbox.Limits{Concurrency: 3, BufferSize: 100, Drop: true}, time.Second, 430*time.Millisecond)
		const left = 3050 * time.Millisecond
		offer := func(n int) (admitted int) {
			for range n { // 10 per second at a rate of 3
				w.runUntil(w.now() + 100*time.Millisecond)
				if v, _ := w.comes(left); v != mailbox.Refused {
					admitted++
				}
			}
			return admitted
		}
		offer(100) // until it is known how long calls take
		w.runUntil(w.now() + 10*time.Second)
		for range 9 { // of the first three it is not known since when they are in hand
			w.comes(0)
		}
		w.runUntil(w.now() + 1500*time.Millisecond)
		w.served = 0
		admitted := offer(300) + 3
		w.runUntil(never)
		if refused := w.Stats().Refused[schemas.ReasonDeadlineUnmeetable]; w.served != admitted || refused < 200 {
			t.Errorf("%d of %d were served, %d refused", w.served, admitted, refused)
		}
	})
}

func TestADeadlineIsNoReasonWhileLittleIsKnownOrAWorkerIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(mailbox.Limits{Concurrency: 1, BufferSize: 100}, time.Second, time.Second)
		admitted := func(what string, left time.Duration, want bool) {
			t.Helper()
			if v, r := w.comes(left); (v != mailbox.Refused) != want {
				t.Errorf("%s: %v %+v", what, v, r)
			}
		}
		for range 9 { // the first one is not queued
			admitted("nothing is known", 9500*time.Millisecond, true)
		}
		admitted("nothing is known", time.Millisecond, true)
		w.runUntil(never)
		admitted("a worker is free", time.Millisecond, true)
		w.runUntil(w.now() + 2*time.Millisecond)
		admitted("no deadline", 0, true)
		admitted("who is in hand was not queued", 500*time.Millisecond, true)
		admitted("no deadline", 0, true)
		w.runUntil(w.now() + 1100*time.Millisecond)
		admitted("in time", 3*time.Second, true)
		admitted("too late", 2*time.Second, false)
		admitted("no deadline", 0, true)
		w.runUntil(w.now() + 3*time.Minute)
		for range 3 {
			w.comes(0)
		}
		w.runUntil(w.now() + 200*time.Millisecond)
		admitted("it was long ago", 500*time.Millisecond, true)
		w.runUntil(never)
	})
}
