package gossip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"
)

const (
	maxAddress = 260 // a name of DNS, a colon and a port
	maxText    = 64  // of a run's id and of a version
)

// Config says who this node is and whom it looks for.
type Config struct {
	// Bind is the "host:port" to listen on, for UDP and TCP; the host is an IP
	// address or a name with one. Port 0 takes a free one.
	Bind string

	// Advertise is the "host:port" by which the others reach Bind. Empty: Bind. It
	// must be given when Bind's host is empty or unspecified, as 0.0.0.0 is. Port 0
	// is Bind's.
	Advertise string

	// Key encrypts all that is sent; 16, 24 or 32 bytes, the same on all nodes.
	// Required if Bind is not on loopback. Empty: nothing is encrypted.
	Key []byte

	// Join lists "host:port" gossip addresses of other nodes, as Members.SetSeeds.
	// Those that do not answer are tried again every few seconds.
	Join []string

	// Address is where this node takes calls, "host:port". It is the node's name, so
	// two nodes must not share it. Required.
	Address string

	// Run is the id of this run of the node, of 1 to 64 bytes. Required.
	Run string

	// Version is that of the program, at most 64 bytes.
	Version string

	// Update is called with the list that Members.List returns, after it has changed
	// by more than loads. It is called by one goroutine, one call at a time, and may
	// block and call methods of Members but Leave and Close, which wait for it. Nil: nobody.
	Update func([]Member)

	// Log gets joins, losses and what memberlist warns of, at a bounded rate. The
	// zero value is silent.
	Log zerolog.Logger
}

// place is a Config's addresses, looked up.
type place struct {
	bind, advertise netip.AddrPort
}

// check returns all that is wrong with the fields, joined.
func (c *Config) check(ctx context.Context) (place, error) {
	var p place
	var faults []error
	if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" || len(c.Address) > maxAddress {
		faults = append(faults, errors.New("the node's address for calls must be host:port, as in 10.0.0.2:7600"))
	}
	if c.Run == "" || len(c.Run) > maxText || len(c.Version) > maxText {
		faults = append(faults, fmt.Errorf("the run's id must have 1 to %d bytes, and the version at most as many", maxText))
	}
	if !utf8.ValidString(c.Address + c.Run + c.Version) {
		faults = append(faults, errors.New("the node's address, run and version must be UTF-8"))
	}
	if len(c.Key) > 0 && !slices.Contains([]int{16, 24, 32}, len(c.Key)) {
		faults = append(faults, fmt.Errorf("the gossip key has %d bytes; give 16, 24 or 32", len(c.Key)))
	}
	bind, err := lookUp(ctx, c.Bind)
	if err != nil {
		return p, errors.Join(append(faults, fmt.Errorf("the gossip listen address: %w", err))...)
	}
	p.bind, p.advertise = bind[0], bind[0]
	if len(c.Key) == 0 && !p.bind.Addr().IsLoopback() {
		faults = append(faults, errors.New("gossip off loopback needs a key; give all nodes the same 32 random bytes"))
	}
	switch {
	case c.Advertise != "":
		advertise, err := lookUp(ctx, c.Advertise)
		if err != nil {
			faults = append(faults, fmt.Errorf("the gossip advertise address: %w", err))
			break
		}
		p.advertise = advertise[0]
		if p.advertise.Addr().IsUnspecified() {
			faults = append(faults, errors.New("the gossip advertise address must be one that other nodes can reach"))
		}
	case p.bind.Addr().IsUnspecified():
		faults = append(faults, errors.New("gossip listens on all addresses; give an advertise address, by which other nodes reach this one"))
	}
	return p, errors.Join(faults...)
}

// lookUp returns the addresses that a "host:port" stands for, at least one.
func lookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%.80q is not host:port; write it as in 10.0.0.2:7946", address)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%.80q has no port from 0 to 65535", address)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(ip.Unmap(), uint16(port))}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("the host of %.80q could not be looked up; check the name: %w", address, err)
	}
	found := make([]netip.AddrPort, 0, len(ips))
	for _, ip := range ips {
		found = append(found, netip.AddrPortFrom(ip.Unmap(), uint16(port)))
	}
	return found, nil
}
