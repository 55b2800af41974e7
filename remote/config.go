package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/rs/zerolog"

	"bifrost/remote/certs"
	"bifrost/remote/lease"
	"bifrost/schemas"
)

// Defaults of a node.
const (
	DefaultListen  = "127.0.0.1:0"
	DefaultCredits = 1024
)

// Sizes of what travels, in bytes.
const (
	pieceBytes      = 64 << 10  // of a request or an answer in one message
	windowBytes     = 256 << 10 // of an answer that may be on its way, or unread
	outboxBytes     = 4 << 20   // that wait to be written to a peer
	flightBytes     = 1 << 20   // between two nodes: else a heartbeat would be far behind what looks written
	maxMessageBytes = 256 << 10
	batchMessages   = 16                                         // in one batch of the engine's
	maxBatchBytes   = batchMessages*maxMessageBytes + (64 << 10) // 64 KiB for names and headers
	maxRequestBytes = 128 << 20
	maxAnswerBytes  = 512 << 20
	maxChunkBytes   = 64 << 20  // of a stream
	maxBodiesBytes  = 512 << 20 // of all requests that are served

	maxPeerBodiesBytes = maxBodiesBytes / 2 // of those of one peer
)

// Config is a node's settings.
type Config struct {
	// Listen is the host:port on which other nodes reach this one. Empty: a free port of
	// 127.0.0.1.
	Listen string
	// Advertise is the host:port by which they reach it. Answers come to it, so that it
	// must be reachable from every peer. Empty: where it listens. Port 0: that on which it
	// listens.
	Advertise string

	// Providers are those that live on other nodes, by name.
	Providers map[string]Provider
	// Peers are further nodes, as host:port.
	Peers []string

	// TLS is this node's certificate and who signs those of its peers. Nil: plaintext,
	// which off loopback Plaintext must allow.
	TLS       *certs.Identity
	Plaintext bool

	// Credits is how many calls may be with one peer at once, and how many of one peer's
	// may be here; of two nodes the lower number holds. Zero means 1024.
	Credits int

	// Actors are the names of the program's own actors that ask providers of other nodes
	// by PID: answers reach them, the engine's futures and nothing else of this process.
	Actors []string

	// Registrar keeps the owners of the limits that all nodes share, such as in etcd. All
	// nodes have one, of the same register, or none has. Nil: they vote. The node runs
	// it, and no other one may.
	Registrar Registrar

	// Version of the program, for its peers' logs and statistics.
	Version string
	// Logger is where the node and its engine log; the zero Logger is silent.
	Logger zerolog.Logger
}

// Registrar keeps the owners of limits outside the nodes; lease.Registrar says how.
type Registrar interface {
	lease.Registrar
	// Run works for the node of that address, and this run of it, until ctx ends.
	// changed is told, and does not block, when Owner may return something else. An error
	// is a fault of its settings: then there are no owners here, and requests that need one are refused.
	Run(ctx context.Context, address, run string, changed func()) error
}

// Provider is a provider that lives on other nodes.
type Provider struct {
	// Nodes are the nodes that have it, each as host:port; at least one. AnyMember alone
	// means whichever peers have it, those that Node.SetMembers names included.
	Nodes []string
	// MoveWaiting has a call that waits at a node which is lost, and was not begun there,
	// go to another of the nodes. For that, a node asks before it begins a call of this
	// one, which costs each call a round trip.
	MoveWaiting bool
	// Fallbacks and FallbackOn are as in schemas.ProviderConfig, for calls of this node.
	Fallbacks  []string
	FallbackOn []schemas.ErrorKind
	// Info is taken for what the provider can do as long as none of its nodes has been
	// reached. It may be zero.
	Info schemas.ProviderInfo
}

// WithDefaults returns a copy in which what is zero has its default.
func (c Config) WithDefaults() Config {
	if c.Listen == "" {
		c.Listen = DefaultListen
	}
	if c.Credits == 0 {
		c.Credits = DefaultCredits
	}
	return c
}

// Validate reports every fault at once, joined.
func (c Config) Validate() error {
	c = c.WithDefaults()
	var faults []error
	if c.Credits < 0 {
		faults = append(faults, fmt.Errorf("credits is negative (%d); leave it out for %d", c.Credits, DefaultCredits))
	}
	faults = append(faults, c.checkOwn()...)
	for _, name := range slices.Sorted(maps.Keys(c.Providers)) {
		nodes := c.Providers[name].Nodes
		if len(nodes) == 0 {
			faults = append(faults, fmt.Errorf("provider %s names no node; give the host:port of one", name))
		}
		for i, address := range nodes {
			if address == AnyMember && len(nodes) == 1 {
				continue
			}
			if slices.Contains(nodes[:i], address) {
				faults = append(faults, fmt.Errorf("provider %s: node %q is given twice; keep one", name, address))
				continue
			}
			if err := c.checkPeer(address); err != nil {
				faults = append(faults, fmt.Errorf("provider %s: node %w", name, err))
			}
		}
		faults = append(faults, c.Providers[name].checkFallbacks(name)...)
	}
	for _, address := range c.Peers {
		if err := c.checkPeer(address); err != nil {
			faults = append(faults, fmt.Errorf("peer %w", err))
		}
	}
	return errors.Join(faults...)
}

func (p Provider) checkFallbacks(name string) []error {
	var faults []error
	for _, f := range p.Fallbacks {
		if err := schemas.CheckFallback(f); err != nil {
			faults = append(faults, fmt.Errorf("provider %s: fallback %w", name, err))
		}
	}
	for _, kind := range p.FallbackOn {
		if err := schemas.CheckFallbackKind(kind); err != nil {
			faults = append(faults, fmt.Errorf("provider %s: fallback_on %w", name, err))
		}
	}
	return faults
}

func (c Config) checkOwn() []error {
	var faults []error
	host, _, err := splitAddress(c.Listen)
	if err != nil {
		faults = append(faults, fmt.Errorf("listen %w", err))
	}
	if c.Advertise != "" {
		own, _, err := splitAddress(c.Advertise)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("advertise %w", err))
		case own == "" || isUnspecified(own):
			faults = append(faults, fmt.Errorf("advertise %q is no address that others can reach; name a host and a port", c.Advertise))
		}
	} else if err == nil && (host == "" || isUnspecified(host)) {
		faults = append(faults, fmt.Errorf("listen %q is on every address of the host; say by which others reach it in advertise", c.Listen))
	}
	if c.TLS == nil && !c.Plaintext && err == nil && !isLoopback(host) {
		faults = append(faults, fmt.Errorf("listen %q is not on loopback, and there is no certificate: give the node one (bifrost certs makes them), or allow plaintext", c.Listen))
	}
	return faults
}

func (c Config) checkPeer(address string) error {
	host, port, err := splitAddress(address)
	switch {
	case err != nil:
		return err
	case host == "" || port == 0 || isUnspecified(host):
		return fmt.Errorf("%q is no address of another node; write host:port", address)
	case address == c.Advertise, c.Advertise == "" && address == c.Listen:
		return fmt.Errorf("%q is this node itself; leave it out", address)
	case c.TLS == nil && !c.Plaintext && !isLoopback(host):
		return fmt.Errorf("%q is not on loopback, and there is no certificate: give this node one (bifrost certs makes them), or allow plaintext", address)
	}
	return nil
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not host:port, such as 10.0.0.2:7600 or [::1]:7600", address)
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q has no port between 0 and 65535", address)
	}
	return host, port, nil
}

func isUnspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
