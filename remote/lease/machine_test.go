package lease

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "bifrost/remote/bifrostv1"
)

// calm is a fleet whose network does nothing of its own, of an age at which every node
// votes.
func calm(t *testing.T, nodes, limit int) *fleet {
	t.Helper()
	f := newFleet(seeded{rand.New(rand.NewPCG(1, 1))}, nodes, limit)
	f.pass(6*time.Second, func() { check(t, f) })
	return f
}

// run lets time pass and checks the promises.
func (f *fleet) run(t *testing.T, d time.Duration) {
	t.Helper()
	f.pass(d, func() { check(t, f) })
}

// theOwner is the one owner.
func (f *fleet) theOwner(t *testing.T) *simulated {
	t.Helper()
	owners := f.owners()
	if len(owners) != 1 {
		t.Fatalf("the owners are %v, want one", owners)
	}
	return f.nodes[owners[0]]
}

func TestANodeThatHasJustStartedVotesForNobodyDuringItsFirstTerm(t *testing.T) {
	var votes []*v1.LeaseVote
	f := calm(t, 3, 5)
	s := f.nodes[0]
	began := s.clock()
	m := New(Config{Self: name(0), Run: "x", Members: s.machine.members, Timing: f.timing, Reaches: func(string) bool { return true },
		Send: func(_ string, m proto.Message) { votes = append(votes, m.(*v1.LeaseVote)) }}, began)
	for i, at := range []time.Duration{0, f.timing.Term - 1, f.timing.Term} {
		m.Receive(began.Add(at), name(1), &v1.LeaseBallot{Limit: "l", Run: "r", Round: uint64(i + 1), Lasts: durationpb.New(f.timing.Term), Members: m.members})
	}
	if len(votes) != 3 || votes[0].Given || votes[1].Given || !votes[2].Given {
		t.Errorf("%v", votes)
	}
}

func TestANodeVotesForOneOwnerOfALimitAtATime(t *testing.T) {
	const term = 5 * time.Second
	now := beginning
	var v voter
	if !v.vote(now, "a", "1", 1, term) || v.vote(now.Add(term-1), "b", "1", 1, term) || v.vote(now, "a", "2", 7, term) {
		t.Error("the first one has it, and no other node or run does")
	}
	if v.vote(now, "a", "1", 1, term) || !v.vote(now.Add(time.Second), "a", "1", 2, term) {
		t.Error("a later ballot of the same node prolongs it, and no older one does")
	}
	v.withdraw("b", "1", 9)
	v.withdraw("a", "1", 1)
	if v.vote(now.Add(term), "b", "1", 2, term) {
		t.Error("it is not theirs to give back")
	}
	v.withdraw("a", "1", 2)
	if v.vote(now.Add(term), "a", "1", 2, term) || !v.vote(now.Add(term), "b", "1", 3, term) {
		t.Error("it was given back")
	}
	if !v.vote(now.Add(2*term), "c", "1", 1, term) {
		t.Error("it has run out")
	}
}

func TestVotesOfAnEarlierRoundOrThatComeTooLateDoNotCount(t *testing.T) {
	const term = 5 * time.Second
	var m mandate
	m.begin(beginning, 1)
	if m.count(beginning, "a", 1, 2, term) {
		t.Error("one of two is enough")
	}
	m.begin(beginning.Add(time.Second), 2)
	if m.count(beginning.Add(time.Second), "b", 1, 2, term) || m.count(beginning.Add(time.Second), "b", 2, 2, term) {
		t.Error("a vote of round 1 counts in round 2")
	}
	if m.count(beginning.Add(6*time.Second), "a", 2, 2, term) || m.holds(beginning.Add(6*time.Second)) {
		t.Error("a vote counts that has run out")
	}
	m.begin(beginning.Add(7*time.Second), 3)
	m.count(beginning.Add(8*time.Second), "a", 3, 2, term)
	if !m.count(beginning.Add(8*time.Second), "b", 3, 2, term) || !m.holds(beginning.Add(12*time.Second-1)) || m.holds(beginning.Add(12*time.Second)) {
		t.Error("a mandate counts from when the ballots were sent")
	}
}

func TestNodesWhoseListsDifferByOneVoteForEachOther(t *testing.T) {
	f := calm(t, 3, 5)
	f.nodes[0].machine.SetMembers(f.nodes[0].clock(), []string{name(0), name(1), name(2), "10.0.0.9:7600"})
	for _, s := range f.nodes {
		s.call(1, time.Second)
	}
	f.run(t, 3*time.Second)
	for _, s := range f.nodes {
		if s.served != 1 {
			t.Errorf("node %d has served %d", s.at, s.served)
		}
	}
}

