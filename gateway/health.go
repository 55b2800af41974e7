package gateway

import (
	"encoding/json"
	"net/http"

	"bifrost"
)

// States of a provider, and of the gateway as a whole.
const (
	stateReady     = "ready"
	stateUnreached = "unreached" // on other nodes, none of which can be asked now
	stateDegraded  = "degraded"  // admits, but a worker is in restart backoff
	stateDraining  = "draining"  // admits nothing
)

// health answers that the process serves.
func (g *Gateway) health(x *exchange) error {
	x.sendJSON(http.StatusOK, []byte(`{"status":"ok"}`))
	return nil
}

// readiness is what /readyz answers.
type readiness struct {
	Status    string                       `json:"status"`
	Providers map[string]providerReadiness `json:"providers"`
}

// providerReadiness has the numbers of one provider; a provider in another place
// has a state only.
type providerReadiness struct {
	State       string `json:"state"`
	Admits      bool   `json:"admits"`
	Degraded    bool   `json:"degraded"`
	Mode        string `json:"mode,omitempty"` // "drop" or "wait"
	Concurrency int    `json:"concurrency"`
	BufferSize  int    `json:"buffer_size"`
	Queued      int    `json:"queued"`
	InHand      int    `json:"in_hand"`
	Waiting     int    `json:"waiting"`
	BackingOff  int    `json:"backing_off"`
}

// readiness answers 200 while at least one provider admits requests.
func (g *Gateway) readiness(x *exchange) error {
	status, out := http.StatusServiceUnavailable, readiness{Status: stateDraining, Providers: map[string]providerReadiness{}}
	if x.settings.members != nil && x.member == nil {
		return g.briefReadiness(x)
	}
	stats := g.client.Stats().Providers
	for _, name := range g.client.Providers() {
		p := providerReadiness{State: stateReady, Admits: true}
		if s, local := stats[name]; local {
			p = readinessOf(s)
		}
		if x.member.mayUse(name) {
			out.Providers[name] = p
		}
		if p.Admits && g.isReady() {
			status, out.Status = http.StatusOK, stateReady
		}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	x.Header().Set("Cache-Control", "no-store")
	x.sendJSON(status, body)
	return nil
}

// briefReadiness is what a stranger is told: nothing of the providers.
func (g *Gateway) briefReadiness(x *exchange) error {
	status, state := http.StatusServiceUnavailable, stateDraining
	stats := g.client.Stats().Providers
	for _, name := range g.client.Providers() {
		s, local := stats[name]
		if g.isReady() && (!local || readinessOf(s).Admits) {
			status, state = http.StatusOK, stateReady
		}
	}
	x.Header().Set("Cache-Control", "no-store")
	x.sendJSON(status, []byte(`{"status":"`+state+`"}`))
	return nil
}

func readinessOf(s bifrost.ProviderStats) providerReadiness {
	p := providerReadiness{State: stateReady, Admits: !s.Closed && !s.Unreached, Degraded: s.Degraded,
		Concurrency: s.Concurrency, BufferSize: s.BufferSize,
		Queued: s.Queued, InHand: s.InHand, Waiting: s.Waiting, BackingOff: s.BackingOff}
	switch {
	case s.Closed:
		p.State = stateDraining
	case s.Unreached:
		p.State = stateUnreached
	case s.Degraded:
		p.State = stateDegraded
	}
	switch {
	case s.Drop:
		p.Mode = "drop"
	case s.Concurrency > 0: // else it is of another node, which has the queue
		p.Mode = "wait"
	}
	return p
}

func (x *exchange) sendJSON(status int, body []byte) {
	x.Header().Set("Content-Type", "application/json")
	x.WriteHeader(status)
	_, _ = x.Write(body) // the client may be gone; there is nobody to tell
}
