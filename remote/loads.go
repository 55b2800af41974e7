package remote

import (
	"cmp"
	"slices"
	"time"
)

// Load is how much room a provider has: Free of Capacity workers and places. Neither is
// negative.
type Load struct {
	Provider       string
	Free, Capacity int64
}

// Loads returns the loads of this node's own providers, by name; none before Join. It is
// for whoever tells them to other nodes by a way of his own, such as gossip.
func (n *Node) Loads() []Load {
	var loads []Load
	for _, o := range n.offer() {
		loads = append(loads, Load{o.Name, o.Free, o.Capacity})
	}
	slices.SortFunc(loads, func(a, b Load) int { return cmp.Compare(a.Provider, b.Provider) })
	return loads
}

// hearsay is how old a load is at most when it comes to this node by others' word: it is
// said once a second, and passed on once a second.
const hearsay = 2 * heartbeatEvery

// SetLoads takes what others have told of a peer's loads, so long ago. It counts where the
// peer's own word, which comes with each heartbeat, is older, as behind much that is being
// written. Providers that the peer has not offered itself are passed over. It does not
// block.
func (n *Node) SetLoads(address string, age time.Duration, loads []Load) {
	p := n.known(address)
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.offered) <= age+hearsay {
		return
	}
	for _, l := range loads {
		if o, ok := p.offers[l.Provider]; ok {
			o.free = int(l.Free)
			p.offers[l.Provider] = o
		}
	}
}
