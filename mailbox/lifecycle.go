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
		m.count.refuse(schemas.ReasonDraining)
		out = append(out, Returned[T]{e, m.refusalLocked(schemas.ReasonDraining)})
	}
	m.settleIdleLocked()
	return out
}

// Drain takes out everything that is accepted and in no worker's hand, as dead
// letters for the caller to answer. The mailbox must be closed.
func (m *Mailbox[T]) Drain() []Returned[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		panic("mailbox: drain before close")
	}
	m.drained = true
	var out []Returned[T]
	for _, l := range []*fifo[T]{&m.due, &m.parked, &m.queue} {
		for e := l.pop(); e != nil; e = l.pop() {
			e.state = settled
			m.count.DeadLettered++
			out = append(out, Returned[T]{e, m.refusalLocked(schemas.ReasonDraining)})
		}
	}
	m.drain.left(0, m.finishedLocked())
	m.settleIdleLocked()
	return out
}

// Abandon takes the right to answer what is in hand from the workers, and
// returns those entries for the caller to answer. They stay in hand until their
// workers give them back, and then count as cancelled. Entries that have been
// replied to are not among them: their senders have a stream to end.
func (m *Mailbox[T]) Abandon() []*Entry[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []*Entry[T]
	for e := m.hands.head; e != nil; e = e.next {
		if e.state == inHand {
			e.state = abandoned
			out = append(out, e)
		}
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
