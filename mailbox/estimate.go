package mailbox

import "time"

const (
	minPaceSample = 8           // calls; from fewer nothing is concluded
	paceFresh     = time.Minute // how long they tell of the next ones, or twice as long as a call takes
	maxLooked     = 4096        // entries ahead that are looked at
)

// Until is how long an entry is of use to its sender.
type Until struct {
	// Deadline is when the sender leaves. Zero: it does not say.
	Deadline time.Time

	// Beginning tells that it stays if the answer has begun by then.
	Beginning bool

	// Refuse has an entry refused whose turn comes too late: see OfferUntil.
	Refuse bool
}

// pace is how long recent calls have held their workers, and how long it took until
// there was something of their answers: of calls that were queued before, since nothing
// is to be known while there is no queue. Two samples are kept, so that a provider that
// has become faster is seen at once. Guarded by the mailbox's lock.
type pace struct {
	last, now sample
	at        time.Time // of the last call
}

type sample struct {
	calls int
	held  time.Duration // in total
	first time.Duration // the shortest; 0: unknown
}

func (s *sample) mean() time.Duration { return s.held / time.Duration(s.calls) }

// ended notes a call that has held its worker for so long; size is that of a sample.
func (p *pace) ended(now time.Time, held time.Duration, size int) {
	p.at = now
	p.now.calls++
	p.now.held += held
	if p.now.calls >= max(size, minPaceSample) {
		p.last, p.now = p.now, sample{}
	}
}

// answered notes how long it took until there was something of an answer.
func (p *pace) answered(took time.Duration) {
	if p.now.first == 0 || took < p.now.first {
		p.now.first = took
	}
}

// call returns how long a call holds its worker, and the shortest time to something of
// its answer; false if that is not known well enough.
func (p *pace) call(now time.Time) (held, first time.Duration, ok bool) {
	if p.last.calls == 0 {
		return 0, 0, false
	}
	held, first = p.last.mean(), p.last.first
	if now.Sub(p.at) > max(paceFresh, 2*held) {
		return 0, 0, false
	}
	if p.now.calls > 0 {
		held = min(held, p.now.mean())
	}
	if p.now.first > 0 {
		first = min(first, p.now.first)
	}
	return held, first, true
}

// unmeetableLocked reports whether the turn of an entry that is offered now, and has to
// wait, comes too late, and whether it would without a queue.
func (m *Mailbox[T]) unmeetableLocked(u Until) (unmeetable, hopeless bool) {
	if !u.Refuse || u.Deadline.IsZero() {
		return false, false
	}
	now := time.Now()
	held, first, ok := m.pace.call(now)
	if !ok {
		return false, false
	}
	left := u.Deadline.Sub(now)
	ahead := m.due.len + m.queue.len + m.waiters.len
	if latest := held * time.Duration(1+ahead/m.workersLocked()); latest+first <= left {
		return false, false
	}
	turn, ok := m.turnLocked(now, held, first)
	return ok && turn+first > left, first > left
}

func (m *Mailbox[T]) workersLocked() int { return max(m.concurrency, m.live) }

// turnLocked returns after how long a worker would take an entry that is offered now, if
// every call takes as long as held, and senders leave at their deadlines and not before;
// false if too little is known of the calls in hand, or a worker is restarting.
func (m *Mailbox[T]) turnLocked(now time.Time, held, first time.Duration) (turn time.Duration, ok bool) {
	if m.hands.len < m.workersLocked() {
		return 0, false
	}
	free := m.turns[:0]
	for e := m.hands.head; e != nil; e = e.next {
		var ends time.Duration
		if e.took.IsZero() {
			return 0, false
		}
		if e.state != abandoned {
			took := -now.Sub(e.took)
			ends = took + held
			if e.state != replied || !e.until.Beginning {
				ends = e.cut(now, ends, took+first)
			}
		}
		free = append(free, max(ends, 0))
	}
	m.turns = free
	for i := len(free)/2 - 1; i >= 0; i-- {
		sink(free, i)
	}
	looked := 0
	for _, l := range []*fifo[T]{&m.due, &m.queue, &m.waiters} {
		for e := l.head; e != nil && looked < maxLooked; e = e.next {
			looked++
			start := free[0]
			if !e.until.Deadline.IsZero() && start >= e.until.Deadline.Sub(now) {
				continue // it leaves before
			}
			free[0] = e.cut(now, start+held, start+first)
			sink(free, 0)
		}
	}
	return free[0], true
}

// cut returns when an entry ends whose answer would begin and end then: at its deadline at
// the latest, unless it stays.
func (e *Entry[T]) cut(now time.Time, ends, begins time.Duration) time.Duration {
	deadline := e.until.Deadline.Sub(now)
	if e.until.Deadline.IsZero() || e.until.Beginning && begins < deadline {
		return ends
	}
	return min(ends, deadline)
}

// sink restores the order of a heap, smallest first, in which only i may be too large.
func sink(heap []time.Duration, i int) {
	for {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(heap) && heap[child] < heap[least] {
				least = child
			}
		}
		if least == i {
			return
		}
		heap[i], heap[least] = heap[least], heap[i]
		i = least
	}
}
