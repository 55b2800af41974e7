package lease

import (
	"cmp"
	"slices"
	"time"
)

// maxBorrowers bounds the nodes, and runs of nodes, that have something of one limit.
const maxBorrowers = 4096

// loans is what an owner has lent of one limit, by node and run.
type loans map[borrower]*loan

type borrower struct{ node, run string }

// loan is what one node has, and would like to have.
type loan struct {
	sequence      uint64
	size          int // the limit, as that node says
	charge        int // the most that it may be using
	wanted, spare int
	until         time.Time // then it uses nothing of this

	lent  bool      // it has at least one slot
	since time.Time // since when it has, or has not
}

// ask is what a node asks for; see LeaseRequest.
type ask struct {
	sequence                        uint64
	size, held, used, wanted, spare int
}

// expire forgets what has run out.
func (l loans) expire(now time.Time) {
	for b, n := range l {
		if !now.Before(n.until) {
			delete(l, b)
		}
	}
}

// lend answers a request: how many slots the node may use until then. It charges the node
// with what it may be using at the most, whether it gets the answer or not. ok is false
// for a request that is void.
func (l loans) lend(now time.Time, b borrower, a ask, until time.Time, turn time.Duration) (slots int, ok bool) {
	l.expire(now)
	n := l[b]
	switch {
	case n == nil && len(l) >= maxBorrowers:
		return 0, false
	case n == nil:
		n = &loan{since: now}
		l[b] = n
	case a.sequence <= n.sequence:
		return 0, false
	}
	floor := max(a.held, a.used)
	n.sequence, n.size, n.wanted, n.spare = a.sequence, a.size, min(a.wanted, a.size), min(a.spare, a.size)
	n.until = until
	n.charge = floor
	if floor == 0 && n.wanted == 0 && n.spare == 0 {
		delete(l, b)
		return 0, true
	}
	slots = min(l.shareOf(now, b, turn), max(0, l.free(b)))
	n.charge = max(floor, slots)
	if lent := slots > 0; lent != n.lent {
		n.lent, n.since = lent, now
	}
	return slots, true
}

// size is the limit: the lowest of what the nodes say.
func (l loans) size() int {
	size := 0
	for _, n := range l {
		if size == 0 || n.size < size {
			size = n.size
		}
	}
	return size
}

// free is what nobody else may be using. It is below zero after a lease has run out whose
// slots were in use.
func (l loans) free(b borrower) int {
	free := l.size()
	for other, n := range l {
		if other != b {
			free -= n.charge
		}
	}
	return free
}

// shareOf is what one node is due: of what all want, and then of what is left.
func (l loans) shareOf(now time.Time, b borrower, turn time.Duration) int {
	order := l.order(now, turn)
	wanted, spare := make([]int, len(order)), make([]int, len(order))
	for i, o := range order {
		wanted[i], spare[i] = l[o].wanted, l[o].spare
	}
	total := l.size()
	needs := divide(total, wanted)
	for _, n := range needs {
		total -= n
	}
	at := slices.Index(order, b)
	return needs[at] + divide(total, spare)[at]
}

// order is in which nodes have a slot of which there are too few: who has one keeps it for
// a turn, and goes behind those who have waited then.
func (l loans) order(now time.Time, turn time.Duration) []borrower {
	rank := func(b borrower) time.Time {
		n := l[b]
		switch {
		case !n.lent:
			return n.since
		case now.Sub(n.since) < turn:
			return time.Time{}
		}
		return now
	}
	order := make([]borrower, 0, len(l))
	for b := range l {
		order = append(order, b)
	}
	slices.SortFunc(order, func(a, b borrower) int {
		return cmp.Or(rank(a).Compare(rank(b)), cmp.Compare(a.node, b.node), cmp.Compare(a.run, b.run))
	})
	return order
}
