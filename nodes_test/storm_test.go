//go:build linux

package nodes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// storm is three nodes under load: A asks B and C, B asks C, and each has a provider of
// its own, too. All ask one upstream.
type storm struct {
	*upstream
	a, b, c *node
}

func newStorm(t *testing.T) *storm {
	t.Helper()
	u := newUpstream(t, loopback{}, 0)
	atA, atB, atC := newMachine(), newMachine(), newMachine()
	has := func(name string) string {
		return own{name: name, upstream: u, concurrency: 2, buffer: 2, more: "max_waiting = 4"}.String()
	}
	s := &storm{upstream: u}
	s.c = member(t, atC, "C", has("shared")+has("c"))
	s.b = member(t, atB, "B", has("shared2")+has("b")+away("c", "", nodeAt(atC))+away("shared", "", nodeAt(atC)))
	s.a = member(t, atA, "A", has("a")+away("b", "", nodeAt(atB))+away("c", "", nodeAt(atC))+
		away("shared", "fallbacks = [\"a/m\"]\nfallback_on = [\"overloaded\"]", nodeAt(atC)))
	s.a.awaitPeers(t, "up", 2)
	s.b.awaitPeers(t, "up", 2)
	return s
}

// gust begins one call of a mixed load at a node.
func (s *storm) gust(t *testing.T, n *node, models []string, i int) *asked {
	d, w := doors[i%len(doors)], wish{id: fmt.Sprintf("%s %d", n.name, i), size: 1 + rand.IntN(5000), chunks: 1 + rand.IntN(20)}
	ctx, cancel := t.Context(), context.CancelFunc(func() {})
	switch rand.IntN(10) {
	case 0: // a client that hangs up
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(100))*time.Millisecond)
		w.delay = 200 * time.Millisecond
	case 1: // a slow stream, or answer
		w.every, w.delay = 20*time.Millisecond, 50*time.Millisecond
	case 2: // an error of the provider's
		w.status = http.StatusServiceUnavailable
	case 3:
		w.delay = 500 * time.Millisecond
	}
	a := n.ask(ctx, d, models[i/len(doors)%len(models)]+"/m", w, rand.IntN(20_000))
	context.AfterFunc(ctx, cancel)
	return a
}

// Offered is answered: a caller has one answer, or has hung up, or its own node is gone.
func TestInAStormWithOneNodeKilledAndOneFrozenEveryCallHasOneAnswer(t *testing.T) {
	s := newStorm(t)
	var most [3]int64
	loads := []*load{
		newLoad(24, func(i int) *asked { return s.gust(t, s.a, []string{"a", "b", "c", "shared"}, i) }),
		newLoad(16, func(i int) *asked { return s.gust(t, s.b, []string{"b", "c", "shared"}, i) }),
	}
	phase := func(what string, calls int, most *[3]int64) {
		begun, began := loads[0].answered(), time.Now()
		eventually(t, fmt.Sprintf("%d calls %s", calls, what), func() bool {
			for i, n := range []*node{s.a, s.b, s.c} {
				most[i] = max(most[i], n.memory())
			}
			return loads[0].answered() > begun+calls && time.Since(began) > 1500*time.Millisecond
		})
	}
	phase("with three nodes", 100, &most)
	s.c.kill(t)
	phase("with one node killed", 100, &most)
	s.c.restart(t)
	s.c.awaitReady(t)
	phase("with the node back", 100, &most)
	s.b.freeze(t)
	frozen := time.Now()
	eventually(t, "one node has stood still for 5 s", func() bool { return time.Since(frozen) > 5*time.Second })
	s.b.thaw(t)
	phase("with all nodes again", 100, &most)

	sum := map[string]int{}
	for i, l := range loads {
		for _, a := range l.stop() {
			kind := a.kind()
			sum[kind]++
			if kind == "" {
				t.Errorf("no answer that a caller could read: %v", a)
			}
		}
		if begun, answered := int(l.begun.Load()), l.answered(); begun != answered {
			t.Errorf("load %d: %d calls were offered, %d answered", i, begun, answered)
		}
	}
	t.Logf("answers: %v; memory at most %v", sum, most)
	for i, bytes := range most {
		if bytes > 200<<20 {
			t.Errorf("node %d had %d bytes of memory", i, bytes)
		}
	}
	s.await(t, "nothing is left", func(r report) bool { return r.active == 0 })
	s.mustBeSeenOnce(t)
	for _, model := range []string{"a/m", "b/m", "c/m", "shared/m"} {
		ask(t, s.a, model, wish{id: "calm " + model})
	}
}
