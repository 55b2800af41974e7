//go:build linux

package nodes_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// named is the table of a node that is reached by its host's name, whatever its address.
// Without a certificate its peers must be configured: they do not come from the address
// that they advertise.
func named(h *host, peers ...string) string {
	text := fmt.Sprintf("[node]\nlisten = \":%d\"\nadvertise = \"%s:%d\"\nplaintext = true\n", nodePort, h.name, nodePort)
	for _, name := range peers {
		text += fmt.Sprintf("peers = [\"%s:%d\"]\n", name, nodePort)
	}
	return text
}

func TestAnOwnerThatMovesToAnotherAddressIsFoundByItsName(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, "a", "b", "up")
	a, b := net.host("a"), net.host("b")
	u := newUpstream(t, net.host("up"), 9000)
	serve(t, b, "owner", gatewayPort, named(b, "a")+own{name: "openai", upstream: u, concurrency: 100, buffer: 100}.String())
	asker := serve(t, a, "asker", gatewayPort, named(a)+away("openai", "", fmt.Sprintf("b:%d", nodePort)))
	asker.awaitPeers(t, "up", 1)
	ask(t, asker, "openai/m", wish{id: "before"})
	f := flight{asker.ask(t.Context(), doors[0], "openai/m", doors[0].long("in flight"), 0)}
	u.await(t, "the call is there", func(r report) bool { return r.active == 1 })
	moved := time.Now()
	net.move(t, b, "10.77.0.99")
	f.mustBeLost(t, moved, 5*time.Second)
	// Names are looked up again after five seconds, which is the resolver's doing.
	mustBeUsed(t, asker, "openai/m", "moved", moved, 5*time.Second+5*time.Second)
	u.mustBeSeenOnce(t)
}

// inner is a host whose gateway is on the host's own loopback, which no move changes.
type inner struct{ *host }

func (inner) ip() netip.Addr { return loopback{}.ip() }

// Answers go to where the asker says that it is, which is a name.
func TestAnAskerThatMovesToAnotherAddressIsAnsweredThere(t *testing.T) {
	t.Parallel()
	net := newNetwork(t, "a", "b", "up")
	a, b := net.host("a"), net.host("b")
	u := newUpstream(t, net.host("up"), 9000)
	serve(t, b, "owner", gatewayPort, named(b, "a")+own{name: "openai", upstream: u, concurrency: 100, buffer: 100}.String())
	asker := serve(t, inner{a}, "asker", gatewayPort, named(a)+away("openai", "", fmt.Sprintf("b:%d", nodePort)))
	asker.awaitPeers(t, "up", 1)
	f := takeOff(t.Context(), t, asker, "openai/m", u, 1)
	moved := time.Now()
	net.move(t, a, "10.77.0.99")
	f.mustBeLost(t, moved, 5*time.Second)
	mustBeUsed(t, asker, "openai/m", "moved", moved, 5*time.Second+5*time.Second)
	u.await(t, "the lost calls were cancelled", func(r report) bool { return r.canceled == len(f) && r.active == 0 })
	u.mustBeSeenOnce(t)
}
