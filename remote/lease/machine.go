package lease

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
)

// maxLimits and maxName bound the limits that a node knows, so that nobody can make up
// more.
const (
	maxLimits = 1024
	maxName   = 4096 // bytes
)

// Config is what a machine needs of its process.
type Config struct {
	Self    string   // this node's address, as others know it
	Run     string   // names this run of it
	Members []string // the addresses of all nodes; this one need not be among them
	Timing  Timing

	// Reaches reports whether a member can be reached now. It is not asked for Self.
	Reaches func(member string) bool
	// Send sends a message to another node. It may lose it, and does not block.
	Send func(to string, m proto.Message)
	// Registrar says who is the owner of each limit, in place of votes. Nil: the nodes vote.
	// All nodes have one, of the same register, or none has.
	Registrar Registrar
	// Notice is told what an operator should know; it may be nil.
	Notice func(limit string, n Notice)
}

// Notice is something that has become of a limit.
type Notice int

// The notices.
const (
	Elected       Notice = iota // this node lends the limit's slots now
	Dismissed                   // it does not any more
	Refusing                    // no owner is reached: who needs a slot is refused
	Recovered                   // one is reached again
	MembersDiffer               // another node knows other nodes, and does not vote for this one
)

// Machine is one node's part in all limits. It is not safe for concurrent use. Moments
// come from the caller, and never go back.
type Machine struct {
	cfg     Config
	members []string
	began   time.Time
	limits  map[string]*limit
	now     time.Time
	own     []proto.Message // to this node itself

	round, sequence uint64 // the last ones of all limits
}

// limit is what a node knows of one limit.
type limit struct {
	name    string
	vote    voter
	elected string // who said last that it lends; empty: nobody
	heard   time.Time

	office mandate
	lost   bool // the end of the mandate has been noticed
	stands bool // the registrar has been told that this node stands
	loans  loans
	wanted time.Time // when somebody last asked this node for slots

	lessee *lessee // nil: this node needs no slots of it
	former *lessee // the last one, which may have slots that its owner counts; nil: none
}

// New returns a machine that begins at now, and votes a term later.
func New(cfg Config, now time.Time) *Machine {
	return &Machine{cfg: cfg, members: normalized(cfg.Members, cfg.Self), began: now, now: now, limits: make(map[string]*limit)}
}

// SetMembers replaces the list of nodes. Votes of another list do not count any more;
// what they have brought about holds for its term.
func (m *Machine) SetMembers(now time.Time, members []string) {
	m.now = now
	m.members = normalized(members, m.cfg.Self)
	for _, l := range m.limits {
		l.office.open = false
	}
}

func (m *Machine) reaches(member string) bool { return member == m.cfg.Self || m.cfg.Reaches(member) }

func (m *Machine) isMember(node string) bool { return slices.Contains(m.members, node) }

func (m *Machine) majority() int { return len(m.members)/2 + 1 }

// block is how many slots a node likes to have at hand.
func (m *Machine) block(size int) int { return max(1, (size+2*len(m.members)-1)/(2*len(m.members))) }

// limit returns what is known of a limit; nil if there are too many, or its name is too
// long.
func (m *Machine) limit(name string) *limit {
	l := m.limits[name]
	if l == nil && len(m.limits) < maxLimits && len(name) <= maxName {
		l = &limit{name: name, loans: make(loans), lost: true}
		m.limits[name] = l
	}
	return l
}

// Share begins to borrow slots of a limit of that size, as they are needed; there are
// none to begin with. For a limit that is shared already it replaces size and slots.
func (m *Machine) Share(now time.Time, name string, size int, slots Slots) {
	m.now = now
	l := m.limit(name)
	switch {
	case l == nil:
		slots.Refuse()
		return
	case l.lessee != nil && l.lessee.slots == slots:
		l.lessee.size = size
	default:
		l.lessee, l.former = &lessee{slots: slots, size: size}, nil
		slots.Allow(0, now)
	}
	l.lessee.next = now
	m.deliver()
}

// Unshare gives back what is borrowed of a limit, and does not touch its slots again. What
// is in use goes on uncounted.
func (m *Machine) Unshare(now time.Time, name string) {
	m.now = now
	l := m.limits[name]
	if l == nil || l.lessee == nil {
		return
	}
	m.giveBack(l)
	m.deliver()
	l.lessee, l.former = nil, l.lessee
}

// Leave gives back everything that is not in use, as a node does that ends: nothing is taken
// any more.
func (m *Machine) Leave(now time.Time) {
	m.now = now
	for _, l := range m.limits {
		switch {
		case l.lessee != nil:
			l.lessee.lower(now, 0)
			m.giveBack(l)
		case l.former != nil: // its slots are not to be touched, and nobody uses them any more
			l.former.held = 0
			l.lessee, l.former = l.former, nil
			m.giveBack(l)
			m.deliver()
			l.lessee = nil
		}
	}
	m.deliver()
	for _, l := range m.limits {
		m.leave(l)
	}
}

// Receive takes a message of a node, which may be this one, and reports whether it is
// one of this package's.
func (m *Machine) Receive(now time.Time, from string, message any) bool {
	m.now = now
	known := m.take(from, message)
	m.deliver()
	return known
}

func (m *Machine) take(from string, message any) bool {
	switch msg := message.(type) {
	case *v1.LeaseBallot:
		m.ballot(from, msg)
	case *v1.LeaseVote:
		m.voted(from, msg)
	case *v1.LeaseRequest:
		m.requested(from, msg)
	case *v1.LeaseGrant:
		m.granted(from, msg)
	default:
		return false
	}
	return true
}

// Tick does what is due, and returns when it is to be called next; the zero time if that
// is not before something else happens. It may be called at any time.
func (m *Machine) Tick(now time.Time) (next time.Time) {
	m.now = now
	for _, l := range m.limits {
		m.stand(l)
		m.borrow(l)
	}
	m.deliver()
	for name, l := range m.limits {
		due := m.due(l)
		if due.IsZero() && l.lessee == nil && !l.vote.has(now) && (l.former == nil || !l.former.valid(now)) {
			delete(m.limits, name)
		}
		if next.IsZero() || !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	return next
}

// due is when something is to be done for a limit; zero if nothing is.
func (m *Machine) due(l *limit) time.Time {
	var due time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	if m.isWanted(l) || !l.lost || l.stands {
		sooner(l.office.next)
	}
	if l.vote.has(m.now) {
		sooner(l.vote.until)
	}
	sooner(l.nextRequest(m.now, m.cfg.Timing))
	return due
}

// send sends a message; what is for this node itself is delivered after what is under way.
func (m *Machine) send(to string, message proto.Message) {
	if to == m.cfg.Self {
		m.own = append(m.own, message)
		return
	}
	m.cfg.Send(to, message)
}

func (m *Machine) deliver() {
	for len(m.own) > 0 {
		message := m.own[0]
		m.own = m.own[1:]
		m.take(m.cfg.Self, message)
	}
}

func (m *Machine) notice(l *limit, n Notice) {
	if m.cfg.Notice != nil {
		m.cfg.Notice(l.name, n)
	}
}
