package mailbox

import (
	"sync"
	"time"

	"bifrost/schemas"
)

// Limits is what a mailbox is configured with. Sizes are at least 1.
type Limits struct {
	Concurrency int
	BufferSize  int

	// Drop refuses at once when there is no place; otherwise senders wait.
	Drop bool

	// MaxWaiting bounds the waiters. Zero: no bound for senders that can block,
	// BufferSize for those that cannot.
	MaxWaiting int
}

// Mailbox is the bounded FIFO. Create it with New.
type Mailbox[T any] struct {
	mu sync.Mutex // guards everything below, and the state of all entries and workers

	concurrency, bufferSize, maxWaiting int
	drop, closed                        bool

	waiters fifo[T]
	queue   fifo[T]
	hands   fifo[T] // in hand: state inHand, replied or abandoned
	parked  fifo[T] // backing off
	due     fifo[T] // backing off no longer, but no worker was free

	live       int // workers that have not retired
	restarting int // of those, the ones that panicked and are not back yet
	free       *Worker[T]

	claimed, lastClaimed *Worker[T] // chain of hand-offs, for when the lock is let go

	count  Counters
	drain  drainRate
	pace   pace
	turns  []time.Duration // of turnLocked, which keeps it for the next time
	ticket uint64
	idle   chan struct{} // closed when closed and empty
}

// New returns an open mailbox without workers.
func New[T any](l Limits) *Mailbox[T] {
	l.mustBeValid()
	m := &Mailbox[T]{idle: make(chan struct{})}
	m.setLimits(l)
	return m
}

// mustBeValid is called before the lock is taken: who recovers from its panic
// still has a mailbox.
func (l Limits) mustBeValid() {
	if l.Concurrency < 1 || l.BufferSize < 1 || l.MaxWaiting < 0 {
		panic("mailbox: concurrency and buffer size are at least 1, max waiting at least 0")
	}
}

func (m *Mailbox[T]) setLimits(l Limits) {
	m.concurrency, m.bufferSize = l.Concurrency, l.BufferSize
	m.maxWaiting, m.drop = l.MaxWaiting, l.Drop
}

// Sender says how the sender of an entry can wait.
type Sender uint8

// The kinds of sender.
const (
	Blocks      Sender = iota // waits on its own goroutine
	CannotBlock               // is an actor or a peer: its waiters are always bounded
	Gone                      // its context has ended: it is counted and never admitted
)

// Verdict is what became of an offer.
type Verdict uint8

// The verdicts. Only Refused carries a Refusal.
const (
	Accepted Verdict = iota // queued, or in a worker's hand
	Waits                   // will be accepted in its turn, or refused, or leaves
	Refused                 // settled
	Left                    // settled; its sender had gone
)

// Refusal says why, and how full it was.
type Refusal struct {
	Reason     schemas.Reason
	Capacity   int
	Queued     int
	InHand     int
	Waiting    int
	RetryAfter time.Duration
	Hopeless   bool // of deadline_unmeetable: the deadline could not be met without a queue either
}

// Offer admits e, or lets it wait, or refuses it. It panics if the entry is not
// settled.
func (m *Mailbox[T]) Offer(e *Entry[T], s Sender) (Verdict, Refusal) {
	return m.OfferUntil(e, s, Until{})
}

// OfferUntil is Offer for a sender who says how long e is of use. With Refuse, an entry
// that cannot be handed over at once is refused, as deadline_unmeetable, if its turn and
// the beginning of its answer come after its deadline, by how long recent calls have
// taken and by who is ahead of it. As long as that is not known well enough, no entry is.
func (m *Mailbox[T]) OfferUntil(e *Entry[T], s Sender, u Until) (Verdict, Refusal) {
	m.mu.Lock()
	if e.state != settled {
		m.misused("offer of an entry that is not settled")
	}
	m.count.Offered++
	m.ticket++
	e.ticket, e.offered, e.waited, e.until = m.ticket, time.Time{}, 0, u
	room := m.waiters.len == 0 && m.roomLocked()
	switch {
	case s == Gone:
		m.count.Left++
		m.mu.Unlock()
		return Left, Refusal{}
	case m.closed:
		return Refused, m.refuse(schemas.ReasonDraining)
	case room && m.free != nil:
	case !room && (m.drop || m.waiters.len >= m.waitersLimit(s)):
		return Refused, m.refuse(m.fullReasonLocked())
	default:
		if unmeetable, hopeless := m.unmeetableLocked(u); unmeetable {
			refusal := m.refuse(schemas.ReasonDeadlineUnmeetable)
			refusal.Hopeless = hopeless
			return Refused, refusal
		}
	}
	if room {
		m.admitLocked(e)
		m.unlock(Next[T]{})
		return Accepted, Refusal{}
	}
	e.state = waiting
	e.offered = time.Now()
	m.waiters.push(e)
	m.mu.Unlock()
	return Waits, Refusal{}
}

