package actors

import (
	"bifrost/mailbox"
	"bifrost/pool"
	"bifrost/schemas"
)

// Stats is one provider's state: its mailbox in one snapshot under one lock, and
// what surrounds it.
type Stats struct {
	mailbox.Stats

	Degraded       bool   // at least one worker is in restart backoff
	BackoffWorkers int    // how many are
	Panics         uint64 // of the provider's adapter, each answered and restarted
	Retries        uint64 // attempts after the first
	Keys           []KeyStats

	// Unreached is that the provider lives on other nodes, none of which can be asked now.
	Unreached bool
}

// Stats returns a snapshot.
func (r *Router) Stats() Stats {
	backing := int(r.backingOff.Load())
	return Stats{
		Stats:          r.mb.Stats(),
		Degraded:       backing > 0,
		BackoffWorkers: backing,
		Panics:         uint64(r.panics.Load()),
		Retries:        uint64(r.retries.Load()),
		Keys:           r.settings.peek().keys.stats(),
	}
}

// SystemStats is the whole tree's state.
type SystemStats struct {
	Providers map[string]Stats

	// Unknown counts requests for providers that do not exist. Each was refused
	// with not_found.
	Unknown uint64

	// LostEvents counts dead letters that were not published because the
	// subscribers were too slow. They were answered and counted all the same.
	LostEvents uint64

	Calls pool.Stats // the pool of requests and their reply slots
}

// Stats returns a snapshot of every provider.
func (s *System) Stats() SystemStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := SystemStats{
		Providers:  make(map[string]Stats, len(s.processes)),
		Unknown:    s.unknown.Load(),
		LostEvents: s.letters.lost.Load(),
		Calls:      s.calls.Stats(),
	}
	for name, p := range s.processes {
		if r := p.router.Load(); r != nil {
			out.Providers[name] = r.Stats()
		}
	}
	for r := range s.retired {
		if _, again := out.Providers[r.name]; !again {
			stats := r.Stats()
			stats.Closed = true // to all who come from now on
			out.Providers[r.name] = stats
		}
	}
	return out
}

// Info returns what the provider can do.
func (r *Router) Info() schemas.ProviderInfo { return r.settings.peek().info }

// Spills reports whether a request that finds no place is to go to another node.
func (r *Router) Spills() bool { return r.settings.peek().overflow == schemas.OverflowSpill }

// Fallbacks returns what the provider's configuration says of fallbacks, which are
// the client's affair. The slices are not to be changed.
func (r *Router) Fallbacks() ([]schemas.Fallback, []schemas.ErrorKind) {
	s := r.settings.peek()
	return s.fallbacks, s.fallbackOn
}

// Models lists the models that the provider's keys name, and whether some key
// names none, which means all that the provider has.
func (r *Router) Models() (models []string, all bool) {
	s := r.settings.peek()
	for _, k := range s.keys.keys {
		models = append(models, k.Models...)
		all = all || len(k.Models) == 0
	}
	all = all || len(s.keys.keys) == 0
	if all && len(s.info.Models) > 0 {
		return append(models, s.info.Models...), false
	}
	return models, all
}
