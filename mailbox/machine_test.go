package mailbox_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// machine drives a mailbox and its model side by side, and compares them after
// every call.
type machine struct {
	t     *rapid.T
	mb    *mailbox.Mailbox[*item]
	model *model

	items   []*item
	workers []*hand
	given   []gift // what workers were given during the current call
	before  mailbox.Stats
}

// hand is a worker.
type hand struct {
	slot  *mailbox.Worker[*item]
	is    handState
	holds *item
}

type handState string

const (
	isNew        handState = "new"
	isFree       handState = "free"
	isBusy       handState = "busy"
	isRestarting handState = "restarting"
	isRetired    handState = "retired"
	isStopped    handState = "stopped"
)

type gift struct {
	to *hand
	e  *item
}

func TestMailboxAgreesWithItsModel(t *testing.T) { rapid.Check(t, agrees) }

func FuzzMailbox(f *testing.F) { f.Fuzz(rapid.MakeFuzz(agrees)) }

func agrees(t *rapid.T) {
	l := limits(t)
	x := &machine{t: t, mb: mailbox.New[*item](l), model: &model{Limits: l}}
	for range rapid.IntRange(0, l.Concurrency).Draw(t, "ready") {
		x.ready(x.hire())
	}
	actions := map[string]func(*rapid.T){
		"": x.compare, "offer": x.offers, "offer more": x.offers, "try": x.tries, "leave": x.leaves, "reply": x.replies, "finish": x.finishes,
		"finish more": x.finishes, "backoff": x.backoffs, "due": x.dues, "expire": x.expires, "resize": x.resizes,
		"drop": x.drops, "ready": x.readies, "panic": x.panics, "stop": x.stops, "free": x.free,
		"park all": x.parksAll,
	}
	for range 4 {
		t.Repeat(actions)
	}
	x.windUp()
}

// windUp closes the mailbox and serves or drains what is left.
func (x *machine) windUp() {
	x.closes()
	x.compare(x.t)
	t := x.t
	t.Repeat(map[string]func(*rapid.T){
		"": x.compare, "offer": x.offers, "leave": x.leaves, "finish": x.finishes, "backoff": x.backoffs, "due": x.dues,
		"drain": func(*rapid.T) { x.drains() }, "ready": x.readies, "panic": x.panics, "close": func(*rapid.T) { x.closes() },
	})
	x.t = t
	x.drains()
	for _, w := range x.workers {
		if w.is == isBusy {
			x.finish(w, mailbox.Completed)
			x.compare(t)
		}
	}
	x.drains()
	if s := x.mb.Stats(); s.Waiting+s.Queued+s.BackingOff+s.InHand != 0 {
		t.Fatalf("not at rest: %+v", s)
	}
	<-x.mb.Idle()
}

func limits(t *rapid.T) mailbox.Limits {
	return mailbox.Limits{
		Concurrency: rapid.IntRange(1, 6).Draw(t, "concurrency"),
		BufferSize:  rapid.IntRange(1, 6).Draw(t, "buffer"),
		MaxWaiting:  rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "max waiting"),
		Drop:        rapid.Bool().Draw(t, "drop"),
	}
}

// hire returns a new worker.
func (x *machine) hire() *hand {
	w := &hand{is: isNew}
	w.slot = mailbox.NewWorker(func(e *mailbox.Entry[*item]) { x.given = append(x.given, gift{w, e.Value}) })
	x.workers = append(x.workers, w)
	return w
}

// worker draws a worker in one of the states; nil if there is none.
func (x *machine) worker(t *rapid.T, states ...handState) *hand {
	var of []*hand
	for _, w := range x.workers {
		if slices.Contains(states, w.is) {
			of = append(of, w)
		}
	}
	if len(of) == 0 {
		return nil
	}
	return rapid.SampledFrom(of).Draw(t, "worker")
}

// item draws an entry, more often one of the given places.
func (x *machine) item(t *rapid.T, places ...place) *item {
	var of []*item
	for _, e := range x.items {
		if slices.Contains(places, e.where) {
			of = append(of, e)
		}
	}
	if len(of) == 0 || rapid.IntRange(0, 9).Draw(t, "any") == 0 {
		of = x.items
	}
	if len(of) == 0 {
		return nil
	}
	return rapid.SampledFrom(of).Draw(t, "entry")
}

// drawTicket draws the entry's ticket, seldom a stale one.
func (e *item) drawTicket(t *rapid.T) (ticket uint64, current bool) {
	if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
		return e.ticket - 1, false
	}
	return e.ticket, true
}

