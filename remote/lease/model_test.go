package lease

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type seeded struct{ r *rand.Rand }

func (s seeded) n(max int) int { return s.r.IntN(max) }

// check fails if a promise is broken in this moment.
func check(t interface {
	Fatalf(string, ...any)
}, f *fleet) {
	if owners := f.owners(); len(owners) > 1 {
		t.Fatalf("%v: nodes %v are owners at once", f.now.Sub(beginning), owners)
	}
	if leased, orphans := f.use(); leased > f.limit {
		t.Fatalf("%v: %d of %d slots are on loan, and %d in use without", f.now.Sub(beginning), leased, f.limit, orphans)
	}
}

// trouble does something to the fleet.
func (f *fleet) trouble() {
	s := f.nodes[f.chance.n(len(f.nodes))]
	other := f.nodes[f.chance.n(len(f.nodes))]
	switch f.chance.n(15) {
	case 0:
		s.crash()
	case 1:
		if !s.up {
			s.start()
		}
	case 2:
		s.frozen = s.up
	case 3:
		if s.frozen {
			s.thaw()
		}
	case 4:
		f.cut[[2]int{s.at, other.at}] = true
	case 5, 6:
		f.cut = map[[2]int]bool{}
	case 7:
		f.cut[[2]int{s.at, other.at}], f.cut[[2]int{other.at, s.at}] = true, true
	case 8:
		f.rough = !f.rough
	case 9:
		s.crash()
		s.start()
	case 10, 11:
		f.relist(s.at)
	case 12: // alone
		for i := range f.nodes {
			f.cut[[2]int{s.at, i}], f.cut[[2]int{i, s.at}] = i != s.at, i != s.at
		}
	case 13, 14:
		if f.register != nil {
			f.troubleRegister()
		}
	}
}

// heal ends all trouble, and the calls that are under way.
func (f *fleet) heal() {
	f.cut, f.rough = map[[2]int]bool{}, false
	if f.register != nil {
		f.register.restart()
	}
	for _, s := range f.nodes {
		if !s.up {
			s.start()
		}
		if s.frozen {
			s.thaw()
		}
		s.waiting = nil
		for _, c := range append([]*simulatedCall(nil), s.calls...) {
			s.end(c)
		}
	}
}

// storm lets a fleet live through trouble, and checks the promises all the while.
func storm(t interface {
	Fatalf(string, ...any)
}, f *fleet, steps int) {
	checked := func() { check(t, f) }
	f.pass(6*time.Second, checked)
	for range steps {
		f.nodes[f.chance.n(len(f.nodes))].call(f.chance.n(12), f.duration())
		if f.chance.n(3) == 0 {
			f.trouble()
		}
		f.pass([]time.Duration{time.Millisecond, 50 * time.Millisecond, 700 * time.Millisecond, 6 * time.Second}[f.chance.n(4)], checked)
	}
	f.heal()
	served := make([]int, len(f.nodes))
	for i, s := range f.nodes {
		served[i] = s.served
	}
	patience := 2*f.timing.Term + time.Second
	if f.limit < len(f.nodes) {
		patience += time.Duration(len(f.nodes)) * f.timing.Turn
	}
	for end := f.now.Add(patience); f.now.Before(end); {
		for _, s := range f.nodes {
			if len(s.waiting) == 0 {
				s.call(2, 10*time.Millisecond)
			}
			for _, c := range append([]*simulatedCall(nil), s.calls...) {
				if c.ends.Sub(f.now) > time.Second { // it is from before
					s.end(c)
				}
			}
		}
		f.pass(100*time.Millisecond, checked)
	}
	for i, s := range f.nodes {
		if s.served == served[i] {
			t.Fatalf("node %d has had no slot within %v of the end of all trouble", i, patience)
		}
	}
}

func TestTheSlotsThatAllNodesUseByValidLeasesAreNeverMoreThanTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(drawn{t}, rapid.IntRange(1, 5).Draw(t, "nodes"), rapid.SampledFrom([]int{1, 3, 20}).Draw(t, "limit"))
		storm(t, f, 12)
	})
}

// TestManyFleetsKeepThePromises is longer than what rapid draws, which keeps all of it.
func TestManyFleetsKeepThePromises(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		f := newFleet(seeded{r}, 1+r.IntN(5), []int{1, 3, 20}[r.IntN(3)])
		storm(failing{t, seed}, f, 150)
	}
}

type failing struct {
	*testing.T
	seed uint64
}

func (f failing) Fatalf(format string, args ...any) {
	f.T.Helper()
	f.T.Fatalf("seed %d: "+format, append([]any{f.seed}, args...)...)
}
