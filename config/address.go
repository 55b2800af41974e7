package config

import (
	"net"
	"net/netip"
	"strings"
)

// address is a host:port of the file in its one canonical form, so that two
// spellings of it are equal.
type address struct {
	host, port string
}

// parseAddress reads host:port. The host may be empty, and an IPv6 address stands in
// brackets; the port is a number, which may be 0.
func parseAddress(text string) (address, bool) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || !isPort(port) {
		return address{}, false
	}
	bracketed := strings.HasPrefix(text, "[")
	if ip, err := netip.ParseAddr(host); err == nil {
		if bracketed != ip.Is6() || strings.IndexFunc(ip.Zone(), notBare) >= 0 {
			return address{}, false
		}
		return address{ip.Unmap().String(), port}, true
	}
	if bracketed || host != "" && !isHostName(host) {
		return address{}, false
	}
	return address{strings.ToLower(host), port}, true
}

// String is the address as it is dialled; "" for none.
func (a address) String() string {
	if a == (address{}) {
		return ""
	}
	return net.JoinHostPort(a.host, a.port)
}

// everywhere reports whether a listener at the address takes connections of all
// interfaces, so that the address names no host.
func (a address) everywhere() bool {
	ip, err := netip.ParseAddr(a.host)
	return a.host == "" || err == nil && ip.IsUnspecified()
}

// loopback reports whether only this machine reaches the address.
func (a address) loopback() bool {
	ip, err := netip.ParseAddr(a.host)
	return a.host == "localhost" || err == nil && ip.IsLoopback()
}
