package lease

import (
	"encoding/binary"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	v1 "bifrost/remote/bifrostv1"
)

// isWanted reports whether somebody asks this node for slots of a limit.
func (m *Machine) isWanted(l *limit) bool {
	return !l.wanted.IsZero() && m.now.Sub(l.wanted) < 2*m.cfg.Timing.Term
}

// stand asks for votes, or to have them prolonged, when it is time: a node that is asked
// for slots stands if it ranks first among those that it reaches, also in its first term, in
// which it has the votes of others only.
func (m *Machine) stand(l *limit) {
	if m.cfg.Registrar != nil {
		m.register(l)
		return
	}
	o, t := &l.office, m.cfg.Timing
	holds := o.holds(m.now)
	if !holds && !l.lost {
		l.lost = true
		l.loans = make(loans)
		m.notice(l, Dismissed)
	}
	if m.now.Before(o.next) {
		return
	}
	if o.open && !holds { // not enough votes have come
		o.open = false
		m.toAll(l, &v1.LeaseBallot{Limit: l.name, Run: m.cfg.Run, Round: o.round, Withdrawn: true})
		o.next = m.now.Add(m.jitter(l, t.Answer))
		return
	}
	if !m.isWanted(l) || !holds && (l.vote.has(m.now) || first(l.name, m.members, m.reaches) != m.cfg.Self) {
		o.next = m.now.Add(t.Poll)
		return
	}
	m.round++
	o.begin(m.now, m.round)
	o.next = m.now.Add(t.Answer)
	if holds {
		o.next = m.now.Add(t.Renew)
	}
	m.toAll(l, &v1.LeaseBallot{Limit: l.name, Run: m.cfg.Run, Round: o.round, Lasts: durationpb.New(t.Term), Members: m.members, Elected: holds})
}

// jitter is a pause, of one to two times d, that differs from node to node and from round
// to round, so that two who stand do not go on to hinder each other.
func (m *Machine) jitter(l *limit, d time.Duration) time.Duration {
	score := scoreOf(fmt.Sprint(l.name, m.cfg.Run, l.office.round), m.cfg.Self)
	return d + time.Duration(binary.BigEndian.Uint64(score[:])%uint64(d))
}

func (m *Machine) toAll(l *limit, b *v1.LeaseBallot) {
	for _, member := range m.members {
		m.send(member, b)
	}
}

// ballot answers who stands.
func (m *Machine) ballot(from string, b *v1.LeaseBallot) {
	l := m.limit(b.Limit)
	if l == nil || m.cfg.Registrar != nil {
		return
	}
	if b.Withdrawn {
		l.vote.withdraw(from, b.Run, b.Round)
		return
	}
	vote := &v1.LeaseVote{Limit: b.Limit, Round: b.Round, MembersDiffer: !m.isMember(from) || difference(b.Members, m.members) > 1}
	if b.Elected && !vote.MembersDiffer {
		l.elected, l.heard = from, m.now
	}
	lasts := b.Lasts.AsDuration()
	if !vote.MembersDiffer && lasts > 0 && lasts <= m.cfg.Timing.Term && !m.now.Before(m.began.Add(m.cfg.Timing.Term)) {
		vote.Given = l.vote.vote(m.now, from, b.Run, b.Round, lasts)
	}
	if !vote.Given {
		if vote.Owner = m.ownerOf(l); vote.Owner == from {
			vote.Owner = ""
		}
	}
	m.send(from, vote)
}

// voted counts a vote.
func (m *Machine) voted(from string, v *v1.LeaseVote) {
	l := m.limits[v.Limit]
	if l == nil || m.cfg.Registrar != nil || !m.isMember(from) {
		return
	}
	if v.MembersDiffer {
		m.notice(l, MembersDiffer)
	}
	o, t := &l.office, m.cfg.Timing
	if !v.Given && v.Owner != "" {
		l.elected, l.heard = v.Owner, m.now
	}
	if !v.Given || !o.count(m.now, from, v.Round, m.majority(), t.Term-t.Margin) {
		return
	}
	o.next = o.sent.Add(t.Renew)
	if l.lost {
		l.lost = false
		l.loans = make(loans) // those of an earlier mandate have run out with it
		m.notice(l, Elected)
	}
	l.elected, l.heard = m.cfg.Self, m.now
}

// ownerOf is who lends a limit's slots, as far as this node knows; empty if it knows of
// nobody.
func (m *Machine) ownerOf(l *limit) string {
	switch {
	case l.office.holds(m.now):
		return m.cfg.Self
	case m.cfg.Registrar != nil:
		return m.registered(l)
	case l.elected != "" && l.elected != m.cfg.Self && m.now.Sub(l.heard) < m.cfg.Timing.Term:
		return l.elected
	case l.vote.has(m.now):
		return l.vote.candidate
	}
	return ""
}