func TestANodeWithAnotherListOfNodesDoesNotVote(t *testing.T) {
	f := calm(t, 3, 5)
	notices := 0
	f.trace = func(_ string, args ...any) {
		if args[2] == MembersDiffer {
			notices++
		}
	}
	for _, s := range f.nodes[1:] {
		s.machine.SetMembers(s.clock(), []string{name(0), name(1), name(2), "10.0.0.8:7600", "10.0.0.9:7600"})
	}
	f.nodes[0].call(1, time.Second)
	f.run(t, 12*time.Second) // two of five that agree are no majority, and neither is one of three
	if len(f.owners()) != 0 || notices == 0 || f.nodes[0].served != 0 {
		t.Errorf("%v, told %d times", f.owners(), notices)
	}
}

func TestAnOwnerStaysOneWhenANodeComesBackThatRanksBeforeIt(t *testing.T) {
	f := calm(t, 3, 6)
	everybody := func() {
		for _, s := range f.nodes {
			if s.up {
				s.call(1, 10*time.Millisecond)
			}
		}
	}
	everybody()
	f.run(t, time.Second)
	ranked := f.theOwner(t)
	if address := first(limitName, ranked.machine.members, func(string) bool { return true }); address != name(ranked.at) {
		t.Errorf("%s is the owner, and %s ranks first", name(ranked.at), address)
	}
	ranked.crash()
	for range 10 {
		everybody()
		f.run(t, time.Second)
	}
	heir := f.theOwner(t)
	ranked.start()
	for range 10 {
		everybody()
		f.run(t, time.Second)
	}
	if got := f.theOwner(t); got != heir || got == ranked {
		t.Errorf("node %d is the owner, and node %d was", got.at, heir.at)
	}
}

func TestNobodyIsRefusedBecauseOneNodeIsStartedAgain(t *testing.T) {
	for _, nodes := range []int{3, 4} {
		for at := range nodes {
			for down := time.Duration(0); down < 8*time.Second; down += 1300 * time.Millisecond {
				f := calm(t, nodes, 8)
				f.load(t, 2*time.Second)
				f.nodes[at].crash()
				f.load(t, down)
				f.nodes[at].start()
				f.load(t, 9*time.Second)
				if f.refused > 0 {
					t.Errorf("node %d of %d was away for %v: %d calls were refused", at, nodes, down, f.refused)
				}
			}
		}
	}
}

// load lets every node have something to do for a while.
func (f *fleet) load(t *testing.T, d time.Duration) {
	t.Helper()
	for end := f.now.Add(d); f.now.Before(end); {
		for _, s := range f.nodes {
			if s.up && len(s.waiting) == 0 {
				s.call(4, 50*time.Millisecond)
			}
		}
		f.run(t, 50*time.Millisecond)
	}
}

func TestWhoGivesBackFreesItsSlotsAtOnceAndWhoDiesWhenItsLeaseEnds(t *testing.T) {
	f := calm(t, 3, 6)
	s := f.nodes[0]
	s.call(6, time.Second)
	f.run(t, 900*time.Millisecond)
	if len(s.calls) != 6 {
		t.Fatalf("%d calls alone", len(s.calls))
	}
	f.run(t, time.Second)
	s.machine.Leave(s.clock())
	other := f.nodes[1]
	other.call(6, 100*time.Millisecond)
	f.run(t, 150*time.Millisecond)
	if other.served < 6 {
		t.Errorf("after the return: %d served at once", other.served)
	}
	f.run(t, 3*time.Second)
	if f.theOwner(t) == other { // whose death is another matter
		other = f.nodes[0]
	}
	other.call(6, 20*time.Second)
	f.run(t, time.Second)
	if len(other.calls) != 6 {
		t.Fatalf("%d calls", len(other.calls))
	}
	other.crash()
	died := f.now
	last := f.nodes[2]
	for last.served < 6 && f.now.Sub(died) < 20*time.Second {
		if len(last.waiting) == 0 {
			last.call(6, 100*time.Millisecond)
		}
		f.run(t, 100*time.Millisecond)
	}
	if took := f.now.Sub(died); took > f.timing.Term+time.Second {
		t.Errorf("its slots were there after %v", took)
	}
}

func TestANodeThatEndsFreesItsSlotsAtOnceAlsoIfItsKeysWereTakenOutBefore(t *testing.T) {
	f := calm(t, 3, 6)
	s := f.nodes[0]
	s.call(6, time.Second)
	f.run(t, 1300*time.Millisecond)
	if s.served != 6 || s.limit == 0 || len(s.calls) > 0 {
		t.Fatalf("%d calls, %d of them now, %d slots", s.served, len(s.calls), s.limit)
	}
	other := f.nodes[1]
	s.machine.Unshare(s.clock(), limitName)
	s.tick()
	s.limit = 0 // nobody comes any more
	s.machine.Leave(s.clock())
	other.call(6, 100*time.Millisecond)
	f.run(t, 150*time.Millisecond)
	if other.served < 6 {
		t.Errorf("%d served at once", other.served)
	}
}

