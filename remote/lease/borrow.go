package lease

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "bifrost/remote/bifrostv1"
)

// nextRequest is when this node is to look after its slots of a limit; zero: when it is told
// that one is needed.
func (l *limit) nextRequest(now time.Time, t Timing) time.Time {
	b := l.lessee
	if b == nil {
		return time.Time{}
	}
	used, waiting := b.slots.Usage()
	if used+waiting == 0 && b.leased(now) == 0 && !b.refusing && (b.used.IsZero() || now.Sub(b.used) >= t.Idle) {
		return time.Time{}
	}
	if b.open && b.asked.Add(t.Answer).After(b.next) {
		return b.asked.Add(t.Answer)
	}
	return b.next
}

// borrow asks for slots, when it is time.
func (m *Machine) borrow(l *limit) {
	b, t := l.lessee, m.cfg.Timing
	if b == nil {
		return
	}
	need, spare := b.wants(m.now, t.Idle, m.block(b.size))
	if need+spare == 0 && b.refusing {
		spare = 1 // to learn whether there is an owner again
	}
	if b.patience(m.now, need, t.Patience) {
		m.notice(l, Refusing)
	}
	if b.open && m.now.Sub(b.asked) >= t.Answer { // lost, or whom it was sent to is
		b.open, b.owner = false, ""
		b.trouble(m.now)
		b.next = m.now
	}
	hungry := need > b.leased(m.now)
	if hungry && b.next.Sub(m.now) > t.Poll {
		b.next = m.now // it was to be long, and somebody has come
	}
	switch {
	case b.open || m.now.Before(b.next) || b.idle(m.now, need, spare):
		return
	case need+spare == 0:
		b.lower(m.now, 0)
		m.giveBack(l)
		return
	}
	b.lower(m.now, need+spare)
	b.next = m.now.Add(t.Renew)
	b.whom = m.lender(l)
	if b.whom == "" {
		b.next = m.now.Add(t.Poll)
		return
	}
	used, _ := b.slots.Usage()
	m.sequence++
	b.sequence = m.sequence
	if !b.valid(m.now) {
		b.trouble(m.now)
	}
	b.asked, b.open = m.now, true
	m.send(b.whom, &v1.LeaseRequest{Limit: l.name, Run: m.cfg.Run, Sequence: b.sequence, Size: uint32(b.size),
		Held: uint32(b.leased(m.now)), InUse: uint32(used), Wanted: uint32(need), Spare: uint32(spare)})
}

// lender is whom to ask: who is known to lend, or who would be the owner.
func (m *Machine) lender(l *limit) string {
	owner := l.lessee.owner
	if owner == "" {
		owner = m.ownerOf(l)
	}
	if owner != "" && m.reaches(owner) {
		return owner
	}
	return first(l.name, m.members, m.reaches)
}

// giveBack tells the owner that nothing is needed. Nothing comes of it if it is lost: the
// lease ends by itself.
func (m *Machine) giveBack(l *limit) {
	b := l.lessee
	whom := m.lender(l)
	used, _ := b.slots.Usage()
	m.sequence++
	b.sequence = m.sequence
	b.open = false
	b.next = m.now.Add(m.cfg.Timing.Renew)
	if whom != "" {
		m.send(whom, &v1.LeaseRequest{Limit: l.name, Run: m.cfg.Run, Sequence: b.sequence, Size: uint32(b.size), Held: uint32(b.leased(m.now)), InUse: uint32(used)})
	}
}

// requested lends slots to a node, or says who does.
func (m *Machine) requested(from string, r *v1.LeaseRequest) {
	l := m.limit(r.Limit)
	if l == nil || r.Size == 0 {
		return
	}
	if r.Wanted+r.Spare > 0 || r.Held+r.InUse > 0 {
		if !m.isWanted(l) && !l.office.holds(m.now) {
			l.office.next = m.now
		}
		l.wanted = m.now
	}
	grant := &v1.LeaseGrant{Limit: r.Limit, Sequence: r.Sequence}
	lasts := min(m.cfg.Timing.Term, l.office.until.Sub(m.now))
	if lasts > 0 {
		a := ask{sequence: r.Sequence, size: int(r.Size), held: int(r.Held), used: int(r.InUse), wanted: int(r.Wanted), spare: int(r.Spare)}
		slots, ok := l.loans.lend(m.now, borrower{from, r.Run}, a, m.now.Add(lasts), m.cfg.Timing.Turn)
		if !ok {
			return
		}
		grant.Slots, grant.Lasts = uint32(slots), durationpb.New(lasts)
	} else if grant.Owner = m.ownerOf(l); grant.Owner == "" {
		grant.Owner = first(l.name, m.members, m.reaches)
	}
	m.send(from, grant)
}

// granted takes the answer to the last request; any other is void.
func (m *Machine) granted(from string, g *v1.LeaseGrant) {
	l := m.limits[g.Limit]
	if l == nil || l.lessee == nil {
		return
	}
	b, t := l.lessee, m.cfg.Timing
	if !b.open || g.Sequence != b.sequence || from != b.whom {
		return
	}
	b.open = false
	lasts := g.Lasts.AsDuration()
	if lasts <= 0 {
		b.trouble(m.now)
		b.owner = ""
		if g.Owner != from {
			b.owner = g.Owner
		}
		b.next = m.now.Add(t.Poll)
		return
	}
	b.owner = from
	b.troubled = time.Time{}
	if b.refusing {
		b.refusing = false
		m.notice(l, Recovered)
	}
	b.allow(int(g.Slots), b.asked.Add(min(lasts, t.Term)-t.Margin))
	if used, waiting := b.slots.Usage(); waiting > 0 || used > b.held {
		b.next = m.now.Add(t.Poll)
	} else {
		b.next = b.asked.Add(t.Renew)
	}
}
