//go:build linux

package nodes_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bifrost/internal/porttest"
)

// clusterLimit is the limit that the nodes of these tests share.
const clusterLimit = 20

// limited is nodes that share one key's limit, under load.
type limited struct {
	up    *upstream
	nodes []*node
	crowd sync.WaitGroup
	stop  context.CancelFunc

	ids      atomic.Int64
	answered []atomic.Int64 // by node; with 200
	refused  []atomic.Int64 // with anything else
}

// newLimited starts nodes in places, each with all others as its peers; more is what
// their configuration has besides.
func newLimited(t *testing.T, up *upstream, more string, places ...place) *limited {
	t.Helper()
	return newLimitedTo(t, clusterLimit, up, more, places...)
}

// newLimitedTo is newLimited with another limit.
func newLimitedTo(t *testing.T, limit int, up *upstream, more string, places ...place) *limited {
	t.Helper()
	n := len(places)
	l := &limited{up: up, answered: make([]atomic.Int64, n), refused: make([]atomic.Int64, n)}
	ports := porttest.Free(t, 2*n)
	for i, where := range places {
		var peers []string
		for j, other := range places {
			if j != i {
				peers = append(peers, fmt.Sprintf("%q", at(other, ports[n+j])))
			}
		}
		l.nodes = append(l.nodes, serveUnready(t, program{at: where, name: fmt.Sprint("node ", i)}, ports[i], fmt.Sprintf(`
[node]
listen = %q
peers = [%s]
%s
[providers.up]
type = "openai"
[providers.up.network_config]
base_url = %q
[providers.up.concurrency_and_buffer_size]
concurrency = 40
[[providers.up.keys]]
name = "shared"
value = "k"
concurrency = %d
scope = "cluster"
`, at(where, ports[n+i]), strings.Join(peers, ", "), more, l.up.base, limit)))
	}
	t.Cleanup(func() {
		for _, node := range l.nodes {
			if t.Failed() {
				t.Logf("%s of its peers and the limit:\n%s", node.name, aboutNodes(node.log.String()))
			}
		}
	})
	for _, node := range l.nodes {
		node.awaitReady(t)
	}
	return l
}

