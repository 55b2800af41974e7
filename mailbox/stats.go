package mailbox

import (
	"time"

	"bifrost/schemas"
)

// Counters only grow. Each offered entry is in exactly one of Admitted, Left,
// Refused or (in Stats) Waiting; each admitted one in exactly one of Completed,
// Failed, Cancelled, DeadLettered or (in Stats) Queued, BackingOff, InHand.
type Counters struct {
	Offered  uint64
	Admitted uint64
	Left     uint64 // gave up before they were admitted
	Refused  map[schemas.Reason]uint64

	Completed    uint64
	Failed       uint64
	Cancelled    uint64 // the sender went, or was answered, before the worker was done
	DeadLettered uint64 // admitted, and taken out by Drain

	// QueueWait is the time that entries waited for a place and were queued until a
	// worker took them, in total. Over Admitted it is the mean; entries that left
	// unserved add nothing, and a backoff is not part of it.
	QueueWait time.Duration
}

func (c *Counters) refuse(r schemas.Reason) {
	if c.Refused == nil {
		c.Refused = make(map[schemas.Reason]uint64)
	}
	c.Refused[r]++
}

// RefusedTotal is the number of refusals for any reason.
func (c Counters) RefusedTotal() uint64 {
	var n uint64
	for _, v := range c.Refused {
		n += v
	}
	return n
}

// Stats is one snapshot, taken under one lock.
type Stats struct {
	Counters

	Concurrency int
	BufferSize  int
	Drop        bool
	Closed      bool

	Waiting    int
	Queued     int
	InHand     int
	BackingOff int

	Workers    int // live ones: free, busy or restarting
	Restarting int // of those, the ones that panicked and are not back yet

	OldestQueued time.Duration // age of the head of the queue
	DrainRate    float64       // entries per second while there was a queue; 0: unknown
}

// Stats returns a snapshot.
func (m *Mailbox[T]) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	s := Stats{
		Counters:    m.count,
		Concurrency: m.concurrency,
		BufferSize:  m.bufferSize,
		Drop:        m.drop,
		Closed:      m.closed,
		Waiting:     m.waiters.len,
		Queued:      m.queue.len,
		InHand:      m.hands.len,
		BackingOff:  m.parked.len + m.due.len,
		Workers:     m.live,
		Restarting:  m.restarting,
		DrainRate:   m.drain.rate(now, m.finishedLocked()),
	}
	if m.queue.head != nil {
		s.OldestQueued = now.Sub(m.queue.head.since)
	}
	s.Refused = make(map[schemas.Reason]uint64, len(m.count.Refused))
	for r, n := range m.count.Refused {
		s.Refused[r] = n
	}
	return s
}

// HasRoom reports whether an entry offered now would be accepted at once. It is of use
// only as a hint: another one may take the place.
func (m *Mailbox[T]) HasRoom() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.closed && m.waiters.len == 0 && m.roomLocked()
}

// Balanced reports whether the sums of Counters hold in this snapshot.
func (s Stats) Balanced() bool {
	return s.Offered == s.Admitted+uint64(s.Waiting)+s.Left+s.RefusedTotal() &&
		s.Admitted == s.Completed+s.Failed+s.Cancelled+s.DeadLettered+
			uint64(s.Queued)+uint64(s.BackingOff)+uint64(s.InHand)
}