// settleHands compares what workers were given with what the model says was
// taken.
func (x *machine) settleHands() {
	want := x.model.taken
	x.model.taken = nil
	given := x.given
	x.given = nil
	if len(given) != len(want) {
		x.t.Fatalf("workers were given %d entries, want %d", len(given), len(want))
	}
	for i, g := range given {
		if g.e != want[i] {
			x.t.Fatalf("entry %d that was taken is not the one whose turn it was", i)
		}
		if g.to.is != isFree {
			x.t.Fatalf("a worker that is %s was given an entry", g.to.is)
		}
		g.to.is, g.to.holds = isBusy, g.e
	}
}

// after compares what a worker is to do next.
func (x *machine) after(w *hand, next mailbox.Next[*item], retires bool) {
	if next.Retire != retires {
		x.t.Fatalf("retire is %v, want %v", next.Retire, retires)
	}
	w.is, w.holds = isFree, nil
	if retires {
		w.is = isRetired
	}
	if next.Entry != nil {
		x.given = append([]gift{{w, next.Entry.Value}}, x.given...)
	}
	x.settleHands()
}

// compare checks the mailbox against the model, and the promises on bounds and
// sums on their own.
func (x *machine) compare(*rapid.T) {
	s, m := x.mb.Stats(), x.model
	got := []int{s.Waiting, s.Queued, s.InHand, s.BackingOff, s.Workers, s.Restarting, x.mb.Missing(), s.Concurrency, s.BufferSize}
	want := []int{len(m.waiting), len(m.queue), len(m.hands), len(m.due) + len(m.parked), m.live, m.restarting, m.missing(), m.Concurrency, m.BufferSize}
	if !slices.Equal(got, want) {
		x.t.Fatalf("waiting, queued, in hand, backing off, workers, restarting, missing, concurrency and buffer size are %v, want %v", got, want)
	}
	if s.Closed != m.closed || s.Drop != m.Drop {
		x.t.Fatalf("closed %v, drop %v; want %v, %v", s.Closed, s.Drop, m.closed, m.Drop)
	}
	x.compareCounters(s.Counters, m.count)
	select {
	case <-x.mb.Idle():
		if !m.isIdle() {
			x.t.Fatal("idle too soon")
		}
	default:
		if m.isIdle() {
			x.t.Fatal("not idle")
		}
	}
	x.checkPromises(s)
}

func (x *machine) compareCounters(got, want mailbox.Counters) {
	if !maps.Equal(got.Refused, want.Refused) {
		x.t.Fatalf("refused %v, want %v", got.Refused, want.Refused)
	}
	got.Refused, want.Refused = nil, nil
	a := []uint64{got.Offered, got.Admitted, got.Left, got.Completed, got.Failed, got.Cancelled, got.DeadLettered}
	b := []uint64{want.Offered, want.Admitted, want.Left, want.Completed, want.Failed, want.Cancelled, want.DeadLettered}
	if !slices.Equal(a, b) {
		x.t.Fatalf("counters %+v, want %+v", got, want)
	}
}

func (x *machine) checkPromises(s mailbox.Stats) {
	accepted := func(s mailbox.Stats) int { return s.Queued + s.BackingOff + s.InHand }
	was := x.before
	x.before = s
	over := func(now, before, bound int) bool { return now > bound && now > before }
	switch {
	case !s.Balanced():
		x.t.Fatalf("the sums do not hold: %+v", s)
	case over(s.Queued, was.Queued, s.BufferSize):
		x.t.Fatalf("%d queued after %d, at a bound of %d", s.Queued, was.Queued, s.BufferSize)
	case over(s.InHand, was.InHand, s.Concurrency):
		x.t.Fatalf("%d in hand after %d, at a bound of %d", s.InHand, was.InHand, s.Concurrency)
	case s.Admitted > was.Admitted && accepted(s) > s.BufferSize+s.Concurrency:
		x.t.Fatalf("admitted over the bound: %+v", s)
	}
}

func (x *machine) checkRefusal(got mailbox.Refusal, reason schemas.Reason, waiting int) {
	m := x.model
	if d := got.RetryAfter; d < time.Second || d > 59*time.Second || d%time.Second != 0 {
		x.t.Fatalf("retry after %v", d)
	}
	got.RetryAfter = 0
	want := mailbox.Refusal{Reason: reason, Capacity: m.BufferSize, Queued: len(m.queue), InHand: len(m.hands), Waiting: waiting}
	if got != want {
		x.t.Fatalf("refusal %+v, want %+v", got, want)
	}
}
