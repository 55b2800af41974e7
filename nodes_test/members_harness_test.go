//go:build linux

package nodes_test

import (
	"fmt"
	"testing"
)

// Nodes that find each other: what the tests of DNS, etcd and gossip share.

// seeker is a node that finds others, and the upstream of its own provider, if it has one.
type seeker struct {
	*node
	address string    // by which others know it
	own     *upstream // nil: its provider lives on any node that has it
}

// serveOwner starts one that has the provider, and upstream of its own. Finds is the part
// of the file that says how it finds others.
func serveOwner(t *testing.T, where place, name, finds string) *seeker {
	t.Helper()
	u := newUpstream(t, where, 0)
	return &seeker{member(t, where, name, finds+own{name: "openai", upstream: u}.String()), nodeAt(where), u}
}

// serveAsker starts one that has none.
func serveAsker(t *testing.T, where place, name, finds string) *seeker {
	t.Helper()
	return &seeker{member(t, where, name, finds+away("openai", "", "any")), nodeAt(where), nil}
}

// awaitList waits until the log says that a list of so many addresses has come from DNS
// or etcd.
func (s *seeker) awaitList(t *testing.T, addresses int) {
	t.Helper()
	s.log.await(t, fmt.Sprintf(`"addresses":%d,.*"the list of peers has changed"`, addresses))
}

// awaitState waits until gossip says so of another member.
func (s *seeker) awaitState(t *testing.T, of *seeker, state string) {
	t.Helper()
	s.log.await(t, memberLine(of, state))
}

func memberLine(of *seeker, state string) string {
	return fmt.Sprintf(`"member":"%s",.*"state":"%s".*"a member has changed its state"`, of.address, state)
}

// awaitShare asks until each of the owners has had calls, and nobody else.
func (s *seeker) awaitShare(t *testing.T, owners []*seeker, others ...*seeker) {
	t.Helper()
	count := func(all []*seeker) (calls []int) {
		for _, o := range all {
			calls = append(calls, o.own.now().calls)
		}
		return calls
	}
	ctx := contextFor(t, patience)
	eventually(t, "the calls of "+s.name+" are shared as they should be", func() bool {
		before, beforeOthers := count(owners), count(others)
		for i := range 30 {
			if got, err := s.chat(ctx, "openai/m", wish{id: fmt.Sprint(i)}.prompt()); err != nil || got.status != 200 {
				return false
			}
		}
		for i, n := range count(owners) {
			if n == before[i] {
				return false
			}
		}
		for i, n := range count(others) {
			if n != beforeOthers[i] {
				return false
			}
		}
		return true
	})
}
