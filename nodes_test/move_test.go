//go:build linux

package nodes_test

import (
	"testing"
	"time"
)

// One owner is full when it is killed. What it had in hand is lost; what waited there
// was not begun, and goes to the other one, if the file says so.
func TestCallsThatWaitAtAKilledNodeGoToAnotherOneAndThoseInHandDoNot(t *testing.T) {
	t.Parallel()
	p := newPair(t, "move_waiting = true")
	p.upstreams[0].hold()
	p.upstreams[1].hold()
	const all = 2 * (100 + 100) // what both take, in hand and queued
	f := through(t.Context(), p.asker, "openai/m", "held", all/len(doors))
	eventually(t, "both are full", func() bool { return p.upstreams[0].now().active == 100 && p.upstreams[1].now().active == 100 })
	if over := f.over(); len(over) > 0 {
		t.Fatalf("%d calls do not wait, such as %v", len(over), over[0])
	}
	killed := time.Now()
	p.owners[0].kill(t)
	eventually(t, "what was in hand is lost", func() bool { return len(f.over()) >= 100 })
	f.over().mustBeLost(t, killed, 2*time.Second)
	p.upstreams[1].release()
	whole := 0
	for _, a := range f {
		if a.wait(t); a.succeeded() {
			whole++
		} else if !a.lost() {
			t.Errorf("got %v", a)
		}
	}
	if whole != all-100 {
		t.Errorf("%d of %d calls have an answer", whole, all-100)
	}
	p.mustBeSeenOnce(t)
}
