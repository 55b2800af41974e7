package mailbox

import (
	"time"

	"bifrost/schemas"
)

// Outcome is how an accepted entry ended.
type Outcome uint8

// The outcomes that a worker reports.
const (
	Completed Outcome = iota
	Failed
	Cancelled
)

// Leaving is what Leave found.
type Leaving uint8

// What became of an entry whose sender leaves.
const (
	// GaveBack: the entry was waiting, queued or backing off, and is settled;
	// its place is free. The caller has it alone.
	GaveBack Leaving = iota
	// InHand: a worker holds the entry, and will find it abandoned.
	InHand
	// Answered: it has been answered, or is being answered right now.
	Answered
)

// Leave takes back an entry whose sender no longer waits for the answer.
func (m *Mailbox[T]) Leave(e *Entry[T]) Leaving {
	m.mu.Lock()
	switch e.state {
	case waiting:
		m.waiters.remove(e)
		m.count.Left++
	case queued, due, backingOff:
		m.removeAcceptedLocked(e)
		m.count.Cancelled++
	case inHand:
		e.state = abandoned
		m.mu.Unlock()
		return InHand
	default:
		m.mu.Unlock()
		return Answered
	}
	e.state = settled
	e.endWait()
	m.promoteLocked()
	m.settleIdleLocked()
	m.unlock(Next[T]{})
	return GaveBack
}

func (m *Mailbox[T]) removeAcceptedLocked(e *Entry[T]) {
	switch e.state {
	case queued:
		m.queue.remove(e)
		m.drain.left(m.queue.len, m.finishedLocked())
	case due:
		m.due.remove(e)
	case backingOff:
		m.parked.remove(e)
	}
}

// Reply claims the right to give the sender the beginning of an answer whose
// rest follows, as a stream does; the entry stays in hand until Finish. It
// returns false if the sender has gone or was answered.
func (m *Mailbox[T]) Reply(e *Entry[T]) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.state != inHand {
		return false
	}
	e.state = replied
	if !e.took.IsZero() {
		m.pace.answered(time.Since(e.took))
	}
	return true
}

// Finish settles what w holds and gives w its next entry. It returns true if the
// caller is the one to answer the sender: false after Reply, or if the sender
// has gone or was answered. An entry whose sender has gone counts as cancelled.
func (m *Mailbox[T]) Finish(w *Worker[T], o Outcome) (Next[T], bool) {
	m.mu.Lock()
	won := m.finishLocked(w, o)
	next := m.takeLocked(w)
	m.settleIdleLocked()
	return m.unlock(next), won
}

// Panicked settles what w holds, if anything, as Finish does; w gets nothing
// until it is Ready again.
func (m *Mailbox[T]) Panicked(w *Worker[T]) bool {
	m.mu.Lock()
	won := false
	if w.current != nil {
		won = m.finishLocked(w, Failed)
	}
	if w.known && !w.restarting {
		m.unfreeLocked(w) // it may have panicked over something else
		w.restarting = true
		m.restarting++
	}
	m.promoteLocked()
	m.settleIdleLocked()
	m.unlock(Next[T]{})
	return won
}

func (m *Mailbox[T]) finishLocked(w *Worker[T], o Outcome) bool {
	e := m.currentLocked(w)
	w.current = nil
	m.hands.remove(e)
	won := e.state == inHand
	if e.state == abandoned {
		o = Cancelled
	}
	if o != Cancelled {
		m.heldLocked(e, won && o == Completed)
	}
	e.state = settled
	switch o {
	case Completed:
		m.count.Completed++
	case Failed:
		m.count.Failed++
	default:
		m.count.Cancelled++
	}
	return won
}

// heldLocked notes how long a worker has held e; whole is that its answer ends now, all at
// once.
func (m *Mailbox[T]) heldLocked(e *Entry[T], whole bool) {
	if e.took.IsZero() {
		return
	}
	now := time.Now()
	held := now.Sub(e.took)
	if whole {
		m.pace.answered(held)
	}
	m.pace.ended(now, held, m.concurrency)
}

// currentLocked returns what w holds. It is misuse if that is nothing.
func (m *Mailbox[T]) currentLocked(w *Worker[T]) *Entry[T] {
	if w.current == nil {
		m.misused("the worker has nothing in hand to give back")
	}
	return w.current
}

// Backoff parks what w holds until Due, and gives w its next entry. It returns
// false if the sender has gone: then the entry is settled, as by Finish.
func (m *Mailbox[T]) Backoff(w *Worker[T]) (Next[T], bool) {
	m.mu.Lock()
	e := m.currentLocked(w)
	parked := e.state == inHand
	if parked {
		m.heldLocked(e, false)
		w.current = nil
		m.hands.remove(e)
		e.state = backingOff
		m.parked.push(e)
	} else {
		m.finishLocked(w, Cancelled)
	}
	next := m.takeLocked(w)
	m.settleIdleLocked()
	return m.unlock(next), parked
}

// Due ends an entry's backoff: a free worker has it at once, else the next one
// that gets free. A ticket that is not the entry's current one does nothing.
func (m *Mailbox[T]) Due(e *Entry[T], ticket uint64) {
	m.mu.Lock()
	if e.ticket == ticket && e.state == backingOff {
		m.parked.remove(e)
		m.dueLocked(e)
	}
	m.unlock(Next[T]{})
}

// dueLocked hands e to a free worker, or to the next one that gets free.
func (m *Mailbox[T]) dueLocked(e *Entry[T]) {
	if m.free != nil {
		m.claimLocked(e)
		return
	}
	e.state = due
	m.due.push(e)
}

// Expire refuses an entry that still waits for a place, with queue_timeout. It
// returns false if the entry no longer waits, or the ticket is not its current
// one; else the caller answers the sender.
func (m *Mailbox[T]) Expire(e *Entry[T], ticket uint64) (Refusal, bool) {
	m.mu.Lock()
	if e.ticket != ticket || e.state != waiting {
		m.mu.Unlock()
		return Refusal{}, false
	}
	m.waiters.remove(e)
	e.state = settled
	e.endWait()
	m.settleIdleLocked()
	return m.refuse(schemas.ReasonQueueTimeout), true
}
