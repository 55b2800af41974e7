package lease

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// fleet is a simulated cluster with one limit: nodes whose machines live in virtual time,
// and a network that loses, repeats, delays and reorders.
type fleet struct {
	now     time.Time
	chance  chance
	nodes   []*simulated
	events  events
	serial  int
	cut     map[[2]int]bool // from, to
	listed  []bool          // the nodes that are in the list of nodes
	settled time.Time       // when the list may change again
	rough   bool            // the network loses, repeats and delays
	limit   int
	timing  Timing
	trace   func(format string, args ...any)
	refused int

	register *register // nil: the nodes vote
}

// chance is where the fleet has its luck from.
type chance interface{ n(max int) int }

type drawn struct{ t *rapid.T }

func (d drawn) n(max int) int { return rapid.IntRange(0, max-1).Draw(d.t, "luck") }

var beginning = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const limitName = "openai/key-1"

// event is something that is to happen: f, at a node if that runs, else when it runs again.
type event struct {
	at     time.Time
	serial int
	node   *simulated // nil: none
	run    int        // of the node; the event is void in another one
	f      func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].serial < e[j].serial
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is for package heap.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop is for package heap.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// simulated is one node: a machine, its slots, and the calls that use them.
type simulated struct {
	fleet   *fleet
	at      int
	run     int
	up      bool
	frozen  bool
	held    []event // what came while it was frozen
	machine *Machine
	speed   float64 // of its clock
	woken   time.Time

	limit    int // of its slots
	until    time.Time
	refusing bool
	waiting  []time.Duration // how long the calls that wait will take
	calls    []*simulatedCall
	served   int
}

type simulatedCall struct {
	ends     time.Time
	orphaned bool // its lease has run out while it was under way
}

func name(i int) string { return fmt.Sprintf("10.0.0.%d:7600", i+1) }

func newFleet(c chance, nodes, limit int) *fleet {
	f := &fleet{now: beginning, chance: c, limit: limit, cut: make(map[[2]int]bool), timing: DefaultTiming(), trace: func(string, ...any) {}}
	f.populate(nodes)
	return f
}

func (f *fleet) populate(nodes int) {
	for i := range nodes {
		s := &simulated{fleet: f, at: i, speed: 1 + float64(f.chance.n(5)-2)/100}
		f.nodes, f.listed = append(f.nodes, s), append(f.listed, true)
	}
	for _, s := range f.nodes {
		s.start()
	}
}

func (f *fleet) after(d time.Duration, node *simulated, do func()) {
	f.serial++
	e := event{at: f.now.Add(d), serial: f.serial, node: node, f: do}
	if node != nil {
		e.run = node.run
	}
	heap.Push(&f.events, e)
}

// pass lets time pass, and what happens meanwhile happen.
func (f *fleet) pass(d time.Duration, check func()) {
	end := f.now.Add(d)
	for len(f.events) > 0 && !f.events[0].at.After(end) {
		e := heap.Pop(&f.events).(event)
		f.now = e.at
		f.orphan()
		switch {
		case e.node == nil:
			e.f()
		case e.run != e.node.run || !e.node.up:
		case e.node.frozen:
			e.node.held = append(e.node.held, e)
		default:
			e.f()
		}
		check()
	}
	f.now = end
	f.orphan()
	check()
}

// orphan marks calls whose lease has run out.
func (f *fleet) orphan() {
	for _, s := range f.nodes {
		if s.up && !s.clock().Before(s.until) {
			for _, c := range s.calls {
				c.orphaned = true
			}
		}
	}
}

// clock is the node's own time: not anybody else's, and not as fast.
func (s *simulated) clock() time.Time {
	past := float64(s.fleet.now.Sub(beginning)) * s.speed
	return beginning.Add(time.Duration(s.at)*time.Hour + time.Duration(past))
}

func (s *simulated) start() {
	f := s.fleet
	s.run++
	s.up, s.frozen, s.held, s.calls, s.waiting, s.limit, s.refusing = true, false, nil, nil, nil, 0, false
	s.until, s.woken = time.Time{}, time.Time{}
	cfg := Config{Self: name(s.at), Run: fmt.Sprint(s.run), Members: f.list(), Timing: f.timing,
		Reaches: func(member string) bool {
			to := f.find(member)
			return to != nil && to.up && !f.cut[[2]int{s.at, to.at}] && !f.cut[[2]int{to.at, s.at}]
		},
		Send:   func(to string, m proto.Message) { f.send(s, f.find(to), m) },
		Notice: func(limit string, n Notice) { f.trace("%v node %d: notice %d", f.now.Sub(beginning), s.at, n) },
	}
	if f.register != nil {
		cfg.Registrar = &candidate{s: s}
	}
	s.machine = New(cfg, s.clock())
	s.machine.Share(s.clock(), limitName, f.limit, s)
	s.tick()
}

func (f *fleet) list() (members []string) {
	for i := range f.nodes {
		if f.listed[i] {
			members = append(members, name(i))
		}
	}
	return members
}

