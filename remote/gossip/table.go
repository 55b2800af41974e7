package gossip

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	loadLasts = 10 * time.Second // how long a load is worth something
	lostLasts = 5 * time.Minute  // how long a lost member is kept, and tried again
	leftLasts = 30 * time.Second

	// maxRuns bounds the runs whose loads are kept: a load may come before its member.
	maxRuns = 4096
)

// A table has the members and their loads as this node knows them. It is safe for
// concurrent use, and nothing is called under its lock.
type table struct {
	self string           // this node's address, which is not listed
	now  func() time.Time // the clock

	mu      sync.Mutex
	members map[string]*entry           // by address
	loads   map[string]map[string]*told // by run, then by provider
	leaving map[string]time.Time        // runs that have said goodbye, and when
}

type entry struct {
	facts
	gossip string // its gossip address, "ip:port"
	state  State
	since  time.Time
}

// told is what was last said of one provider.
type told struct {
	load     Load
	sequence uint64
	heard    time.Time
}

func newTable(self string, now func() time.Time) *table {
	return &table{self: self, now: now, members: map[string]*entry{}, loads: map[string]map[string]*told{},
		leaving: map[string]time.Time{}}
}

// alive notes a member that is there and reports whether that is new.
func (t *table) alive(address, gossip string, f facts) bool {
	if address == t.self {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.members[address]
	if m == nil {
		m = &entry{}
		t.members[address] = m
	}
	if m.state == Alive && m.facts == f && m.gossip == gossip {
		return false
	}
	if m.state != Alive || m.run != f.run {
		m.since = t.now()
	}
	m.facts, m.gossip, m.state = f, gossip, Alive
	return true
}

// gone notes that a member does not answer, or has left, and reports whether that is new.
func (t *table) gone(address string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.members[address]
	if m == nil || m.state != Alive {
		return false
	}
	m.state, m.since = Lost, t.now()
	if _, said := t.leaving[m.run]; said {
		m.state = Left
	}
	return true
}

// goodbye notes that a run leaves and reports whether that is new, and whether a member
// that was taken for lost has left. memberlist does not say which of the two it was, and
// the word may come before it or after it.
func (t *table) goodbye(run string) (isNew, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, said := t.leaving[run]; said || len(t.leaving) >= maxRuns {
		return false, false
	}
	t.leaving[run] = t.now()
	for _, m := range t.members {
		if m.run == run && m.state == Lost {
			m.state, changed = Left, true
		}
	}
	return true, changed
}

// report keeps what is newer than what is known, and reports whether all of it was.
func (t *table) report(r report) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.loads[r.run]
	if of == nil {
		if len(t.loads) >= maxRuns {
			return false
		}
		of = map[string]*told{}
		t.loads[r.run] = of
	}
	isNew := true
	for _, l := range r.loads {
		last := of[l.Provider]
		if last == nil && len(of) >= maxProviders || last != nil && last.sequence >= r.sequence {
			isNew = false
			continue
		}
		of[l.Provider] = &told{load: l, sequence: r.sequence, heard: t.now()}
	}
	return isNew
}

// prune forgets what is too old and reports whether a member was among it.
func (t *table) prune() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	before := len(t.members)
	maps.DeleteFunc(t.members, func(_ string, m *entry) bool {
		return m.state == Lost && now.Sub(m.since) > lostLasts || m.state == Left && now.Sub(m.since) > leftLasts
	})
	maps.DeleteFunc(t.loads, func(_ string, of map[string]*told) bool {
		maps.DeleteFunc(of, func(_ string, l *told) bool { return now.Sub(l.heard) > loadLasts })
		return len(of) == 0
	})
	maps.DeleteFunc(t.leaving, func(_ string, said time.Time) bool { return now.Sub(said) > leftLasts })
	return len(t.members) != before
}

// list returns all members, sorted by address.
func (t *table) list() []Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	list := make([]Member, 0, len(t.members))
	for address, m := range t.members {
		member := Member{Address: address, Run: m.run, Version: m.version, State: m.state, Since: m.since}
		if m.state == Alive {
			member.Load, member.LoadAge = loadsOf(t.loads[m.run], now)
		}
		list = append(list, member)
	}
	slices.SortFunc(list, func(a, b Member) int { return strings.Compare(a.Address, b.Address) })
	return list
}

func loadsOf(of map[string]*told, now time.Time) (loads []Load, age time.Duration) {
	for _, l := range of {
		if d := now.Sub(l.heard); d <= loadLasts {
			if len(loads) == 0 || d < age {
				age = d
			}
			loads = append(loads, l.load)
		}
	}
	slices.SortFunc(loads, byProvider)
	return loads, age
}

// gossips returns the gossip addresses of the members in a state.
func (t *table) gossips(state State) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []string
	for _, m := range t.members {
		if m.state == state {
			found = append(found, m.gossip)
		}
	}
	return found
}

// count is the number of members that are alive.
func (t *table) count() int { return len(t.gossips(Alive)) }

func byProvider(a, b Load) int { return cmp.Compare(a.Provider, b.Provider) }
