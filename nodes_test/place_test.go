//go:build linux

package nodes_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"
)

// place is where processes run and addresses mean something: loopback, or a host of a
// network.
type place interface {
	// ip is the address by which others in the same network reach the place.
	ip() netip.Addr

	// wrap returns the command that runs argv in the place, in the same process.
	wrap(argv []string) []string

	// dial and listen are those of net, for sockets in the place. The host of the
	// address is an IP address.
	dial(ctx context.Context, network, address string) (net.Conn, error)
	listen(network, address string) (net.Listener, error)
}

// loopback is the machine itself.
type loopback struct{}

func (loopback) String() string              { return "loopback" }
func (loopback) ip() netip.Addr              { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }
func (loopback) wrap(argv []string) []string { return argv }
func (loopback) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}
func (loopback) listen(network, address string) (net.Listener, error) {
	return net.Listen(network, address)
}

// at is host:port in a place.
func at(p place, port int) string {
	return net.JoinHostPort(p.ip().String(), strconv.Itoa(port))
}

// clientIn returns an HTTP client whose connections begin in the place. It uses no proxy
// and sets no deadline.
func clientIn(t *testing.T, p place) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: p.dial, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
