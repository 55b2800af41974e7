package admin

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bifrost"
	"bifrost/observe"
	"bifrost/schemas"
)

// States of a provider, as /readyz of the gateway has them.
const (
	stateReady     = "ready"
	stateUnreached = "unreached"
	stateDegraded  = "degraded"
	stateDraining  = "draining"
)

// state makes a snapshot.
func (h *Handler) state() State {
	stats := h.o.Client.Stats()
	s := State{
		At: time.Now(), Version: h.o.Version, Started: h.o.Started,
		Draining: h.o.Draining != nil && h.o.Draining(),
		Drop:     h.o.Drop == nil || h.o.Drop(),
		NotFound: stats.NotFound,
		Nodes:    nodesOf(stats.Peers), Pools: []PoolView{},
		Providers: []ProviderView{},
	}
	if h.o.Config != nil {
		s.Config = h.o.Config().ConfigVersion
	}
	for _, name := range h.names(stats) {
		p, admits := h.provider(name, stats)
		s.Ready = s.Ready || admits && !s.Draining
		s.Providers = append(s.Providers, p)
	}
	for _, name := range slices.Sorted(maps.Keys(stats.Pools)) {
		p := stats.Pools[name]
		s.Pools = append(s.Pools, PoolView{Name: name, Size: p.Size, Idle: p.Retained, Hits: p.Hits, Misses: p.Misses})
	}
	s.DeadLetters = lettersOf(stats)
	return s
}

// names are the providers that there are, and those that were removed and still drain.
func (h *Handler) names(stats bifrost.Stats) []string {
	all := h.o.Client.Providers()
	for name := range stats.Providers {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// provider also reports whether it admits requests.
func (h *Handler) provider(name string, stats bifrost.Stats) (p ProviderView, admits bool) {
	s, counted := stats.Providers[name]
	info, _ := h.o.Client.Info(name)
	p = ProviderView{
		Name: name, Type: info.Type, State: stateOf(s), Remote: !counted || s.Concurrency == 0,
		Drop: s.Drop, Concurrency: s.Concurrency, BufferSize: s.BufferSize,
		Queued: s.Queued, Waiting: s.Waiting, InHand: s.InHand, BackingOff: s.BackingOff, Workers: s.Workers,
		OldestQueuedMS: milliseconds(s.OldestQueued), DrainRate: s.DrainRate,
		Offered: s.Offered, Admitted: s.Admitted, Left: s.Left, Refused: map[string]uint64{},
		Completed: s.Completed, Failed: s.Failed, Cancelled: s.Cancelled, DeadLettered: s.DeadLettered,
		Restarts: s.Panics, Retries: s.Retries,
		Keys: []KeyView{},
	}
	for reason, n := range s.Refused {
		p.Refused[string(reason)] = n
	}
	now := time.Now()
	for _, k := range s.Keys {
		v := KeyView{Name: k.Name, Healthy: !k.RestingUntil.After(now), Concurrency: k.Concurrency, Slots: k.Slots, InUse: k.InUse, Waiting: k.Waiting}
		if !v.Healthy {
			v.RestingUntil = &k.RestingUntil
		}
		p.Keys = append(p.Keys, v)
	}
	if h.o.Recorder != nil {
		p.fill(h.o.Recorder.Window(name))
	}
	return p, !s.Closed && !s.Unreached
}

func (p *ProviderView) fill(w observe.Window) {
	p.Latency, p.Wait, p.FirstToken = percentiles(w.Latency), percentiles(w.Wait), percentiles(w.FirstToken)
	p.RequestsPerSecond = w.RequestsPerSecond
	p.InputTokensPerSecond, p.OutputTokensPerSecond = w.InputTokensPerSecond, w.OutputTokensPerSecond
}

func stateOf(s bifrost.ProviderStats) string {
	switch {
	case s.Closed:
		return stateDraining
	case s.Unreached:
		return stateUnreached
	case s.Degraded:
		return stateDegraded
	}
	return stateReady
}

func percentiles(p observe.Percentiles) PercentilesView {
	return PercentilesView{Count: p.Count, P50: milliseconds(p.P50), P95: milliseconds(p.P95), P99: milliseconds(p.P99)}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// lettersOf counts dead letters: what was refused for a reason of ours, and what was
// accepted and then taken out by a shutdown.
func lettersOf(stats bifrost.Stats) []LetterCount {
	sum := map[string]uint64{string(schemas.ReasonNotFound): stats.NotFound}
	for _, s := range stats.Providers {
		for reason, n := range s.Refused {
			sum[string(reason)] += n
		}
		sum[string(schemas.ReasonDraining)] += s.DeadLettered
	}
	out := []LetterCount{}
	for reason, n := range sum {
		if n > 0 {
			out = append(out, LetterCount{Reason: reason, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b LetterCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

func nodesOf(peers []schemas.PeerStats) []NodeView {
	out := []NodeView{}
	for _, p := range peers {
		out = append(out, NodeView{
			Address: p.Address, State: string(p.State), RoundTripMS: milliseconds(p.RoundTrip),
			Credits: p.Credits, InFlight: p.InFlight, Serving: p.Serving, Calls: p.Calls, Lost: p.Lost,
		})
	}
	return out
}

func failuresOf(list []observe.Failure) []FailureView {
	out := []FailureView{}
	for _, f := range list {
		out = append(out, FailureView{
			At: f.At, Provider: f.Provider, Model: f.Model, Key: f.Key, Client: f.Client,
			Kind: string(f.Kind), Reason: string(f.Reason), Status: f.Status,
		})
	}
	return out
}
