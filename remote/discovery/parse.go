package discovery

import (
	"fmt"
	"net"
	"strings"
)

// Parse returns the DNS source that a text of a configuration names:
//
//	dns:name:port                  the name's A and AAAA records, all with that port
//	dns4:name:port, dns6:name:port its A records, or its AAAA records, only
//	dnssrv:_service._proto.name    the SRV records, which have ports of their own
//
// In a cluster of Kubernetes the name of a headless service gives its pods. The
// source's other fields have their zero values. An error says how to write it.
func Parse(text string) (*DNS, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "dns", "dns4", "dns6":
		name, portText, err := net.SplitHostPort(rest)
		if err != nil {
			return nil, fmt.Errorf("%s has no port; write it as in %s:bifrost.default.svc:7600", quoted(text), scheme)
		}
		port, err := parsePort(portText)
		if err != nil {
			return nil, err
		}
		return checked(&DNS{Name: name, Port: port, Network: "ip" + strings.TrimPrefix(scheme, "dns")})
	case "dnssrv":
		return checked(&DNS{Name: rest, Service: true})
	}
	return nil, fmt.Errorf("%s names no way to find peers; write dns:name:port or dnssrv:_bifrost._tcp.name", quoted(text))
}

func checked(d *DNS) (*DNS, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return d, nil
}
