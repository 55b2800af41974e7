package bifrost

import (
	"bifrost/actors"
	"bifrost/pool"
)

// ProviderStats is one provider's state. Its counters satisfy, in every snapshot:
//
//	Offered  = Admitted + Waiting + Left + all of Refused
//	Admitted = Completed + Failed + Cancelled + DeadLettered + Queued + BackingOff + InHand
type ProviderStats = actors.Stats

// Stats is a snapshot of a client.
type Stats struct {
	Providers map[string]ProviderStats

	// NotFound counts requests for providers that do not exist.
	NotFound uint64

	// LostEvents counts dead letters that were answered and counted, but not
	// published on the event stream because its subscribers were too slow.
	LostEvents uint64

	// Pools has the object pools by what they hold.
	Pools map[string]pool.Stats
}

// Stats returns a snapshot. Each provider's part is taken under one lock.
func (c *Client) Stats() Stats {
	s := c.sys.Stats()
	return Stats{
		Providers:  s.Providers,
		NotFound:   s.Unknown,
		LostEvents: s.LostEvents,
		Pools:      map[string]pool.Stats{"calls": s.Calls},
	}
}
