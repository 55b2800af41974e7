package lease

import "time"

// Registrar knows the owner of each limit from outside the nodes, such as from keys of
// etcd, and takes the place of their votes. It is called with the machine: its methods do
// not block. Whoever drives the machine calls Tick when what Owner returns has changed.
type Registrar interface {
	// Stand has this node become the owner of a limit, as soon as there is none, and stay
	// it. It may be called again.
	Stand(limit string)
	// Resign ends that at once: Owner does not say any more that this node is the owner.
	// The next owner need not wait for anything.
	Resign(limit string)
	// Owner returns the address of who is the owner, empty if nobody is known to be, and
	// until when this run of this node is it; the zero time if it is not. That
	// time is a promise: nobody else is the owner before. The address is a hint.
	Owner(limit string) (address string, until time.Time)
}

// register does with a registrar what stand does with votes: who is asked for slots stands
// if it ranks first among those that it reaches, and an owner goes on while it is asked.
func (m *Machine) register(l *limit) {
	o, r := &l.office, m.cfg.Registrar
	l.loans.expire(m.now)
	holds := o.holds(m.now)
	stands := holds && len(l.loans) > 0 || m.isWanted(l) && (holds || first(l.name, m.members, m.reaches) == m.cfg.Self)
	switch {
	case stands:
		r.Stand(l.name)
		l.stands = true
	case l.stands:
		m.resign(l)
	}
	l.elected, o.until = r.Owner(l.name)
	if !l.stands {
		o.until = time.Time{}
	}
	if holds = o.holds(m.now); holds == l.lost {
		l.lost = !holds
		l.loans = make(loans) // those of an earlier mandate have run out with it
		if holds {
			m.notice(l, Elected)
		} else {
			m.notice(l, Dismissed)
		}
	}
	o.next = m.now.Add(m.cfg.Timing.Renew)
	if holds && o.until.Before(o.next) {
		o.next = o.until
	}
}

// resign ends a candidature or a mandate of which nothing is on loan.
func (m *Machine) resign(l *limit) {
	l.stands = false
	l.office.until = time.Time{}
	m.cfg.Registrar.Resign(l.name)
}

// leave resigns from what is not on loan; the rest ends by itself.
func (m *Machine) leave(l *limit) {
	if l.loans.expire(m.now); l.stands && len(l.loans) == 0 {
		m.resign(l)
	}
}

// registered is who lends a limit's slots by what the registrar says; empty if nobody is
// known to. This node's own address may be that of an earlier run of it.
func (m *Machine) registered(l *limit) string {
	owner, _ := m.cfg.Registrar.Owner(l.name)
	if owner == m.cfg.Self && !l.office.holds(m.now) {
		return ""
	}
	return owner
}