func TestAMinorityUsesNothingAfterItsLeaseAndRefusesSevenSecondsLater(t *testing.T) {
	f := calm(t, 3, 6)
	for _, s := range f.nodes {
		s.call(1, time.Second)
	}
	f.run(t, 1500*time.Millisecond)
	s := f.nodes[0]
	for i := range f.nodes {
		f.cut[[2]int{0, i}], f.cut[[2]int{i, 0}] = i != 0, i != 0
	}
	cut := f.now
	stopped, refused := time.Duration(0), time.Duration(0)
	for f.now.Sub(cut) < 20*time.Second {
		before := s.served
		if len(s.waiting) == 0 {
			s.call(1, 10*time.Millisecond)
		}
		f.nodes[1].call(1, 10*time.Millisecond)
		f.run(t, 50*time.Millisecond)
		if s.served > before {
			stopped = f.now.Sub(cut)
		}
		if refused == 0 && f.refused > 0 {
			refused = f.now.Sub(cut)
		}
	}
	if stopped > f.timing.Term || refused < stopped+f.timing.Patience-time.Second || refused > stopped+f.timing.Patience+time.Second {
		t.Errorf("it was served until %v after the cut, and refused after %v", stopped, refused)
	}
	if len(f.nodes[1].waiting) > 0 || f.nodes[1].refusing {
		t.Error("the majority does not go on")
	}
	f.cut = map[[2]int]bool{}
	served := s.served
	f.run(t, 2*time.Second) // it looks every second, whether somebody comes or not
	s.call(1, time.Millisecond)
	f.run(t, 100*time.Millisecond)
	if s.served == served {
		t.Error("it is not served after the healing")
	}
}

func TestNodesThatHaveMoreToDoThanSlotsShareThemEvenly(t *testing.T) {
	for _, limit := range []int{1, 2, 20, 21} {
		f := calm(t, 3, limit)
		for range 300 {
			for _, s := range f.nodes {
				if n := 30 - len(s.waiting); n > 0 {
					s.call(n, 50*time.Millisecond)
				}
			}
			f.run(t, 50*time.Millisecond)
		}
		total := 0
		for _, s := range f.nodes {
			total += s.served
		}
		for _, s := range f.nodes {
			if share := float64(s.served) / float64(total); share < 0.2 || share > 0.5 {
				t.Errorf("limit %d: node %d has %.2f of %d calls", limit, s.at, share, total)
			}
		}
	}
}

func TestWhoHasNothingToDoSendsNothing(t *testing.T) {
	f := calm(t, 3, 6)
	f.nodes[0].call(2, 10*time.Millisecond)
	f.run(t, 30*time.Second) // until what it had is given back, and the mandate has run out
	for _, s := range f.nodes {
		if next := s.machine.Tick(s.clock()); !next.IsZero() {
			t.Errorf("node %d has something to do in %v", s.at, next.Sub(s.clock()))
		}
	}
	if len(f.events) > 0 {
		t.Errorf("%d events are to come", len(f.events))
	}
}

func TestTheLowestOfTheLimitsThatNodesSayHolds(t *testing.T) {
	l := make(loans)
	until := beginning.Add(time.Minute)
	if n, _ := l.lend(beginning, borrower{"a", "1"}, ask{sequence: 1, size: 20, wanted: 20}, until, time.Second); n != 20 {
		t.Errorf("alone: %d", n)
	}
	l.lend(beginning, borrower{"b", "1"}, ask{sequence: 2, size: 6, wanted: 6}, until, time.Second)
	if n, _ := l.lend(beginning, borrower{"a", "1"}, ask{sequence: 3, size: 20, wanted: 20, held: 20}, until, time.Second); n != 3 {
		t.Errorf("with one who says 6: %d", n)
	}
	if n, _ := l.lend(beginning, borrower{"b", "1"}, ask{sequence: 4, size: 6, wanted: 6}, until, time.Second); n != 0 {
		t.Errorf("while the other may be using 20: %d", n)
	}
	l.lend(beginning, borrower{"a", "1"}, ask{sequence: 5, size: 20, wanted: 3, held: 3, used: 3}, until, time.Second)
	if n, _ := l.lend(beginning, borrower{"b", "1"}, ask{sequence: 6, size: 6, wanted: 6}, until, time.Second); n != 3 {
		t.Errorf("afterwards: %d", n)
	}
}

func TestLimitsOfANodeAreBounded(t *testing.T) {
	f := calm(t, 1, 1)
	m := f.nodes[0].machine
	for i := range 3 * maxLimits {
		m.Receive(f.nodes[0].clock(), "10.0.0.9:7600", &v1.LeaseRequest{Limit: fmt.Sprint(i), Run: "r", Sequence: 1, Size: 5, Wanted: 1})
	}
	if n := len(m.limits); n > maxLimits {
		t.Errorf("%d limits", n)
	}
	m.Tick(f.nodes[0].clock())
	m.Tick(f.nodes[0].clock().Add(time.Minute))
	m.Tick(f.nodes[0].clock().Add(2 * time.Minute))
	if n := len(m.limits); n != 1 {
		t.Errorf("%d limits are left, want that which is shared here", n)
	}
}