// TryOffer admits e if there is room for it at once, and otherwise leaves everything as
// it was: e is not counted. One that OfferUntil would refuse finds no room. It panics if
// the entry is not settled.
func (m *Mailbox[T]) TryOffer(e *Entry[T], u Until) bool {
	m.mu.Lock()
	if e.state != settled {
		m.misused("offer of an entry that is not settled")
	}
	possible := !m.closed && m.waiters.len == 0 && m.roomLocked()
	if possible && m.free == nil {
		unmeetable, _ := m.unmeetableLocked(u)
		possible = !unmeetable
	}
	if !possible {
		m.mu.Unlock()
		return false
	}
	m.count.Offered++
	m.ticket++
	e.ticket, e.offered, e.waited, e.until = m.ticket, time.Time{}, 0, u
	m.admitLocked(e)
	m.unlock(Next[T]{})
	return true
}

// misused lets go of the lock and panics.
func (m *Mailbox[T]) misused(what string) {
	m.mu.Unlock()
	panic("mailbox: " + what)
}

func (m *Mailbox[T]) refuse(r schemas.Reason) Refusal {
	m.count.refuse(r)
	out := m.refusalLocked(r)
	m.mu.Unlock()
	return out
}

func (m *Mailbox[T]) refusalLocked(r schemas.Reason) Refusal {
	out := Refusal{Reason: r, Capacity: m.bufferSize, Queued: m.queue.len, InHand: m.hands.len, Waiting: m.waiters.len}
	if r == schemas.ReasonDraining {
		out.RetryAfter = time.Second
	} else {
		out.RetryAfter = m.drain.retryAfter(time.Now(), m.queue.len, m.finishedLocked())
	}
	return out
}

func (m *Mailbox[T]) waitersLimit(s Sender) int {
	switch {
	case m.maxWaiting > 0:
		return m.maxWaiting
	case s == CannotBlock:
		return m.bufferSize
	}
	return int(^uint(0) >> 1)
}

// fullReasonLocked tells a mailbox that is full because its provider keeps
// failing from one that is just full.
func (m *Mailbox[T]) fullReasonLocked() schemas.Reason {
	if m.live > 0 && m.restarting == m.live {
		return schemas.ReasonDegraded
	}
	return schemas.ReasonQueueFull
}

// roomLocked reports whether one more entry may be accepted: the total is under
// its bound, and a worker or a place is free. A free worker means that nothing is
// queued or due.
func (m *Mailbox[T]) roomLocked() bool {
	return m.acceptedLocked() < m.boundLocked() && (m.free != nil || m.queue.len < m.bufferSize)
}

// admitLocked accepts e into a free worker's hand, else into the queue. There
// must be room.
func (m *Mailbox[T]) admitLocked(e *Entry[T]) {
	m.count.Admitted++
	if m.free != nil {
		m.claimLocked(e)
		return
	}
	e.state = queued
	m.queue.push(e)
	e.since = m.drain.joined(m.queue.len, m.finishedLocked())
	if e.offered.IsZero() {
		e.offered = e.since
	}
}

// promoteLocked admits waiters, in order, while there is room.
func (m *Mailbox[T]) promoteLocked() {
	for m.waiters.head != nil && m.roomLocked() {
		m.admitLocked(m.waiters.pop())
	}
}

func (m *Mailbox[T]) boundLocked() int { return m.bufferSize + m.concurrency }

func (m *Mailbox[T]) acceptedLocked() int {
	return m.queue.len + m.parked.len + m.due.len + m.hands.len
}

// finishedLocked counts what the drain rate is made of; a Drain is no service.
func (m *Mailbox[T]) finishedLocked() uint64 {
	return m.count.Completed + m.count.Failed + m.count.Cancelled
}
