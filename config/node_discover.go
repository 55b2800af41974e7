package config

import (
	"net"
	"net/netip"
	"strings"
)

const exampleSource = `"dns:bifrost.default.svc:7600"`

// readDiscover reads one name of DNS under which nodes are found, or a list of them.
func readDiscover(r *reader, v value, into *Node) {
	switch {
	case v.kind == kindText:
		if text, ok := r.source(v); ok {
			into.Discover = []string{text}
		}
	case v.kind == kindList && len(v.elements) == 0:
		r.fault(v.line, v.at, "is empty; write at least one name, such as %s, or leave it out", exampleSource)
	case v.kind == kindList:
		into.Discover = r.sources(v)
	case v.kind != kindUnread:
		r.fault(v.line, v.at, "must be text or a list, such as %s or [%s], not %s", exampleSource, exampleSource, r.called(v.kind))
	}
}

func (r *reader) sources(v value) []string {
	var all []string
	first := map[string]int{}
	for i, e := range v.elements {
		e := value{e, v.at.item(i)}
		if !r.want(e, kindText, exampleSource) {
			continue
		}
		text, ok := r.source(e)
		before, again := first[text]
		switch {
		case !ok:
		case again:
			r.fault(e.line, e.at, "%s", givenTwice(before))
		default:
			first[text] = e.line
			all = append(all, text)
		}
	}
	return all
}

// source returns a name of DNS in its one spelling.
func (r *reader) source(v value) (string, bool) {
	scheme, rest, _ := strings.Cut(v.text, ":")
	rest = strings.ToLower(rest)
	name, port := rest, ""
	switch scheme {
	case "dns", "dns4", "dns6":
		host, p, err := net.SplitHostPort(rest)
		if err != nil || !isPort(p) || p == "0" {
			r.fault(v.line, v.at, "must have a port from 1 to 65535 at its end, on which nodes are reached, as in %s", exampleSource)
			return "", false
		}
		name, port = host, ":"+p
	case "dnssrv":
	default:
		r.fault(v.line, v.at, `names no way to find nodes; write "dns:NAME:PORT", such as %s, or "dnssrv:_bifrost._tcp.example.com"`, exampleSource)
		return "", false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		r.fault(v.line, v.at, "has an address in place of a name; write the address into node.peers")
		return "", false
	}
	if !isDomain(name) {
		r.fault(v.line, v.at, "has no name that DNS could know; write one such as %s", exampleSource)
		return "", false
	}
	return scheme + ":" + name + port, true
}

// isDomain reports whether a DNS server can be asked for a name. Names of services
// begin with underscores, and a dot may be at the end.
func isDomain(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.IndexFunc(label, notBare) >= 0 {
			return false
		}
	}
	return true
}
