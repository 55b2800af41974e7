package mailbox_test

import (
	"slices"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// model says in plain slices what a mailbox does, without regard to cost. Where
// the mailbox moves entries as part of each call, the model only changes its
// slices and then settles: it applies the rules of the package's documentation
// until none applies any more. It does not say which of the free workers takes an
// entry.
type model struct {
	mailbox.Limits
	closed bool

	waiting, queue, due, parked, hands []*item

	live, free, restarting int // workers; live is all that have not retired

	count mailbox.Counters
	taken []*item // by workers, during the current call
}

// item is an entry as the model sees it.
type item struct {
	mailbox.Entry[*item]
	ticket uint64
	where  place
}

type place string

const (
	nowhere   place = ""
	waits     place = "waiting"
	queues    place = "queued"
	inHand    place = "in hand"
	replied   place = "in hand, its sender has the answer's beginning"
	abandoned place = "in hand, its sender has gone or was answered"
	parked    place = "backing off"
	isDue     place = "due"
)

func (m *model) bound() int    { return m.BufferSize + m.Concurrency }
func (m *model) accepted() int { return len(m.queue) + len(m.due) + len(m.parked) + len(m.hands) }
func (m *model) active() int   { return m.live - m.restarting }
func (m *model) missing() int  { return max(0, m.Concurrency-m.live) }
func (m *model) isIdle() bool  { return m.closed && m.accepted() == 0 }

// settle applies the rules until none applies.
func (m *model) settle() {
	for {
		room := m.accepted() < m.bound() && (m.free > 0 || len(m.queue) < m.BufferSize)
		switch {
		case m.free > 0 && len(m.due) > 0:
			m.take(shift(&m.due))
		case m.free > 0 && len(m.queue) > 0:
			m.take(shift(&m.queue))
		case len(m.waiting) > 0 && room:
			m.admit(shift(&m.waiting))
		default:
			return
		}
	}
}

func (m *model) take(e *item) {
	m.free--
	e.where = inHand
	m.hands = append(m.hands, e)
	m.taken = append(m.taken, e)
}

func (m *model) admit(e *item) {
	m.count.Admitted++
	e.where = queues
	m.queue = append(m.queue, e)
}

func (m *model) offer(e *item, s mailbox.Sender) (mailbox.Verdict, schemas.Reason) {
	m.count.Offered++
	e.ticket = m.count.Offered
	limit := m.MaxWaiting
	if limit == 0 && s == mailbox.CannotBlock {
		limit = m.BufferSize
	}
	room := m.accepted() < m.bound() && (m.free > 0 || len(m.queue) < m.BufferSize)
	switch {
	case s == mailbox.Gone:
		m.count.Left++
		return mailbox.Left, ""
	case m.closed:
		return mailbox.Refused, m.refuse(schemas.ReasonDraining)
	case len(m.waiting) == 0 && room:
		m.admit(e)
		m.settle()
		return mailbox.Accepted, ""
	case m.Drop || limit > 0 && len(m.waiting) >= limit:
		if m.live > 0 && m.restarting == m.live {
			return mailbox.Refused, m.refuse(schemas.ReasonDegraded)
		}
		return mailbox.Refused, m.refuse(schemas.ReasonQueueFull)
	}
	e.where = waits
	m.waiting = append(m.waiting, e)
	return mailbox.Waits, ""
}

func (m *model) hasRoom() bool {
	room := m.accepted() < m.bound() && (m.free > 0 || len(m.queue) < m.BufferSize)
	return !m.closed && len(m.waiting) == 0 && room
}

func (m *model) refuse(r schemas.Reason) schemas.Reason {
	if m.count.Refused == nil {
		m.count.Refused = map[schemas.Reason]uint64{}
	}
	m.count.Refused[r]++
	return r
}

func (m *model) leave(e *item) mailbox.Leaving {
	switch e.where {
	case waits:
		m.count.Left++
	case queues, isDue, parked:
		m.count.Cancelled++
	case inHand:
		e.where = abandoned
		return mailbox.InHand
	default:
		return mailbox.Answered
	}
	m.remove(e)
	m.settle()
	return mailbox.GaveBack
}

func (m *model) expire(e *item) bool {
	if e.where != waits {
		return false
	}
	m.remove(e)
	m.refuse(schemas.ReasonQueueTimeout)
	return true
}

// giveBack settles an entry that was in hand, and reports whether its sender is
// to be answered.
func (m *model) giveBack(e *item, o mailbox.Outcome) (won bool) {
	won = e.where == inHand
	switch {
	case e.where == abandoned || o == mailbox.Cancelled:
		m.count.Cancelled++
	case o == mailbox.Completed:
		m.count.Completed++
	default:
		m.count.Failed++
	}
	m.remove(e)
	return won
}

func (m *model) backoff(e *item) bool {
	if e.where != inHand {
		m.giveBack(e, mailbox.Cancelled)
		return false
	}
	m.remove(e)
	e.where = parked
	m.parked = append(m.parked, e)
	return true
}

func (m *model) endBackoff(e *item) {
	if e.where == parked {
		m.remove(e)
		e.where = isDue
		m.due = append(m.due, e)
		m.settle()
	}
}

// freed is what becomes of a worker that has nothing in hand any more.
func (m *model) freed() (retires bool) {
	if m.active() > m.Concurrency {
		m.live--
		m.settle()
		return true
	}
	m.free++
	m.settle()
	return false
}

func (m *model) resize(l mailbox.Limits) (retired int) {
	m.Limits = l
	for m.free > 0 && m.active() > m.Concurrency {
		m.free--
		m.live--
		retired++
	}
	m.settle()
	return retired
}

// closing returns the waiters, which are refused.
func (m *model) closing() []*item {
	m.closed = true
	out := slices.Clone(m.waiting)
	for _, e := range out {
		m.remove(e)
		m.refuse(schemas.ReasonDraining)
	}
	return out
}

// drained is what a drain of the model returns.
type drained struct{ queued, backingOff, abandoned []*item }

func (m *model) drain() drained {
	out := drained{queued: slices.Clone(m.queue), backingOff: slices.Concat(m.due, m.parked)}
	for _, e := range slices.Concat(out.backingOff, out.queued) {
		m.remove(e)
		m.count.DeadLettered++
	}
	for _, e := range m.hands {
		if e.where == inHand {
			e.where = abandoned
			out.abandoned = append(out.abandoned, e)
		}
	}
	return out
}

// remove takes an entry out, wherever it is.
func (m *model) remove(e *item) {
	for _, l := range []*[]*item{&m.waiting, &m.queue, &m.due, &m.parked, &m.hands} {
		*l = slices.DeleteFunc(*l, func(other *item) bool { return other == e })
	}
	e.where = nowhere
}

func shift(l *[]*item) *item {
	e := (*l)[0]
	*l = (*l)[1:]
	return e
}
