package observe

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// TurnedAway is what a gateway has refused before any provider was asked, since its start.
type TurnedAway struct {
	// Clients are counts by the client's name and the code of the refusal. A client that
	// has met none is there, with nothing.
	Clients map[string]map[string]uint64

	// Strangers are the requests that showed no key of a client.
	Strangers uint64
}

// usualCodes are exposed of each client from the start, as usualReasons are.
var usualCodes = []string{"client_rate_limited", "client_tokens_limited", "client_in_flight", "not_permitted"}

// SetTurnedAway tells who knows what the gateway has refused before a request has reached
// this recorder's hook. Source is called at each Collect, by many goroutines at once, and
// does not block; its maps are not kept. Until then there are no metrics of it.
func (r *Recorder) SetTurnedAway(source func() TurnedAway) { r.turnedAway.source.Store(&source) }

// turnedAway knows who is asked.
type turnedAway struct {
	source atomic.Pointer[func() TurnedAway]
}

func (t *turnedAway) collect(out chan<- prometheus.Metric) {
	source := t.source.Load()
	if source == nil {
		return
	}
	now := (*source)()
	out <- strangersTotal.of(float64(now.Strangers))
	for name, counts := range now.Clients {
		all := make(map[string]uint64, len(counts)+len(usualCodes))
		for _, code := range usualCodes {
			all[code] = 0
		}
		for code, n := range counts {
			all[code] = n
		}
		for code, n := range all {
			out <- clientLimited.of(float64(n), name, code)
		}
	}
}
