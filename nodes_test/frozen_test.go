//go:build linux

package nodes_test

import (
	"testing"
	"time"
)

func TestCallsToAFrozenNodeFailWithinFiveSecondsAndItIsUsedWhenItGoesOn(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	f := takeOff(t.Context(), t, c.asker, "openai/m", c.upstream, 2)
	frozen := time.Now()
	c.owner.freeze(t)
	f.mustBeLost(t, frozen, 5*time.Second)
	for _, d := range doors {
		a := c.asker.ask(t.Context(), d, "openai/m", wish{id: "meanwhile " + d.name}, 0)
		a.wait(t)
		if !a.lost() || a.took > 500*time.Millisecond {
			t.Errorf("want node_lost at once, got %v", a)
		}
	}
	if r := c.now(); r.canceled != 0 || r.active != len(f) {
		t.Errorf("a frozen node has cancelled calls: %+v", r)
	}
	thawed := time.Now()
	c.owner.thaw(t)
	mustBeUsed(t, c.asker, "openai/m", "thawed", thawed, 3*time.Second)
	c.await(t, "the lost calls were cancelled", func(r report) bool { return r.canceled == len(f) && r.active == 0 })
	c.mustBeSeenOnce(t)
}

// The owner loses a frozen asker, and ends its calls; the asker finds itself lost when it
// goes on.
func TestAFrozenAskersCallsAreCancelledAndItAsksAgainWhenItGoesOn(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	f := takeOff(t.Context(), t, c.asker, "openai/m", c.upstream, 1)
	frozen := time.Now()
	c.asker.freeze(t)
	c.await(t, "the calls were cancelled", func(r report) bool { return r.canceled == len(f) && r.active == 0 })
	if took := time.Since(frozen); took > 5*time.Second {
		t.Errorf("the calls of a frozen asker were cancelled after %v", took)
	}
	eventually(t, "the asker has stood still for 6 s", func() bool { return time.Since(frozen) > 6*time.Second })
	thawed := time.Now()
	c.asker.thaw(t)
	f.mustBeLost(t, thawed, 3*time.Second)
	mustBeUsed(t, c.asker, "openai/m", "thawed", thawed, 3*time.Second)
	c.mustBeSeenOnce(t)
}

// A standstill that is shorter than what a peer is given costs nothing but its time.
func TestAShortStandstillLosesNothing(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	c.hold()
	var f flight
	for _, d := range doors {
		f = append(f, c.asker.ask(t.Context(), d, "openai/m", wish{id: d.name}, 0))
	}
	c.await(t, "all calls are there", func(r report) bool { return r.active == len(f) })
	for _, n := range []*node{c.owner, c.asker} {
		frozen := time.Now()
		n.freeze(t)
		eventually(t, "it has stood still for 1.5 s", func() bool { return time.Since(frozen) > 1500*time.Millisecond })
		n.thaw(t)
	}
	c.release()
	f.mustSucceed(t)
	c.mustBeSeenOnce(t)
}
