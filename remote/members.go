package remote

import (
	"maps"
	"slices"
)

// AnyMember in place of a provider's nodes means every member that has the provider.
const AnyMember = "any"

// SetMembers says which nodes there are, beside those of the configuration: what a source
// of peers has found. Each is an address as in Config.Peers; this node's own is passed
// over, and so is, with a line in the log, what cannot be a peer of it. A node that is not among them any more is a
// guest from now on, unless the configuration has it: its calls go on, and it gets no
// new ones. It does not block, and may be called at any time.
func (n *Node) SetMembers(addresses []string) {
	now := make(map[string]bool, len(addresses))
	var refused []error
	for _, address := range addresses {
		if address == n.address {
			continue
		}
		if err := n.cfg.checkPeer(address); err != nil {
			refused = append(refused, err)
			continue
		}
		now[address] = true
		n.peer(address, false)
	}
	if len(refused) > 0 {
		n.cfg.Logger.Warn().Err(refused[0]).Int("addresses", len(refused)).Msg("what was found has addresses that cannot be peers of this node")
	}
	n.leases.setFound(slices.Collect(maps.Keys(now)))
	n.mu.Lock()
	defer n.mu.Unlock()
	for address, p := range n.peers {
		if !now[address] && !n.isConfigured(address) {
			p.setGuest(true)
		}
	}
}

// isConfigured reports whether the configuration names a peer.
func (n *Node) isConfigured(address string) bool {
	if slices.Contains(n.cfg.Peers, address) {
		return true
	}
	for _, p := range n.cfg.Providers {
		if slices.Contains(p.Nodes, address) {
			return true
		}
	}
	return false
}

// members returns the peers that are not mere guests.
func (n *Node) members() []*peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]*peer, 0, len(n.peers))
	for _, p := range n.peers {
		if !p.isGuest() {
			out = append(out, p)
		}
	}
	return out
}

func (p *peer) setGuest(guest bool) { p.guest.Store(guest) }

func (p *peer) isGuest() bool { return p.guest.Load() }
