//go:build linux

package nodes_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// pair is an asker of two owners of one provider. Each owner has an upstream of its own,
// beside the sum of both.
type pair struct {
	upstreams [2]*upstream
	owners    [2]*node
	asker     *node
}

// newPair starts them; more is lines of the asker's provider, and of its file after it.
func newPair(t *testing.T, more string) *pair {
	t.Helper()
	p := &pair{}
	var addresses []string
	for i := range p.owners {
		there := newMachine()
		p.upstreams[i] = newUpstream(t, loopback{}, 0)
		p.owners[i] = member(t, there, fmt.Sprintf("owner %d", i+1),
			own{name: "openai", upstream: p.upstreams[i], concurrency: 100, buffer: 100}.String())
		addresses = append(addresses, nodeAt(there))
	}
	p.asker = member(t, newMachine(), "asker", away("openai", more, addresses...))
	p.asker.awaitPeers(t, "up", 2)
	return p
}

func (p *pair) mustBeSeenOnce(t *testing.T) {
	t.Helper()
	one, two := p.upstreams[0].now(), p.upstreams[1].now()
	for id, n := range two.seen {
		one.seen[id] += n
	}
	if ids := one.twice(); len(ids) > 0 {
		t.Errorf("these requests came twice: %q", ids)
	}
}

// mustUse makes calls, which must all succeed, until one of them goes to the owner, within
// three seconds of its return.
func (p *pair) mustUse(t *testing.T, owner int, back time.Time) {
	t.Helper()
	p.upstreams[owner].await(t, "the owner that was away has no call", func(r report) bool { return r.active == 0 })
	before := p.upstreams[owner].now().calls
	for i := 0; p.upstreams[owner].now().calls == before; i++ {
		ask(t, p.asker, "openai/m", wish{id: fmt.Sprintf("back %d %d", owner, i)})
		if time.Since(back) > 3*time.Second {
			t.Fatal("the node that is back is not used within 3 s")
		}
	}
	t.Logf("used after %v", time.Since(back).Round(time.Millisecond))
}

func TestTheLoadIsSpreadOverTheNodesOfAListAndOneThatIsKilledIsLeftOut(t *testing.T) {
	t.Parallel()
	p := newPair(t, "")
	f := through(t.Context(), p.asker, "openai/m", "both", 25)
	f.mustSucceed(t)
	one, two := p.upstreams[0].now().calls, p.upstreams[1].now().calls
	if one+two != len(f) || min(one, two) < len(f)/5 {
		t.Errorf("the two have had %d and %d of %d calls", one, two, len(f))
	}
	for _, u := range p.upstreams {
		u.hold()
	}
	flying := through(t.Context(), p.asker, "openai/m", "in flight", 5)
	eventually(t, "all calls are there", func() bool {
		return p.upstreams[0].now().active+p.upstreams[1].now().active == len(flying)
	})
	there := p.upstreams[0].now().active
	killed := time.Now()
	p.owners[0].kill(t)
	eventually(t, "its calls have failed", func() bool { return len(flying.over()) == there })
	flying.over().mustBeLost(t, killed, time.Second)
	p.upstreams[1].release()
	through(t.Context(), p.asker, "openai/m", "one", 5).mustSucceed(t)
	lost := 0
	for _, a := range flying {
		if a.wait(t); a.lost() {
			lost++
		} else if !a.succeeded() {
			t.Errorf("got %v", a)
		}
	}
	if lost != there {
		t.Errorf("%d calls were lost, and %d were with the node", lost, there)
	}
	p.upstreams[0].release()
	p.owners[0].restart(t)
	p.owners[0].awaitReady(t)
	p.mustUse(t, 0, time.Now())
	p.mustBeSeenOnce(t)
}

// A call that may have started is asked again elsewhere only because the file says so.
func TestACallOfALostNodeGoesToAFallbackIfTheFileSaysSo(t *testing.T) {
	t.Parallel()
	away1, local := newUpstream(t, loopback{}, 0), newUpstream(t, loopback{}, 0)
	there := newMachine()
	owner := member(t, there, "owner", own{name: "openai", upstream: away1, concurrency: 100, buffer: 100}.String())
	asker := member(t, newMachine(), "asker", away("openai", `fallbacks = ["local/m"]`+"\n"+`fallback_on = ["node_lost"]`, nodeAt(there))+
		own{name: "local", upstream: local, concurrency: 100, buffer: 100}.String())
	asker.awaitPeers(t, "up", 1)
	away1.hold()
	f := through(t.Context(), asker, "openai/m", "first", 2)
	away1.await(t, "all calls are there", func(r report) bool { return r.active == len(f) })
	killed := time.Now()
	owner.kill(t)
	f.mustSucceed(t)
	for _, a := range f {
		if a.header.Get("X-Bifrost-Provider") != "local" || a.ended.Sub(killed) > 2*time.Second {
			t.Errorf("got %v from %s, %v after the loss", a, a.header.Get("X-Bifrost-Provider"), a.ended.Sub(killed))
		}
	}
	through(t.Context(), asker, "openai/m", "second", 2).mustSucceed(t)
	if r := local.now(); r.calls != 2*len(f) {
		t.Errorf("the fallback had %d calls", r.calls)
	}
	for id, n := range local.now().seen {
		if n != 1 || strings.HasPrefix(id, "first") && away1.now().seen[id] != 1 {
			t.Errorf("%s came %d times to the fallback, %d times to the first", id, n, away1.now().seen[id])
		}
	}
}
