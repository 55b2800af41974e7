package lease

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// register is a simulated register of owners, such as etcd: one key that ends unless it is
// renewed.
type register struct {
	fleet   *fleet
	down    bool
	key     string // who has it: node, run and try; empty: nobody
	address string
	expires time.Time
}

// candidate is one node's Registrar. It asks the register over the fleet's network, on
// which each message may be lost or late.
type candidate struct {
	s       *simulated
	stands  bool
	try     int // of standing
	round   int // of asking
	until   time.Time
	address string
	asking  bool
}

// registered is a fleet whose owners are in a register.
func registered(c chance, nodes, limit int) *fleet {
	f := newFleet(c, 0, limit)
	f.register = &register{fleet: f}
	f.populate(nodes)
	return f
}

func (c *candidate) key() string { return fmt.Sprint(c.s.at, " ", c.s.run, " ", c.try) }

// Stand is the machine's Registrar.
func (c *candidate) Stand(string) {
	if !c.stands {
		c.stands = true
		c.try++
	}
	if !c.asking {
		c.asking = true
		c.s.fleet.after(0, c.s, c.ask)
	}
}

// Resign is the machine's Registrar.
func (c *candidate) Resign(string) {
	key, f := c.key(), c.s.fleet
	c.stands, c.until = false, time.Time{}
	f.register.hear(c.s, func() {
		if f.register.key == key {
			f.register.key = ""
		}
	})
}

// Owner is the machine's Registrar.
func (c *candidate) Owner(string) (string, time.Time) { return c.address, c.until }

// ask renews the key, or makes it if there is none, again and again.
func (c *candidate) ask() {
	c.asking = c.stands
	if !c.stands {
		return
	}
	f, r, key, sent := c.s.fleet, c.s.fleet.register, c.key(), c.s.clock()
	c.round++
	round := c.round
	r.hear(c.s, func() {
		if !f.now.Before(r.expires) {
			r.key = ""
		}
		if r.key == "" {
			r.key, r.address = key, name(c.s.at)
		}
		if r.key == key {
			r.expires = f.now.Add(f.timing.Term)
		}
		mine, address := r.key == key, r.address
		f.send1(c.s, func() { c.answered(key, round, mine, address, sent) })
	})
	f.after(500*time.Millisecond, c.s, c.ask)
}

func (c *candidate) answered(key string, round int, mine bool, address string, sent time.Time) {
	if !c.stands || key != c.key() || round != c.round {
		return
	}
	c.address = address
	if mine {
		c.until = sent.Add(c.s.fleet.timing.Term * 95 / 100)
	}
	c.s.tick()
}

// hear has the register do something that a node has sent, if it comes.
func (r *register) hear(from *simulated, do func()) {
	f := r.fleet
	f.after(f.delay(), nil, func() {
		if !r.down && !f.cut[[2]int{from.at, -1}] {
			do()
		}
	})
}

// send1 brings a node an answer of the register.
func (f *fleet) send1(to *simulated, do func()) {
	if !f.cut[[2]int{-1, to.at}] {
		f.after(f.delay(), to, do)
	}
}

func (f *fleet) delay() time.Duration {
	if !f.rough {
		return time.Millisecond
	}
	return []time.Duration{time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond, 4 * time.Second}[f.chance.n(4)]
}

// troubleRegister does something to the register, or to the way to it. One that starts
// again prolongs its key, as etcd does.
func (f *fleet) troubleRegister() {
	s := f.nodes[f.chance.n(len(f.nodes))]
	switch f.chance.n(5) {
	case 0:
		f.register.down = true
	case 1, 2:
		f.register.restart()
	case 3:
		f.cut[[2]int{s.at, -1}] = true
	case 4:
		f.cut[[2]int{-1, s.at}] = true
	}
}

func (r *register) restart() {
	if r.down && r.key != "" {
		r.expires = r.fleet.now.Add(r.fleet.timing.Term)
	}
	r.down = false
}

func TestWithARegisterTheSlotsThatAllNodesUseByValidLeasesAreNeverMoreThanTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := registered(drawn{t}, rapid.IntRange(1, 5).Draw(t, "nodes"), rapid.SampledFrom([]int{1, 3, 20}).Draw(t, "limit"))
		storm(t, f, 12)
	})
}

func TestManyFleetsWithARegisterKeepThePromises(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 2))
		f := registered(seeded{r}, 1+r.IntN(5), []int{1, 3, 20}[r.IntN(3)])
		storm(failing{t, seed}, f, 150)
	}
}

// calmRegistered is like calm, with a register.
func calmRegistered(nodes, limit int) *fleet {
	return registered(seeded{rand.New(rand.NewPCG(1, 1))}, nodes, limit)
}

func TestWithARegisterOfTwoNodesThatWhichReachesItGoesOnAndTheOtherRefuses(t *testing.T) {
	f := calmRegistered(2, 6)
	f.load(t, time.Second)
	owner := f.theOwner(t)
	other := f.nodes[1-owner.at]
	for _, way := range [][2]int{{0, 1}, {1, 0}, {owner.at, -1}, {-1, owner.at}} {
		f.cut[way] = true
	}
	f.load(t, 6*time.Second)
	if len(owner.calls) > 0 || f.theOwner(t) != other {
		t.Errorf("after 6 s the owner is node %d, and the one cut off has %d calls", f.theOwner(t).at, len(owner.calls))
	}
	served := other.served
	f.load(t, 8*time.Second)
	if other.served == served || !owner.refusing {
		t.Error("the one that reaches the register has no slots, or the other does not refuse")
	}
}

func TestWithARegisterNobodyWaitsForATermAtTheStart(t *testing.T) {
	f := calmRegistered(3, 6)
	f.load(t, 2*time.Second)
	for _, s := range f.nodes {
		if s.served == 0 {
			t.Errorf("node %d has served nothing", s.at)
		}
	}
}

func TestWhoIsNotAskedForSlotsResigns(t *testing.T) {
	f := calmRegistered(3, 6)
	f.load(t, time.Second)
	f.run(t, 20*time.Second)
	if len(f.owners()) != 0 || f.register.key != "" || len(f.events) > 0 {
		t.Errorf("the owners are %v, the register has %q, and %d events are to come", f.owners(), f.register.key, len(f.events))
	}
}

func TestAnOwnerThatLeavesResignsOnceNothingIsOnLoan(t *testing.T) {
	f := calmRegistered(3, 6)
	f.load(t, time.Second)
	owner := f.theOwner(t)
	owner.machine.Leave(owner.clock())
	if f.theOwner(t) != owner {
		t.Fatal("it has resigned, and others have its slots")
	}
	f.run(t, 20*time.Second)
	f.nodes[0].call(1, time.Millisecond)
	f.run(t, time.Second)
	owner = f.theOwner(t)
	f.run(t, 2500*time.Millisecond) // until what is at hand is given back
	owner.machine.Leave(owner.clock())
	f.run(t, 10*time.Millisecond)
	if len(f.owners()) > 0 || f.register.key != "" {
		t.Error("it has nothing on loan, and does not resign")
	}
}

func TestWhoHasARegisterDoesNotVote(t *testing.T) {
	f := calmRegistered(2, 6)
	m := f.nodes[0].machine
	if l := m.limit(limitName); l.vote.has(m.now) {
		t.Error("it has voted")
	}
	f.load(t, time.Second)
	for _, s := range f.nodes {
		if l := s.machine.limit(limitName); l.vote.has(s.machine.now) || l.office.round > 0 {
			t.Errorf("node %d has voted or asked for votes", s.at)
		}
	}
}
