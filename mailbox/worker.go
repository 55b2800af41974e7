package mailbox

import "time"

// Worker is one worker's side of a mailbox. It is free, or holds one entry, or
// restarts, or has retired. It belongs to one mailbox.
type Worker[T any] struct {
	hand func(*Entry[T])

	// guarded by the mailbox's lock
	current    *Entry[T]
	next       *Worker[T] // in the free list, or in a chain of hand-offs
	known      bool       // counted in live
	idle       int        // visits by EachFree since it last held an entry
	restarting bool

	// handing is what unlock hands over next, outside the lock. Nobody but the
	// goroutine that claimed the worker touches it: current may be taken away
	// meanwhile, by Stopped.
	handing *Entry[T]
}

// NewWorker returns a worker that is given its entries by hand. hand must not
// block, and is called by any goroutine, one entry at a time: the next only
// after Finish, Backoff or Panicked gave the last one back. A hand-off that was
// under way when Stopped was called still comes, with an entry that is no longer
// the worker's: a stopped worker ignores it.
func NewWorker[T any](hand func(*Entry[T])) *Worker[T] {
	return &Worker[T]{hand: hand}
}

// Next is what a worker does after it gave back an entry or reported itself
// free: serve Entry, or stop for good if Retire, or do nothing until hand is
// called.
type Next[T any] struct {
	Entry  *Entry[T]
	Retire bool
}

// Ready reports a worker as free: a new one, or one that has restarted.
func (m *Mailbox[T]) Ready(w *Worker[T]) Next[T] {
	m.mu.Lock()
	if !w.known {
		w.known = true
		m.live++
	}
	if w.restarting {
		w.restarting = false
		m.restarting--
	}
	if m.live > m.concurrency {
		m.live--
		w.known = false
		return m.unlock(Next[T]{Retire: true})
	}
	return m.unlock(m.takeLocked(w))
}

// GiveBack takes an entry that w was handed and has not begun, for another worker:
// it is the next in turn. If the sender has gone or was answered, as by Drain, w
// keeps it.
func (m *Mailbox[T]) GiveBack(w *Worker[T]) {
	m.mu.Lock()
	if e := w.current; e != nil && e.state == inHand {
		m.hands.remove(e)
		w.current = nil
		m.dueLocked(e)
	}
	m.unlock(Next[T]{})
}

// Stopped reports that w will never serve again. What it held, if anything, is
// returned, settled as cancelled; mine is as in Finish. A worker that has retired
// is not counted a second time.
func (m *Mailbox[T]) Stopped(w *Worker[T]) (held *Entry[T], mine bool) {
	m.mu.Lock()
	if held = w.current; held != nil {
		mine = m.finishLocked(w, Cancelled)
	}
	if w.known {
		w.known = false
		m.live--
		m.unfreeLocked(w)
		if w.restarting {
			w.restarting = false
			m.restarting--
		}
	}
	m.promoteLocked()
	m.settleIdleLocked()
	m.unlock(Next[T]{})
	return held, mine
}

// EachFree calls visit for each free worker, under the lock: none of them is
// handed an entry meanwhile. idle is how many times in a row the worker has been
// visited without having served.
func (m *Mailbox[T]) EachFree(visit func(w *Worker[T], idle int)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w := m.free; w != nil; w = w.next {
		visit(w, w.idle)
		w.idle++
	}
}

// Missing returns how many workers there are too few.
func (m *Mailbox[T]) Missing() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return max(0, m.concurrency-m.live)
}

func (m *Mailbox[T]) unfreeLocked(w *Worker[T]) {
	for at := &m.free; *at != nil; at = &(*at).next {
		if *at == w {
			*at, w.next = w.next, nil
			return
		}
	}
}

// takeLocked gives a worker without an entry its next one, retires it, or puts
// it on the free list.
func (m *Mailbox[T]) takeLocked(w *Worker[T]) Next[T] {
	if m.live-m.restarting > m.concurrency {
		m.live--
		w.known = false
		m.promoteLocked()
		return Next[T]{Retire: true}
	}
	e := m.nextLocked()
	if e == nil {
		w.next, m.free = m.free, w
		return Next[T]{}
	}
	m.holdLocked(w, e)
	m.promoteLocked()
	return Next[T]{Entry: e}
}

// nextLocked removes the entry whose turn it is: one that is due after a
// backoff, else the oldest queued one, else the oldest waiter (which has no
// place although the queue is empty when backoffs use up the total bound).
func (m *Mailbox[T]) nextLocked() *Entry[T] {
	if e := m.due.pop(); e != nil {
		return e
	}
	if e := m.queue.pop(); e != nil {
		m.drain.left(m.queue.len, m.finishedLocked())
		return e
	}
	if m.waiters.head == nil || m.acceptedLocked() >= m.boundLocked() {
		return nil
	}
	m.count.Admitted++
	return m.waiters.pop()
}

func (m *Mailbox[T]) holdLocked(w *Worker[T], e *Entry[T]) {
	e.state = inHand
	e.took = time.Time{}
	m.count.QueueWait += e.endWait()
	if e.took.IsZero() && m.queue.len > 0 { // it is due after a backoff
		e.took = time.Now()
	}
	w.current, w.idle = e, 0
	m.hands.push(e)
}

// claimLocked takes a free worker for e; it is handed over when the lock is let go.
func (m *Mailbox[T]) claimLocked(e *Entry[T]) {
	w := m.free
	m.free, w.next = w.next, nil
	m.holdLocked(w, e)
	w.handing = e
	if m.claimed == nil {
		m.claimed = w
	} else {
		m.lastClaimed.next = w
	}
	m.lastClaimed = w
}

// unlock lets go of the lock and then hands over what was claimed under it, in
// the order in which it was claimed.
func (m *Mailbox[T]) unlock(next Next[T]) Next[T] {
	w := m.claimed
	m.claimed, m.lastClaimed = nil, nil
	m.mu.Unlock()
	for w != nil {
		e, following := w.handing, w.next
		w.handing, w.next = nil, nil
		w.hand(e)
		w = following
	}
	return next
}