// aboutNodes are those lines of a log that are not about requests.
func aboutNodes(log string) string {
	var lines strings.Builder
	for line := range strings.Lines(log) {
		if !strings.Contains(line, "request_id") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// load has clients of every node call, again and again, until the test ends.
func (l *limited) load(t *testing.T, clients int) {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	t.Cleanup(func() {
		stop()
		l.crowd.Wait()
	})
	for i := range l.nodes {
		for range clients {
			l.crowd.Go(func() { l.client(ctx, i) }) // ends with the context
		}
	}
}

func (l *limited) client(ctx context.Context, i int) {
	for ctx.Err() == nil {
		id := l.ids.Add(1)
		a, err := l.nodes[i].chat(ctx, "up/m", wish{id: fmt.Sprint("call ", id), delay: time.Duration(20+id%7*30) * time.Millisecond}.prompt())
		switch {
		case err == nil && a.status == http.StatusOK:
			l.answered[i].Add(1)
		case ctx.Err() == nil:
			l.refused[i].Add(1)
			pause(ctx, 20*time.Millisecond)
		}
	}
}

// awaitAnswers waits until each of the nodes has answered so many more calls.
func (l *limited) awaitAnswers(t *testing.T, more int64, nodes ...int) {
	t.Helper()
	for _, i := range nodes {
		before := l.answered[i].Load()
		eventually(t, fmt.Sprintf("node %d answers %d more calls", i, more), func() bool { return l.answered[i].Load() >= before+more })
	}
}

// owner is the node that lends the slots.
func (l *limited) owner(t *testing.T) (owner int) {
	t.Helper()
	eventually(t, "there is an owner", func() bool {
		for i, n := range l.nodes {
			text := n.log.String()
			if n.running() && strings.LastIndex(text, "lends the slots of a limit to all") > strings.LastIndex(text, "does not lend the slots") {
				owner = i
				return true
			}
		}
		return false
	})
	return owner
}

// others are all nodes but these.
func (l *limited) others(but ...int) (others []int) {
	for i := range l.nodes {
		if !slices.Contains(but, i) {
			others = append(others, i)
		}
	}
	return others
}

func (l *limited) check(t *testing.T, bound int, when string) {
	t.Helper()
	if r := l.up.now(); r.most > bound {
		t.Errorf("%s: the upstream has seen %d calls at once, want at most %d", when, r.most, bound)
	} else {
		t.Logf("%s: at most %d at once in %d calls", when, r.most, r.calls)
	}
}

func TestUpstreamNeverSeesMoreThanALimitOfTheClusterWhileNodesComeAndGo(t *testing.T) {
	t.Parallel()
	l := newLimited(t, newUpstream(t, loopback{}, 0), "", loopback{}, loopback{}, loopback{}, loopback{})
	l.load(t, 12)
	l.awaitAnswers(t, 20, l.others()...)
	l.check(t, clusterLimit, "four nodes")

	stopped := l.owner(t)
	if err := l.nodes[stopped].stop(t); err != nil {
		t.Errorf("the owner ends with %v", err)
	}
	l.awaitAnswers(t, 50, l.others(stopped)...)
	l.check(t, clusterLimit, "the owner is stopped")
	l.nodes[stopped].restart(t)
	l.nodes[stopped].awaitReady(t)
	l.awaitAnswers(t, 20, stopped)
	l.check(t, clusterLimit, "it is back")

	killed := l.others(stopped, l.owner(t))[0]
	l.nodes[killed].kill(t)
	for since := time.Now(); time.Since(since) < 6*time.Second; { // until its slots are lent again
		l.awaitAnswers(t, 10, l.others(killed)...)
	}
	l.check(t, clusterLimit, "another one is killed")
	l.nodes[killed].restart(t)
	l.nodes[killed].awaitReady(t)
	l.awaitAnswers(t, 20, l.others()...)
	l.check(t, clusterLimit, "it is back")
	for _, i := range l.others(stopped, killed) {
		if n := l.refused[i].Load(); n > 0 {
			t.Errorf("node %d, which was not touched, has refused %d calls", i, n)
		}
	}
}

func TestFrozenOwnerExceedsALimitOfTheClusterByWhatItHadInHandAtMost(t *testing.T) {
	t.Parallel()
	l := newLimited(t, newUpstream(t, loopback{}, 0), "", loopback{}, loopback{}, loopback{}, loopback{})
	const inHand = 4
	l.load(t, 12)
	l.awaitAnswers(t, 10, l.others()...)
	owner := l.owner(t)
	var long sync.WaitGroup
	for i := range inHand {
		long.Go(func() { // ends with the call
			a, err := l.nodes[owner].chat(context.Background(), "up/m", wish{id: fmt.Sprint("long ", i), delay: 14 * time.Second}.prompt())
			if err != nil || a.status != http.StatusOK {
				t.Errorf("a call that a frozen node had in hand: %v, %v", a.status, err)
			}
		})
	}
	l.up.await(t, "the long calls are there", func(r report) bool {
		n := 0
		for i := range inHand {
			n += r.seen[fmt.Sprint("long ", i)]
		}
		return n == inHand
	})
	l.nodes[owner].freeze(t)
	l.check(t, clusterLimit, "before")
	for since := time.Now(); time.Since(since) < 9*time.Second; {
		l.awaitAnswers(t, 10, l.others(owner)...)
	}
	l.check(t, clusterLimit+inHand, "the owner is frozen")
	l.nodes[owner].thaw(t)
	long.Wait()
	l.awaitAnswers(t, 20, l.others()...)
	l.check(t, clusterLimit+inHand, "it goes on")
}

func TestMinorityOfAPartitionRefusesWhatALimitOfTheClusterBounds(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, "a", "b", "c", "upstream")
	a, b, c := n.host("a"), n.host("b"), n.host("c")
	l := newLimited(t, newUpstream(t, n.host("upstream"), 0), "plaintext = true", a, b, c)
	l.load(t, 12)
	l.awaitAnswers(t, 20, 0, 1, 2)
	l.check(t, clusterLimit, "three nodes")

	n.partition([]*host{c}, []*host{a, b})
	before := l.refused[2].Load()
	eventually(t, "the minority refuses", func() bool { return l.refused[2].Load() > before })
	got, err := l.nodes[2].chat(t.Context(), "up/m", wish{id: "refused"}.prompt())
	if err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("X-Bifrost-Code") != "cluster_limit" || got.header.Get("Retry-After") == "" {
		t.Errorf("the minority says %v, %v", got, err)
	}
	l.awaitAnswers(t, 50, 0, 1)
	if r := l.up.now(); r.seen["refused"] > 0 {
		t.Error("the upstream has seen a call that was refused")
	}
	l.check(t, clusterLimit, "two parts") // calls are short: those in hand ended before their lease

	n.heal()
	l.awaitAnswers(t, 20, 0, 1, 2)
	l.check(t, clusterLimit, "one again")
}