// relist takes a node into the list of nodes, or out of it. The nodes learn of it one by one,
// and the list does not change again before all know it and a term has passed.
func (f *fleet) relist(at int) {
	if f.now.Before(f.settled) || f.listed[at] && len(f.list()) == 1 || slices.ContainsFunc(f.nodes, func(s *simulated) bool { return s.frozen }) {
		return
	}
	f.listed[at] = !f.listed[at]
	list := f.list()
	const slow = 4 * time.Second
	for _, s := range f.nodes {
		f.after(time.Duration(f.chance.n(int(slow/time.Millisecond)))*time.Millisecond, nil, func() {
			if s.up {
				s.machine.SetMembers(s.clock(), list)
			}
		})
	}
	f.settled = f.now.Add(slow + f.timing.Term + time.Second)
}

// find returns the node of an address; nil if there is none.
func (f *fleet) find(address string) *simulated {
	for _, s := range f.nodes {
		if name(s.at) == address {
			return s
		}
	}
	return nil
}

func (f *fleet) send(from, to *simulated, m proto.Message) {
	if to == nil || f.cut[[2]int{from.at, to.at}] {
		return
	}
	times := 1
	if f.rough {
		times = []int{0, 1, 1, 1, 1, 1, 2}[f.chance.n(7)]
	}
	for range times {
		delay := time.Millisecond
		if f.rough {
			delay = []time.Duration{time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond, 4 * time.Second}[f.chance.n(4)]
		}
		f.after(delay, to, func() {
			to.machine.Receive(to.clock(), name(from.at), m)
			to.tick()
		})
	}
}

// tick has the machine do what is due, and comes back when it says.
func (s *simulated) tick() {
	now := s.clock()
	next := s.machine.Tick(now)
	if next.IsZero() || s.woken.After(now) && !next.Before(s.woken) {
		return
	}
	wait := max(time.Duration(float64(next.Sub(now))/s.speed)+time.Microsecond, time.Millisecond)
	s.woken = next
	s.fleet.after(wait, s, s.wake)
}

func (s *simulated) wake() {
	s.woken = time.Time{}
	s.tick()
}

func (s *simulated) crash() { s.up, s.calls, s.waiting, s.held = false, nil, nil, nil }

// thaw lets a frozen node go on, with everything that came meanwhile.
func (s *simulated) thaw() {
	s.frozen = false
	held := s.held
	s.held = nil
	for _, e := range held {
		s.fleet.after(time.Microsecond, s, e.f)
	}
}

// call has n calls come, each of which takes d.
func (s *simulated) call(n int, d time.Duration) {
	for range n {
		s.fleet.after(0, s, func() {
			if s.take(d) {
				return
			}
			if s.refusing {
				s.fleet.refused++
			} else {
				s.waiting = append(s.waiting, d)
			}
			s.tick()
		})
	}
}

func (s *simulated) take(d time.Duration) bool {
	if len(s.waiting) > 0 || !s.free() {
		return false
	}
	s.begin(d)
	return true
}

func (s *simulated) free() bool { return len(s.calls) < s.limit && s.clock().Before(s.until) }

func (s *simulated) begin(d time.Duration) {
	c := &simulatedCall{ends: s.fleet.now.Add(d)}
	s.calls = append(s.calls, c)
	s.served++
	s.fleet.after(d, s, func() { s.end(c) })
}

func (s *simulated) end(c *simulatedCall) {
	if i := slices.Index(s.calls, c); i >= 0 {
		s.calls = slices.Delete(s.calls, i, i+1)
	}
	s.admit()
	s.tick()
}

func (s *simulated) admit() {
	for len(s.waiting) > 0 && s.free() {
		d := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.begin(d)
	}
}

func (f *fleet) duration() time.Duration {
	return []time.Duration{10 * time.Millisecond, 200 * time.Millisecond, 3 * time.Second, 20 * time.Second}[f.chance.n(4)]
}

// Usage is the machine's Slots.
func (s *simulated) Usage() (used, waiting int) { return len(s.calls), len(s.waiting) }

// Allow is the machine's Slots.
func (s *simulated) Allow(n int, until time.Time) {
	s.limit, s.until, s.refusing = n, until, false
	s.admit()
}

// Refuse is the machine's Slots.
func (s *simulated) Refuse() {
	s.refusing = true
	s.fleet.refused += len(s.waiting)
	s.waiting = nil
}

// use is how many slots all nodes use, or may use at any moment, by leases that have not
// run out, and how many are in use whose lease has.
func (f *fleet) use() (leased, orphans int) {
	for _, s := range f.nodes {
		own := 0
		for _, c := range s.calls {
			if c.orphaned {
				orphans++
			} else {
				own++
			}
		}
		if s.up && s.clock().Before(s.until) {
			own = max(own, s.limit)
		}
		leased += own
	}
	return leased, orphans
}

// owners are those who hold a mandate by their own clock.
func (f *fleet) owners() (owners []int) {
	for _, s := range f.nodes {
		if l := s.machine.limits[limitName]; s.up && l != nil && l.office.holds(s.clock()) {
			owners = append(owners, s.at)
		}
	}
	return owners
}
