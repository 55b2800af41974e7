//go:build linux

package nodes_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Keys of two clusters.
const (
	gossipKey  = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	anotherKey = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

// gossiping is the part of a file of a node that gossips, and joins others.
func gossiping(key string, join ...machine) string {
	addresses := make([]string, len(join))
	for i, m := range join {
		addresses[i] = fmt.Sprintf("%q", at(m, 7946))
	}
	return fmt.Sprintf("[node.gossip]\nkey = %q\njoin = [%s]\n", key, strings.Join(addresses, ", "))
}

func TestNodesWithOneKeyFindEachOtherByGossipAndOneWithAnotherKeyFindsNobody(t *testing.T) {
	t.Parallel()
	first, second := newMachine(), newMachine()
	a := serveAsker(t, first, "a", gossiping(gossipKey))
	b := serveOwner(t, second, "b", gossiping(gossipKey, first))
	c := serveOwner(t, newMachine(), "c", gossiping(gossipKey, second)) // it knows b alone
	stranger := serveAsker(t, newMachine(), "stranger", gossiping(anotherKey, first, second))
	all := []*seeker{a, b, c}
	for _, m := range all {
		for _, other := range all {
			if other != m {
				m.awaitState(t, other, "alive")
			}
		}
	}
	a.awaitShare(t, []*seeker{b, c})

	stranger.log.await(t, "no other member answers")
	if got, err := stranger.chat(contextFor(t, patience), "openai/m", wish{id: "strange"}.prompt()); err != nil || got.status != http.StatusBadGateway {
		t.Errorf("the stranger got status %d, %v: %s", got.status, err, got.body)
	}

	c.kill(t)
	a.awaitState(t, c, "lost")
	b.awaitState(t, c, "lost")
	a.awaitShare(t, []*seeker{b}, c)
	c.restart(t)
	c.awaitReady(t)
	a.awaitShare(t, []*seeker{b, c})
	must(t, c.stop(t))
	a.awaitState(t, c, "left")
	for _, m := range []*seeker{a, b, stranger} {
		if lines := m.log.lines(memberLine(stranger, "alive")); len(lines) > 0 {
			t.Errorf("%s has the stranger: %q", m.name, lines)
		}
	}
	if lines := stranger.log.lines("a member has changed its state"); len(lines) > 0 {
		t.Errorf("the stranger has %q", lines)
	}
}

func TestAFullNodeSpillsToOneThatGossipHasFound(t *testing.T) {
	t.Parallel()
	start := func(name string, where machine, join ...machine) *seeker {
		u := newUpstream(t, where, 0)
		provider := own{name: "openai", upstream: u, concurrency: 1, buffer: 1, more: "overflow = \"spill\""}
		return &seeker{member(t, where, name, gossiping(gossipKey, join...)+provider.String()), nodeAt(where), u}
	}
	first := newMachine()
	a := start("a", first)
	b := start("b", newMachine(), first)
	a.log.await(t, fmt.Sprintf(`"peer":"%s","state":"up"`, b.address))
	a.own.hold()
	b.own.hold()
	answers := make(chan error, 4)
	for i := range cap(answers) {
		go func() { // ends when the upstreams go on
			got, err := a.chat(t.Context(), "openai/m", wish{id: fmt.Sprint(i)}.prompt())
			if err == nil && got.status != http.StatusOK {
				err = fmt.Errorf("status %d: %s", got.status, got.body)
			}
			answers <- err
		}()
	}
	a.own.await(t, "one call is here", func(r report) bool { return r.active == 1 })
	b.own.await(t, "one call is there", func(r report) bool { return r.active == 1 })
	a.own.release()
	b.own.release()
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	here, there := a.own.now(), b.own.now()
	if here.calls+there.calls != 4 || there.calls < 1 || there.calls > 2 {
		t.Errorf("here were %d calls, and there %d", here.calls, there.calls)
	}
}
