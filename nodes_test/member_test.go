//go:build linux

package nodes_test

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// machine is an address of loopback that no other test has, so that its ports are free,
// and stay so when a process is started again.
type machine struct {
	loopback
	address netip.Addr
}

var machines atomic.Int64

// newMachine chooses an address. Two runs at once have different ones, most likely.
func newMachine() machine {
	run, n := os.Getpid(), machines.Add(1)
	return machine{address: netip.AddrFrom4([4]byte{127, byte(1 + run%250), byte(run / 250 % 250), byte(n)})}
}

func (m machine) String() string { return m.address.String() }
func (m machine) ip() netip.Addr { return m.address }

// Ports of every member, each in a place of its own.
const (
	gatewayPort = 8080
	nodePort    = 7600
)

// member starts a node that others reach at its place, without TLS. The text is the rest
// of its configuration file.
func member(t *testing.T, where place, name, text string) *node {
	t.Helper()
	return serve(t, where, name, gatewayPort, plain(where)+text)
}

// plain is the table of a node that listens at its place, without TLS.
func plain(where place) string {
	return fmt.Sprintf("[node]\nlisten = %q\nplaintext = true\n", at(where, nodePort))
}

// own is a provider that lives in the process: a server of OpenAI's API. The zero value
// of what is beside name and upstream leaves the defaults.
type own struct {
	name                string
	upstream            *upstream
	concurrency, buffer int
	more                string // lines of the provider's table
}

// String is its part of a configuration file.
func (o own) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[providers.%s]\ntype = \"openai\"\n%s\n", o.name, o.more)
	if o.concurrency > 0 {
		fmt.Fprintf(&b, "[providers.%s.concurrency_and_buffer_size]\nconcurrency = %d\nbuffer_size = %d\n", o.name, o.concurrency, o.buffer)
	}
	fmt.Fprintf(&b, "[providers.%s.network_config]\nbase_url = %q\n", o.name, o.upstream.base)
	return b.String()
}

// away is a provider that lives on the nodes with these addresses. More is lines of its
// table.
func away(name, more string, nodes ...string) string {
	quoted := make([]string, len(nodes))
	for i, address := range nodes {
		quoted[i] = fmt.Sprintf("%q", address)
	}
	return fmt.Sprintf("[providers.%s]\nnode = [%s]\n%s\n", name, strings.Join(quoted, ", "), more)
}

// nodeAt is where other nodes reach the one of a place.
func nodeAt(where place) string { return at(where, nodePort) }

// peerState is a pattern of the line in which a node says so of a peer.
func peerState(state string) string { return `"state":"` + state + `"` }

// awaitPeers waits until the node has said so often that a peer is in a state.
func (n *node) awaitPeers(t *testing.T, state string, count int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s has said %d times that a peer is %s", n.name, count, state), func() bool {
		return len(n.log.lines(peerState(state))) >= count
	})
}

// couple is the smallest cluster: an owner has the provider "openai", and an asker asks
// it. The upstream is the owner's.
type couple struct {
	*upstream
	owner, asker *node
}

// newCouple starts both on loopback, and waits until they know each other.
func newCouple(t *testing.T, provider own) *couple {
	t.Helper()
	u := newUpstream(t, loopback{}, 0)
	provider.name, provider.upstream = "openai", u
	there := newMachine()
	owner := member(t, there, "owner", provider.String())
	asker := member(t, newMachine(), "asker", away("openai", "", nodeAt(there)))
	asker.awaitPeers(t, "up", 1)
	return &couple{u, owner, asker}
}

// mustBeUsed waits for a call that succeeds, at most so long from began on.
func mustBeUsed(t *testing.T, n *node, model, id string, began time.Time, within time.Duration) {
	t.Helper()
	for try := 0; ; try++ {
		got, err := n.chat(contextFor(t, patience), model, wish{id: fmt.Sprintf("%s-%d", id, try)}.prompt())
		took := time.Since(began)
		switch {
		case err == nil && got.status == 200 && took <= within:
			t.Logf("%s: used after %v", id, took.Round(time.Millisecond))
			return
		case took > within:
			t.Fatalf("%s: not used within %v: after %v status %d, %v: %.300s", id, within, took, got.status, err, got.body)
		}
		pause(t.Context(), 10*time.Millisecond)
	}
}

// mustBeSeenOnce fails if any request reached the upstream twice.
func (u *upstream) mustBeSeenOnce(t *testing.T) {
	t.Helper()
	if ids := u.now().twice(); len(ids) > 0 {
		t.Errorf("these requests came twice: %q", ids)
	}
}
