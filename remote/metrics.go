package remote

import (
	"github.com/prometheus/client_golang/prometheus"

	"bifrost/schemas"
)

// Collector returns what the node knows of its peers as Prometheus metrics, each with
// the label peer, which is the peer's address. They are those of schemas.PeerStats, taken
// at each collection.
func (n *Node) Collector() prometheus.Collector { return collector{n} }

// A measure is one metric of a peer.
type measure struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(*schemas.PeerStats) float64
}

func gauge(name, help string, of func(*schemas.PeerStats) float64) measure {
	return measure{describe(name, help), prometheus.GaugeValue, of}
}

func counter(name, help string, of func(*schemas.PeerStats) uint64) measure {
	return measure{describe(name, help), prometheus.CounterValue, func(s *schemas.PeerStats) float64 { return float64(of(s)) }}
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("bifrost_peer_"+name, help, []string{"peer"}, nil)
}

var measures = []measure{
	gauge("up", "Whether the peer is up: 1, or 0.", func(s *schemas.PeerStats) float64 {
		if s.State == schemas.PeerUp {
			return 1
		}
		return 0
	}),
	gauge("round_trip_seconds", "Time of the last heartbeat to the peer and back.", func(s *schemas.PeerStats) float64 { return s.RoundTrip.Seconds() }),
	gauge("credits", "Calls that may be with the peer at once.", func(s *schemas.PeerStats) float64 { return float64(s.Credits) }),
	gauge("in_flight_calls", "Calls that are with the peer.", func(s *schemas.PeerStats) float64 { return float64(s.InFlight) }),
	gauge("served_calls", "Calls of the peer that are served here.", func(s *schemas.PeerStats) float64 { return float64(s.Serving) }),
	gauge("buffered_bytes", "Bytes that wait to be written to the peer.", func(s *schemas.PeerStats) float64 { return float64(s.Buffered) }),
	counter("calls_total", "Calls that were sent to the peer.", func(s *schemas.PeerStats) uint64 { return s.Calls }),
	counter("lost_calls_total", "Calls that were with the peer when it was lost.", func(s *schemas.PeerStats) uint64 { return s.Lost }),
	counter("refused_calls_total", "Calls that were not sent for want of a credit.", func(s *schemas.PeerStats) uint64 { return s.Refused }),
	counter("spilled_calls_total", "Calls that were sent because there was no place here.", func(s *schemas.PeerStats) uint64 { return s.Spilled }),
	counter("losses_total", "How often the peer was lost.", func(s *schemas.PeerStats) uint64 { return s.Losses }),
}

type collector struct{ node *Node }

// Describe implements prometheus.Collector.
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range measures {
		out <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(out chan<- prometheus.Metric) {
	for _, s := range c.node.Peers() {
		for _, m := range measures {
			out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.of(&s), s.Address)
		}
	}
}
