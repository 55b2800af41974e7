package bifrost

import (
	"bifrost/actors"
	"bifrost/pool"
	"bifrost/schemas"
)

// ProviderStats is one provider's state. Its counters satisfy, in every snapshot:
//
//	Offered  = Admitted + Waiting + Left + all of Refused
//	Admitted = Completed + Failed + Cancelled + DeadLettered + Queued + BackingOff + InHand
type ProviderStats = actors.Stats

// WorkerState is one worker at one moment.
type WorkerState = actors.WorkerState

// Workers returns what each worker of a provider does now, by its ID, and whether the
// provider runs here: one that lives on another node has its workers there. It does not
// block.
func (c *Client) Workers(provider string) ([]WorkerState, bool) {
	r := c.sys.Router(provider)
	if r == nil {
		return nil, false
	}
	return r.Workers(), true
}

// Stats is a snapshot of a client.
type Stats struct {
	Providers map[string]ProviderStats

	// NotFound counts requests for providers that do not exist.
	NotFound uint64

	// LostEvents counts dead letters that were answered and counted, but not
	// published on the event stream because its subscribers were too slow.
	LostEvents uint64

	// Peers are the other nodes that this one knows, by address.
	Peers []schemas.PeerStats

	// Pools has the object pools by what they hold.
	Pools map[string]pool.Stats
}

// Stats returns a snapshot. Each provider's part is taken under one lock. What is
// counted of a provider that lives on another node are this client's calls of it: its
// mailbox and its workers are counted there.
func (c *Client) Stats() Stats {
	s := c.sys.Stats()
	out := Stats{
		Providers:  s.Providers,
		NotFound:   s.Unknown,
		LostEvents: s.LostEvents,
		Pools:      map[string]pool.Stats{"calls": s.Calls},
	}
	for name, r := range c.table.Load().routes {
		counting, ok := r.(interface{ Stats() ProviderStats })
		if _, own := out.Providers[name]; ok && !own {
			out.Providers[name] = counting.Stats()
		}
	}
	if c.node != nil {
		out.Peers = c.node.Peers()
	}
	return out
}
