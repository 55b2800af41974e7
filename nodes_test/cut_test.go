//go:build linux

package nodes_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// apart is a couple on a network: an asker on host a, an owner on host b, whose upstream
// is on a third host, so that no cut is between them.
type apart struct {
	couple
	*network
	a, b *host
}

func newApart(t *testing.T, provider own) *apart {
	t.Helper()
	net := newNetwork(t, "a", "b", "up")
	a, b := net.host("a"), net.host("b")
	u := newUpstream(t, net.host("up"), 9000)
	provider.name, provider.upstream = "openai", u
	owner := member(t, b, "owner", provider.String())
	asker := member(t, a, "asker", away("openai", "", nodeAt(b)))
	asker.awaitPeers(t, "up", 1)
	return &apart{couple{u, owner, asker}, net, a, b}
}

// mustSurvive has calls in flight fail within five seconds of what cut does, and new ones
// succeed within three of the healing.
func (p *apart) mustSurvive(t *testing.T, cut func()) {
	t.Helper()
	f := takeOff(t.Context(), t, p.asker, "openai/m", p.upstream, 2)
	began := time.Now()
	cut()
	f.mustBeLost(t, began, 5*time.Second)
	p.await(t, "the lost calls were cancelled", func(r report) bool { return r.canceled == len(f) && r.active == 0 })
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the lost calls were cancelled after %v", took)
	}
	healed := time.Now()
	p.heal()
	mustBeUsed(t, p.asker, "openai/m", "healed", healed, 3*time.Second)
	p.mustBeSeenOnce(t)
}

func TestAPartitionFailsCallsWithinFiveSecondsAndIsForgottenWithinThree(t *testing.T) {
	t.Parallel()
	p := newApart(t, own{concurrency: 100, buffer: 100})
	p.mustSurvive(t, func() { p.partition([]*host{p.a}, []*host{p.b}) })
}

func TestACutOfWhatTheAskerSendsFailsCallsAsAPartitionDoes(t *testing.T) {
	t.Parallel()
	p := newApart(t, own{concurrency: 100, buffer: 100})
	p.mustSurvive(t, func() { p.cut(p.a, p.b) })
}

func TestACutOfWhatTheOwnerSendsFailsCallsAsAPartitionDoes(t *testing.T) {
	t.Parallel()
	p := newApart(t, own{concurrency: 100, buffer: 100})
	p.mustSurvive(t, func() { p.cut(p.b, p.a) })
}

func TestAnAskersLinkThatGoesDownFailsCallsAsAPartitionDoes(t *testing.T) {
	t.Parallel()
	p := newApart(t, own{concurrency: 100, buffer: 100})
	f := takeOff(t.Context(), t, p.asker, "openai/m", p.upstream, 1)
	down := time.Now()
	p.b.down(t) // of which the asker is not told; the owner cannot reach its upstream either
	f.mustBeLost(t, down, 5*time.Second)
	up := time.Now()
	p.b.up(t)
	mustBeUsed(t, p.asker, "openai/m", "up", up, 3*time.Second)
	p.mustBeSeenOnce(t)
}

// The kernel would give a connection up sooner, and would not wait out a stall that costs
// nothing but its time.
func TestWhetherAPeerIsLostIsJudgedByHeartbeatsAndNotByTheKernel(t *testing.T) {
	t.Parallel()
	p := newApart(t, own{})
	cut := time.Now()
	p.partition([]*host{p.a}, []*host{p.b})
	for _, n := range []*node{p.asker, p.owner} {
		if line := n.log.await(t, peerState("lost")); !strings.Contains(line, "no heartbeat") {
			t.Errorf("%s says %s, %v after the cut", n.name, line, time.Since(cut))
		}
	}
}

// What a slow and lossy network costs is time. Frames that are lost again and again may
// look like a cut, but seldom.
func TestOnASlowAndLossyNetworkCallsTakeTheirTimeAndAreAnswered(t *testing.T) {
	t.Parallel()
	p := newApart(t, own{concurrency: 100, buffer: 100})
	p.between(p.a, p.b, condition{delay: 100 * time.Millisecond, loss: 0.05})
	began, calls, lost := time.Now(), 0, 0
	for round := 0; round < 2 || time.Since(began) < 6*time.Second; round++ {
		var f flight
		for i := range 2 {
			for _, d := range doors {
				w := wish{id: fmt.Sprintf("%d %s %d", round, d.name, i), size: 200, chunks: 10}
				f = append(f, p.asker.ask(t.Context(), d, "openai/m", w, 200))
			}
		}
		for _, a := range f {
			a.wait(t)
			calls++
			switch {
			case a.lost():
				lost++
			case !a.succeeded():
				t.Errorf("got %v", a)
			}
		}
	}
	lines := append(p.owner.log.lines(peerState("lost")), p.asker.log.lines(peerState("lost"))...)
	t.Logf("%d of %d calls were lost: %q", lost, calls, lines)
	if len(lines) > 2 || lost > calls/4 {
		t.Errorf("%d of %d calls were lost: %q", lost, calls, lines)
	}
	p.mustBeSeenOnce(t)
}
