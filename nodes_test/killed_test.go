//go:build linux

package nodes_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"
)

func TestCallsToAKilledNodeFailWithinOneSecondAndLaterOnesAtOnceUntilItIsBack(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	f := takeOff(t.Context(), t, c.asker, "openai/m", c.upstream, 3)
	killed := time.Now()
	c.owner.kill(t)
	f.mustBeLost(t, killed, time.Second)
	if got, err := c.asker.get(t.Context(), "/readyz"); err != nil || got.status != http.StatusServiceUnavailable {
		t.Errorf("a gateway whose only provider is lost says that it is ready: %d, %v", got.status, err)
	}

	if got, err := c.asker.metrics(t); err != nil || !regexp.MustCompile(`(?m)^bifrost_peer_up\{.*\} 0$`).MatchString(got.body) ||
		!regexp.MustCompile(`(?m)^bifrost_peer_lost_calls_total\{.*\} [1-9]`).MatchString(got.body) {
		t.Errorf("the metrics of a gateway whose peer is lost do not show it: %v\n%s", err, got.body)
	}

	var took []time.Duration
	for i := range 20 {
		a := c.asker.ask(t.Context(), doors[i%len(doors)], "openai/m", wish{id: fmt.Sprintf("later %d", i)}, 0)
		a.wait(t)
		if !a.lost() {
			t.Errorf("want node_lost, got %v", a)
		}
		took = append(took, a.took)
	}
	slices.Sort(took)
	if quick := took[len(took)/4]; quick > 100*time.Millisecond { // the slower ones wait for the machine
		t.Errorf("a call to a node that is lost costs its caller %v", quick)
	}
	t.Logf("calls to a node that is lost cost their callers %v to %v", took[0], took[len(took)-1])

	c.owner.restart(t)
	c.owner.awaitReady(t)
	mustBeUsed(t, c.asker, "openai/m", "restarted", time.Now(), 3*time.Second)
	began := time.Now()
	for i := 0; time.Since(began) < time.Second; i++ {
		ask(t, c.asker, "openai/m", wish{id: fmt.Sprintf("steady %d", i)})
	}
	if r := c.now(); r.active != 0 {
		t.Errorf("%d calls are still with the upstream of a killed node", r.active)
	}
	c.mustBeSeenOnce(t)
}

func TestANodeThatIsKilledAgainAndAgainIsUsedWheneverItIsThere(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{})
	for i := range 5 {
		c.owner.kill(t)
		c.owner.restart(t)
		c.owner.awaitReady(t)
		mustBeUsed(t, c.asker, "openai/m", fmt.Sprintf("life %d", i), time.Now(), 3*time.Second)
	}
	c.mustBeSeenOnce(t)
}

func TestTheCallsOfAKilledAskerAreCancelledAtTheUpstreamWithinOneSecond(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	f := takeOff(t.Context(), t, c.asker, "openai/m", c.upstream, 2)
	killed := time.Now()
	c.asker.kill(t)
	c.await(t, "all calls were cancelled", func(r report) bool { return r.canceled == len(f) && r.active == 0 })
	if took := time.Since(killed); took > time.Second {
		t.Errorf("the calls of a killed asker were cancelled after %v", took)
	}
	for _, a := range f {
		a.wait(t)
	}
}

// Requests of 1 MB and answers of 5 MB travel in pieces: a node is killed in the middle
// of many. It has the machine for itself, as all have that keep it busy.
func TestANodeThatIsKilledWhileLargeBodiesTravelLosesThoseCallsOnly(t *testing.T) {
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	const callers = 4
	l := newLoad(callers, func(i int) *asked {
		w := wish{id: fmt.Sprintf("large %d", i), size: 5 << 20, chunks: 1}
		return c.asker.ask(t.Context(), doors[i%len(doors)], "openai/m", w, 1<<20)
	})
	c.await(t, "large calls were served", func(r report) bool { return r.calls > 2*callers })
	killed := time.Now()
	c.owner.kill(t)
	c.asker.awaitPeers(t, "lost", 1)
	whole, lost, broken := 0, 0, 0
	for _, a := range l.stop() {
		switch {
		case a.succeeded():
			whole++
		case a.lost():
			lost++
		case a.broken():
			broken++
		default:
			t.Errorf("got %v", a)
		}
		if late := a.ended.Sub(killed); late > time.Second {
			t.Errorf("%s of %s ended %v after its node was killed", a.name, a.id, late)
		}
	}
	t.Logf("%d answers were whole, %d calls were lost, %d answers broke off", whole, lost, broken)
	if whole == 0 || lost+broken == 0 {
		t.Error("the node was not killed in the middle")
	}
	c.owner.restart(t)
	c.owner.awaitReady(t)
	mustBeUsed(t, c.asker, "openai/m", "restarted", time.Now(), 3*time.Second)
	c.mustBeSeenOnce(t)
}
