package observe

import (
	"time"

	"bifrost/schemas"
)

// Window is what a provider has done in the last ten seconds.
type Window struct {
	Latency    Percentiles // from the offer of a request to the end of its answer
	Wait       Percentiles // from the offer until a worker took it
	FirstToken Percentiles // from the offer to the first content

	RequestsPerSecond     float64 // answered, with errors too
	InputTokensPerSecond  float64 // as the provider has counted them
	OutputTokensPerSecond float64
}

// Percentiles of what was measured; all zero if nothing was.
type Percentiles struct {
	Count         int
	P50, P95, P99 time.Duration
}

// Failure is one request that has failed, or was refused, without what was said of it.
type Failure struct {
	At       time.Time
	Provider string
	Model    string
	Key      string // name of the key of its last attempt; empty: none
	Client   string // name of the gateway's client (the tenant); empty: none
	Kind     schemas.ErrorKind
	Reason   schemas.Reason // of a refusal; empty otherwise
	Status   int            // the provider's; 0: it gave none
}
