package gossip

import (
	"log"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	// loadInterval is how often a node's loads are sent.
	loadInterval = time.Second

	// probeInterval is the pace at which a node asks its members, one at each step,
	// whether they live. Each member is asked by all others, so that a dead one is
	// suspected after about one step in any cluster.
	probeInterval = 400 * time.Millisecond

	// tcpLimit bounds one connection.
	tcpLimit = 3 * time.Second
)

// settings are memberlist's for a local network, made faster: a suspect has three steps
// of time to speak up, and six where no second member suspects it, each longer with the
// logarithm of the cluster's size. So a dead member is noticed within 5 s in clusters of
// up to about thirty nodes; it takes longest for a node that has lost all others.
func (c *Config) settings(p place) *memberlist.Config {
	s := memberlist.DefaultLANConfig()
	s.Name = c.Address
	s.Label = "bifrost.v1" // keeps out another cluster of memberlist's that is asked by mistake
	s.SecretKey = c.Key

	s.BindAddr, s.BindPort = p.bind.Addr().String(), int(p.bind.Port())
	s.AdvertiseAddr, s.AdvertisePort = p.advertise.Addr().String(), int(p.advertise.Port())

	s.ProbeInterval, s.ProbeTimeout = probeInterval, probeInterval/2
	s.SuspicionMult, s.SuspicionMaxTimeoutMult = 3, 2
	s.AwarenessMaxMultiplier = 2 // a node that is slow itself asks at half the pace at least
	s.GossipInterval = 100 * time.Millisecond
	s.PushPullInterval = 5 * time.Second // it also tells what a packet that was lost would have told
	s.TCPTimeout = tcpLimit
	s.DeadNodeReclaimTime = time.Millisecond // a lost one's name may come back at another address
	s.EnableCompression = false              // the messages are small
	s.Logger = log.New(&logWriter{log: c.Log, now: time.Now}, "", 0)
	return s
}
