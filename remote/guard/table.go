package guard

import (
	"container/list"
	"net"
	"sync"
	"time"
)

// The standing of a connection. Stranger and introduced follow each other, ended is
// final.
type standing int

const (
	stranger standing = iota
	introduced
	ended
)

// A table has all connections of a node.
type table struct {
	maxConnections, maxStrangers int
	limit                        time.Duration // for an introduction

	// evicted is told, without the lock, which connection the table itself has
	// closed, and why.
	evicted func(c *connection, why Reason)

	// handlers counts streams, handshakes and timers that run, for Close.
	handlers sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	strangers *list.List // of *connection, the oldest first
	known     map[*connection]struct{}
	byAddress map[string][]*connection // the oldest first
	lost      []eviction               // not told yet
}

// An eviction is a connection that the table has closed.
type eviction struct {
	c   *connection
	why Reason
}

func newTable(p Policy, evicted func(*connection, Reason)) *table {
	return &table{
		maxConnections: p.MaxConnections, maxStrangers: p.MaxStrangers, limit: introductionLimit,
		evicted: evicted, strangers: list.New(),
		known: make(map[*connection]struct{}), byAddress: make(map[string][]*connection),
	}
}

// locked runs do under the lock, and tells afterwards who was evicted: a log that
// blocks must not hold up others.
func (t *table) locked(do func()) {
	t.mu.Lock()
	do()
	lost := t.lost
	t.lost = nil
	t.mu.Unlock()
	for _, e := range lost {
		t.evicted(e.c, e.why)
	}
}

// enter makes a stranger of a new connection. false: the table is closed. Else the
// connection's handshake is counted, and calls handlers.Done.
func (t *table) enter(c *connection) (ok bool) {
	t.locked(func() {
		if ok = !t.closed; ok {
			t.handlers.Add(1)
			t.estrangeLocked(c, t.limit)
		}
	})
	return ok
}

// begin counts a stream of c. false: c is about to end. Else the stream calls finish,
// and handlers.Done.
func (t *table) begin(c *connection) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || c.standing == ended || c.doomed.Load() {
		return false
	}
	t.handlers.Add(1)
	return true
}

// introduce lets a stream of c speak for p. It returns the reason why not.
func (t *table) introduce(c *connection, p Peer) (refused Reason) {
	t.locked(func() { refused = t.introduceLocked(c, p) })
	return refused
}

func (t *table) introduceLocked(c *connection, p Peer) Reason {
	switch {
	case c.standing == ended || c.doomed.Load():
		return ReasonEvicted
	case c.standing == introduced && (c.address != p.Address || c.member != p.MemberID):
		return ReasonBadIntroduction
	case c.standing == introduced:
		c.streams++
		return ""
	}
	if same := t.byAddress[p.Address]; len(same) >= maxPerAddress {
		t.evictLocked(same[0], ReasonReplaced)
	}
	if len(t.known) >= t.maxConnections {
		return ReasonTooMany
	}
	t.strangers.Remove(c.place)
	c.timer.Stop()
	c.standing, c.address, c.member, c.streams = introduced, p.Address, p.MemberID, 1
	c.trusted.Store(true)
	t.known[c] = struct{}{}
	t.byAddress[p.Address] = append(t.byAddress[p.Address], c)
	return ""
}

// finish is the end of a stream, which may have been introduced.
func (t *table) finish(c *connection, wasIntroduced bool) {
	t.locked(func() {
		if !wasIntroduced || c.standing != introduced {
			return
		}
		if c.streams--; c.streams == 0 {
			t.forgetLocked(c)
			t.estrangeLocked(c, t.limit)
		}
	})
}

// doom lets c end soon: no stream of it is heard any more, and its place is one of a
// stranger.
func (t *table) doom(c *connection) {
	t.locked(func() {
		if !c.doomed.CompareAndSwap(false, true) {
			return
		}
		switch c.standing {
		case stranger:
			c.timer.Reset(lingering)
		case introduced:
			t.forgetLocked(c)
			t.estrangeLocked(c, lingering)
		}
	})
}

// leave takes out a connection that was closed. It returns how it stood before.
func (t *table) leave(c *connection) standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := c.standing
	t.endLocked(c)
	return was
}

// close ends every connection, and lets none in any more.
func (t *table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for c := range t.known {
		t.endLocked(c)
	}
	for t.strangers.Len() > 0 {
		t.endLocked(t.strangers.Front().Value.(*connection))
	}
}

// count returns how many connections have introduced themselves, and how many not.
func (t *table) count() (known, strangers int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.known), t.strangers.Len()
}

// addressOf returns what c claims, or claimed last.
func (t *table) addressOf(c *connection) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return c.address
}

// expire is the timer of a stranger, of the time when it became one.
func (t *table) expire(c *connection, phase int) {
	counted := false
	t.locked(func() {
		if counted = !t.closed; counted {
			t.handlers.Add(1) // what is told is told before Close returns
		}
		switch {
		case c.standing != stranger || c.phase != phase: // the timer was late
		case c.doomed.Load():
			t.endLocked(c) // for a reason that was told
		default:
			t.evictLocked(c, ReasonTooSlow)
		}
	})
	if counted {
		t.handlers.Done()
	}
}

func (t *table) estrangeLocked(c *connection, limit time.Duration) {
	if t.closed {
		t.endLocked(c)
		return
	}
	if t.strangers.Len() >= t.maxStrangers {
		t.evictLocked(t.victimLocked(), ReasonEvicted)
	}
	c.standing = stranger
	c.trusted.Store(false)
	c.place = t.strangers.PushBack(c)
	c.phase++
	phase := c.phase
	c.timer = time.AfterFunc(limit, func() { t.expire(c, phase) }) // ends when the stranger does
}

// victimLocked returns the oldest stranger of the host that has the most: who floods
// pays for it, if he comes from somewhere else than honest peers.
func (t *table) victimLocked() *connection {
	count := make(map[string]int, t.strangers.Len())
	var most string
	for e := t.strangers.Front(); e != nil; e = e.Next() {
		host := e.Value.(*connection).host
		if count[host]++; count[host] > count[most] {
			most = host
		}
	}
	for e := t.strangers.Front(); ; e = e.Next() {
		if c := e.Value.(*connection); c.host == most {
			return c
		}
	}
}

func (t *table) evictLocked(c *connection, why Reason) {
	if !c.doomed.Load() { // that was told already
		t.lost = append(t.lost, eviction{c, why})
	}
	t.endLocked(c)
}

// endLocked closes the socket itself: a TLS connection would wait to say goodbye.
func (t *table) endLocked(c *connection) {
	switch c.standing {
	case stranger:
		t.strangers.Remove(c.place)
		c.timer.Stop()
	case introduced:
		t.forgetLocked(c)
	case ended:
		return
	}
	c.standing = ended
	c.trusted.Store(false)
	_ = c.socket.Close() // nobody is left to be told
}

// forgetLocked takes c out of those that have introduced themselves.
func (t *table) forgetLocked(c *connection) {
	delete(t.known, c)
	rest := t.byAddress[c.address]
	for i, other := range rest {
		if other == c {
			rest = append(rest[:i:i], rest[i+1:]...)
			break
		}
	}
	if len(rest) == 0 {
		delete(t.byAddress, c.address)
		return
	}
	t.byAddress[c.address] = rest
}

// hostOf is what connections are counted by: the address, or the network of an IPv6
// address, which is as much as one host may have.
func hostOf(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return network.String()
}
