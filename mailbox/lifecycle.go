package mailbox

import "bifrost/schemas"

// Resize changes the limits. It returns how many workers are missing, for the
// caller to start, and the free workers that have retired, for the caller to
// stop; workers that are busy retire when they give back their entry. Nothing
// accepted is lost: what is over a smaller bound stays until it is served.
func (m *Mailbox[T]) Resize(l Limits) (missing int, retired []*Worker[T]) {
	l.mustBeValid()
	m.mu.Lock()
	m.setLimits(l)
	for m.free != nil && m.live-m.restarting > m.concurrency {
		w := m.free
		m.free, w.next = w.next, nil
		w.known = false
		m.live--
		retired = append(retired, w)
	}
	missing = max(0, m.concurrency-m.live)
	m.promoteLocked()
	m.unlock(Next[T]{})
	return missing, retired
}

// SetDrop switches between drop and wait mode. Those who wait already keep
// their turn.
func (m *Mailbox[T]) SetDrop(drop bool) {
	m.mu.Lock()
	m.drop = drop
	m.mu.Unlock()
}

// Returned is an entry that Close or Drain took out, for the caller to answer.
type Returned[T any] struct {
	Entry   *Entry[T]
	Refusal Refusal
}

// Close ends admission: from now on every offer is refused as draining, and so
// are the waiters, which are returned for the caller to answer. What is accepted
// is still served. Closing again returns nothing.
func (m *Mailbox[T]) Close() []Returned[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	out := make([]Returned[T], 0, m.waiters.len)
	for e := m.waiters.pop(); e != nil; e = m.waiters.pop() {
		e.state = settled
		e.endWait()
		m.count.refuse(schemas.ReasonDraining)
		out = append(out, Returned[T]{e, m.refusalLocked(schemas.ReasonDraining)})
	}
	m.settleIdleLocked()
	return out
}

// Drained is what a mailbox held when it was drained. The caller answers all of
// it, but what InHand counts beyond Abandoned: of those the sender has gone, or
// has a stream to end.
type Drained[T any] struct {
	Queued     []Returned[T] // dead letters, oldest first
	BackingOff []Returned[T] // dead letters: the due ones, then the others
	Abandoned  []*Entry[T]   // in the hands of workers, who will find them abandoned
	InHand     int           // all that is in hand
}

// Drain takes out everything that is accepted and in no worker's hand, and takes
// the right to answer the rest from the workers, in one step: afterwards nobody
// but the caller answers, nothing is taken by a worker, and nothing can be parked.
// What is in hand stays there until its worker gives it back, and then counts as
// cancelled; a stream counts as what its worker reports. The mailbox must be closed.
func (m *Mailbox[T]) Drain() Drained[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		panic("mailbox: drain before close")
	}
	out := Drained[T]{InHand: m.hands.len}
	out.Queued = m.deadLettersLocked(&m.queue, nil)
	out.BackingOff = m.deadLettersLocked(&m.parked, m.deadLettersLocked(&m.due, nil))
	for e := m.hands.head; e != nil; e = e.next {
		if e.state == inHand {
			e.state = abandoned
			out.Abandoned = append(out.Abandoned, e)
		}
	}
	m.drain.left(0, m.finishedLocked())
	m.settleIdleLocked()
	return out
}

// deadLettersLocked empties l into out.
func (m *Mailbox[T]) deadLettersLocked(l *fifo[T], out []Returned[T]) []Returned[T] {
	for e := l.pop(); e != nil; e = l.pop() {
		e.state = settled
		e.endWait()
		m.count.DeadLettered++
		out = append(out, Returned[T]{e, m.refusalLocked(schemas.ReasonDraining)})
	}
	return out
}

// Idle is closed once the mailbox is closed and holds nothing any more.
func (m *Mailbox[T]) Idle() <-chan struct{} { return m.idle }

func (m *Mailbox[T]) settleIdleLocked() {
	if m.closed && m.acceptedLocked() == 0 {
		select {
		case <-m.idle:
		default:
			close(m.idle)
		}
	}
}
