package mailbox

import "time"

// state is where an entry is. It is guarded by the mailbox's lock.
type state uint8

const (
	settled    state = iota // not in the mailbox: new, refused, left or answered
	waiting                 // its sender waits for a place
	queued                  // has a place
	inHand                  // held by a worker
	replied                 // held by a worker; its sender has the answer's beginning
	abandoned               // held by a worker; its sender has gone or was answered
	backingOff              // waits for its next attempt
	due                     // waits for a worker, ahead of the queue; counted as backing off
)

// Entry is one request's place in a mailbox. It is embedded in the request, so
// that admission allocates nothing. The zero Entry is ready to be offered. It
// must not be copied, and may be offered again once it is settled and nobody
// else holds it.
type Entry[T any] struct {
	// Value is the owner's; the mailbox only carries it.
	Value T

	// guarded by the mailbox's lock
	state      state
	ticket     uint64
	offered    time.Time // when it began to wait for a place, or was queued; zero: neither
	since      time.Time // when it was queued
	waited     time.Duration
	took       time.Time // when a worker took it; zero: not known, since nothing was queued
	until      Until
	next, prev *Entry[T]
}

// Ticket identifies this offer of the entry, for calls that may come late: a
// timer that outlives its offer finds another ticket and does nothing. That
// holds within one mailbox: before an entry goes to another one, all who may
// still call must have let go of it. The caller must hold the entry.
func (e *Entry[T]) Ticket() uint64 { return e.ticket }

// Waited returns how long the entry waited for a place and was queued, until a worker
// first took it or it left the mailbox unserved; zero if it was handed over at once. The
// caller must hold the entry, and it must be in a worker's hand, or settled.
func (e *Entry[T]) Waited() time.Duration { return e.waited }

// endWait notes the end of the wait, if there was one that has not ended yet.
func (e *Entry[T]) endWait() time.Duration {
	if e.offered.IsZero() { // not again after a backoff
		return 0
	}
	e.waited = time.Since(e.offered)
	e.took = e.offered.Add(e.waited)
	e.offered = time.Time{}
	return e.waited
}

// fifo is an intrusive doubly linked list: any entry leaves it in constant time.
type fifo[T any] struct {
	head, tail *Entry[T]
	len        int
}

func (l *fifo[T]) push(e *Entry[T]) {
	e.prev, e.next = l.tail, nil
	if l.tail == nil {
		l.head = e
	} else {
		l.tail.next = e
	}
	l.tail = e
	l.len++
}

func (l *fifo[T]) remove(e *Entry[T]) {
	if e.prev == nil {
		l.head = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		l.tail = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next = nil, nil
	l.len--
}

func (l *fifo[T]) pop() *Entry[T] {
	e := l.head
	if e != nil {
		l.remove(e)
	}
	return e
}
