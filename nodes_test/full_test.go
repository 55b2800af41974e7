//go:build linux

package nodes_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// through asks through each door so many times at once.
func through(ctx context.Context, n *node, model, name string, times int) flight {
	var f flight
	for i := range times {
		for _, d := range doors {
			f = append(f, n.ask(ctx, d, model, wish{id: fmt.Sprintf("%s %s %d", name, d.name, i)}, 0))
		}
	}
	return f
}

// over returns the calls that have their answer.
func (f flight) over() (over flight) {
	for _, a := range f {
		select {
		case <-a.done:
			over = append(over, a)
		default:
		}
	}
	return over
}

// mustBeRefused checks that the calls were refused so.
func (f flight) mustBeRefused(t *testing.T, code string) {
	t.Helper()
	for _, a := range f {
		a.wait(t)
		// Anthropic's API has a status of its own for it.
		if a.status != http.StatusServiceUnavailable && a.status != 529 || a.header.Get("X-Bifrost-Code") != code ||
			a.header.Get("Retry-After") == "" || a.header.Get("X-Bifrost-Provider") != "openai" {
			t.Errorf("want a refusal as %s, got %v with %v", code, a, a.header)
		}
	}
}

func TestAFullProviderOfAnotherNodeRefusesAsOneOfTheNodeItself(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 1, buffer: 1, more: "drop_excess_requests = true"})
	c.hold()
	held := through(t.Context(), c.asker, "openai/m", "held", 1)
	eventually(t, "all but two are refused", func() bool { return len(held.over()) == len(held)-2 })
	held.over().mustBeRefused(t, "queue_full")
	for _, d := range doors {
		there, here := c.owner.ask(t.Context(), d, "openai/m", wish{id: "x"}, 0), c.asker.ask(t.Context(), d, "openai/m", wish{id: "y"}, 0)
		flight{there, here}.mustBeRefused(t, "queue_full")
		for _, varies := range []string{"Date", "X-Request-Id", "Request-Id", "Content-Length"} {
			there.header.Del(varies)
			here.header.Del(varies)
		}
		if there.status != here.status || fmt.Sprint(there.header) != fmt.Sprint(here.header) {
			t.Errorf("%s: the owner refuses with %d %v,\nthe asker with %d %v", d.name, there.status, there.header, here.status, here.header)
		}
		if d.path == doors[0].path && there.body != here.body {
			t.Errorf("%s: the owner says %s\nthe asker %s", d.name, there.body, here.body)
		}
	}
	c.release()
	if r := c.now(); r.calls > 2 || r.most > 1 {
		t.Errorf("the upstream has seen %+v", r)
	}
}

func TestRequestsOfAnotherNodeWaitForAPlaceWithinTheOwnersBounds(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 1, buffer: 1, more: "max_waiting = 2"})
	c.hold()
	f := through(t.Context(), c.asker, "openai/m", "first", 2)
	const stay = 1 + 1 + 2
	eventually(t, "those beyond the bound are refused", func() bool { return len(f.over()) == len(f)-stay })
	f.over().mustBeRefused(t, "queue_full")
	c.release()
	served := 0
	for _, a := range f {
		if a.wait(t); a.succeeded() {
			served++
		}
	}
	if r := c.now(); served != stay || r.calls != stay || r.most != 1 {
		t.Errorf("%d were served, and the upstream has seen %+v", served, r)
	}
}

func TestAWaiterOfAnotherNodeLeavesWithItsClientOrItsTime(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 1, buffer: 1, more: "max_waiting = 4\nqueue_timeout = \"2s\""})
	c.hold()
	inHand := flight{c.asker.ask(t.Context(), doors[0], "openai/m", wish{id: "in hand"}, 0)}
	c.await(t, "one is in hand", func(r report) bool { return r.active == 1 })

	ctx, leave := context.WithCancel(t.Context())
	f := through(ctx, c.asker, "openai/m", "leaving", 2)
	eventually(t, "one is queued, four wait, and three are refused", func() bool { return len(f.over()) == 3 })
	f.over().mustBeRefused(t, "queue_full")
	leave()
	for _, a := range f {
		a.wait(t)
	}

	// Those that come now find a place and room to wait, when the others have left.
	var late flight
	eventually(t, "one has a place, and three have waited for it", func() bool {
		ctx, leave := context.WithCancel(t.Context())
		t.Cleanup(leave)
		late = through(ctx, c.asker, "openai/m", fmt.Sprintf("late %d", len(late)), 1)
		eventually(t, "three of four are refused", func() bool { return len(late.over()) >= 3 })
		for _, a := range late.over() {
			if a.header.Get("X-Bifrost-Code") == "queue_full" { // they were sooner than the others' leaving
				leave()
				return false
			}
		}
		return true
	})
	late.over().mustBeRefused(t, "queue_timeout")
	for _, a := range late.over() {
		if a.took < 1900*time.Millisecond || a.took > 4*time.Second {
			t.Errorf("%v waited %v, want the owner's 2 s", a, a.took)
		}
	}
	c.release()
	inHand.mustSucceed(t)
	for _, a := range late {
		a.wait(t)
	}
	if r := c.now(); r.calls != 2 {
		t.Errorf("the upstream has seen %+v", r)
	}
}

// One provider is full, and hundreds wait at it; the other one's calls, and heartbeats,
// take the same connection.
func TestAFullProviderDelaysNeitherAnotherOneNorHeartbeats(t *testing.T) {
	t.Parallel()
	full, free := newUpstream(t, loopback{}, 0), newUpstream(t, loopback{}, 0)
	there := newMachine()
	owner := member(t, there, "owner", own{name: "full", upstream: full, concurrency: 1, buffer: 1, more: "max_waiting = 300"}.String()+
		own{name: "free", upstream: free}.String())
	asker := member(t, newMachine(), "asker", away("full", "", nodeAt(there))+away("free", "", nodeAt(there)))
	asker.awaitPeers(t, "up", 1)
	before := median(t, asker, "free/m", "before")
	full.hold()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var f flight
	for i := range 200 {
		d := doors[i%len(doors)]
		f = append(f, asker.ask(ctx, d, "full/m", wish{id: fmt.Sprint(i)}, 64<<10))
	}
	full.await(t, "it is full", func(r report) bool { return r.active == 1 })
	began := time.Now()
	during := median(t, asker, "free/m", "during")
	for i := 0; time.Since(began) < 5*time.Second; i++ { // longer than a peer is given
		ask(t, asker, "free/m", wish{id: fmt.Sprintf("steady %d", i)})
	}
	t.Logf("a call of the other provider took %v before, and %v beside a full one", before, during)
	if during > before+250*time.Millisecond {
		t.Errorf("a call of the other provider took %v before, and %v beside a full one", before, during)
	}
	if over := f.over(); len(over) > 0 {
		t.Errorf("%d calls do not wait, such as %v", len(over), over[0])
	}
	for _, n := range []*node{owner, asker} {
		if lines := n.log.lines(peerState("lost")); len(lines) > 0 {
			t.Errorf("%s has lost its peer: %q", n.name, lines)
		}
	}
	leave()
	for _, a := range f {
		a.wait(t)
	}
}

// median is how long one of some calls takes.
func median(t *testing.T, n *node, model, name string) time.Duration {
	t.Helper()
	var took []time.Duration
	for i := range 21 {
		a := n.ask(t.Context(), doors[i%len(doors)], model, wish{id: fmt.Sprintf("%s %d", name, i)}, 0)
		flight{a}.mustSucceed(t)
		took = append(took, a.took)
	}
	slices.Sort(took)
	return took[len(took)/2]
}
