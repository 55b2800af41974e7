package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// VerifyHost returns nil if the certificate of the peer at the other end of a
// connection names host, a DNS name or an IP address without a port. It holds on
// both ends of a connection that a configuration of an Identity made, and is an error
// on one whose peer was not verified. The error wraps x509.HostnameError if the
// certificate names other hosts.
func VerifyHost(state tls.ConnectionState, host string) error {
	if len(state.VerifiedChains) == 0 || len(state.PeerCertificates) == 0 {
		return errors.New("the peer has shown no certificate that was verified; connect with mutual TLS")
	}
	leaf := state.PeerCertificates[0]
	if err := leaf.VerifyHostname(host); err != nil {
		return &hostError{fmt.Sprintf("the peer may not speak for %q: its certificate names %s; give it one that names this host, too", host, hostsOf(leaf)), err}
	}
	return nil
}

// CheckHost returns nil if the node's own certificate names host, by which peers are
// to reach it: they refuse it otherwise. It may read the files. The error wraps
// x509.HostnameError.
func (i *Identity) CheckHost(host string) error {
	leaf := i.latest().cert.Leaf
	if err := leaf.VerifyHostname(host); err != nil {
		return &hostError{fmt.Sprintf("cert_file %s: names %s and not %q, by which peers are to reach this node; make a certificate that names it, or be reached by a host that is named",
			i.files.CertFile, hostsOf(leaf), host), err}
	}
	return nil
}

// A hostError keeps x509.HostnameError for callers, without its text, which says
// the same in other words.
type hostError struct {
	text string
	err  error
}

func (e *hostError) Error() string { return e.text }
func (e *hostError) Unwrap() error { return e.err }

// hostsOf lists the hosts of a certificate, not too many.
func hostsOf(cert *x509.Certificate) string {
	const most = 10
	var all []string
	for _, name := range cert.DNSNames {
		all = append(all, strconv.Quote(name))
	}
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "no host"
	case len(all) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

// parseHosts tells DNS names from IP addresses and leaves out repetitions. It
// returns every fault, one a line.
func parseHosts(hosts []string) (dns []string, ips []net.IP, err error) {
	var faults []error
	for _, host := range hosts {
		name, ip, err := parseHost(host)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("host %q: %w", host, err))
		case ip == nil && !slices.Contains(dns, name):
			dns = append(dns, name)
		case ip != nil && !slices.ContainsFunc(ips, ip.Equal):
			ips = append(ips, ip)
		}
	}
	if len(hosts) == 0 {
		faults = append(faults, errors.New("no host is given; name those by which the other nodes reach this one, as in --host node-a,10.0.0.2"))
	}
	return dns, ips, errors.Join(faults...)
}

// parseHost returns a DNS name in lower case, or an IP address.
func parseHost(host string) (name string, ip net.IP, err error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		switch {
		case addr.Zone() != "":
			return "", nil, errors.New("has a zone, which only this machine knows; leave it out")
		case addr.IsUnspecified():
			return "", nil, errors.New("is no address that a peer could dial; name the one by which peers reach the node")
		}
		return "", addr.Unmap().AsSlice(), nil
	}
	name = strings.ToLower(strings.TrimSuffix(host, "."))
	plain := strings.TrimPrefix(name, "*.")
	switch {
	case host == "":
		return "", nil, errors.New("is empty; write hosts as in node-a,10.0.0.2")
	case strings.Contains(host, "/"):
		return "", nil, errors.New("is no host; write it without a scheme and a path")
	case strings.ContainsAny(host, ":[]"):
		return "", nil, errors.New("is neither a DNS name nor an IP address; a certificate names hosts, without ports and brackets")
	case !isDNSName(plain):
		return "", nil, errors.New("is not a DNS name; write letters, digits, hyphens and dots, other scripts in their xn-- form, and a * as the whole first part only")
	case isDigits(plain[strings.LastIndex(plain, ".")+1:]):
		return "", nil, errors.New("looks like an IP address and is none; correct it")
	}
	return name, nil, nil
}

// isDNSName reports whether a lower-case name can be in a certificate. Underscores
// are not in the standard's host names, but in those of some container networks.
func isDNSName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if (r < 'a' || 'z' < r) && (r < '0' || '9' < r) && r != '-' && r != '_' {
				return false
			}
		}
	}
	return true
}

func isDigits(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}
