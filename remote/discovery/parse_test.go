package discovery

import (
	"context"
	"net"
	"strings"
	"testing"
)

func TestParseReadsEachWayToFindPeers(t *testing.T) {
	for text, want := range map[string]DNS{
		"dns:bifrost.default.svc:7600":       {Name: "bifrost.default.svc", Port: 7600, Network: "ip"},
		"dns4:nodes:1":                       {Name: "nodes", Port: 1, Network: "ip4"},
		"dns6:nodes.:65535":                  {Name: "nodes.", Port: 65535, Network: "ip6"},
		"dnssrv:_bifrost._tcp.nodes.example": {Name: "_bifrost._tcp.nodes.example", Service: true},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got.Name != want.Name || got.Port != want.Port || got.Network != want.Network || got.Service != want.Service {
			t.Errorf("%s: got %+v", text, *got)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "names no way",
		"nodes.example:7600":          "names no way",
		"dns:nodes":                   "has no port",
		"dns:nodes:0":                 "not a port",
		"dns:nodes:65536":             "not a port",
		"dns:nodes:+1":                "not a port",
		"dns::7600":                   "host is empty",
		"dns:10.0.0.2:7600":           "list it as a peer",
		"dns:[fd00::2]:7600":          "list it as a peer",
		"dns:a..b:7600":               "not a host's name",
		"dns:http://nodes:7600":       "has no port",
		"dnssrv:":                     "host is empty",
		"dnssrv:_bifrost._tcp.a:7600": "not a host's name",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got the error %v, want one with %q", text, err, want)
		}
	}
}

func TestCheckAddressKnowsHostAndPort(t *testing.T) {
	for _, good := range []string{"10.0.0.2:7600", "[fd00::2]:1", "node-a.example.org:65535", "localhost:80"} {
		if err := CheckAddress(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "10.0.0.2", "fd00::2:7600", ":7600", "host:", "host:0", "host:x", "a b:1", "http://a:1", "a:1:2"} {
		if err := CheckAddress(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestStaticReportsItsListOnceSortedAndEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	calls := 0
	err := Static{"b:1", "a:1", "b:1"}.Run(ctx, func(list []string) {
		calls++
		if strings.Join(list, " ") != "a:1 b:1" {
			t.Errorf("got %v", list)
		}
	})
	if err != nil || calls != 1 {
		t.Errorf("got %d lists and the error %v, want one list", calls, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"dns:a:1", "dns4:a.b:2", "dns6:[::1]:3", "dnssrv:_a._tcp.b", "dns::", "::", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err == nil && (d.check() != nil || net.ParseIP(d.Name) != nil) {
			t.Errorf("%q is taken and is of no use: %+v", text, d)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("%d bytes give an error of %d", len(text), len(err.Error()))
		}
	})
}

func FuzzCheckAddress(f *testing.F) {
	for _, seed := range []string{"a:1", "[::1]:2", "10.0.0.1:3", ":", "[", "a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckAddress(text) != nil {
			return
		}
		host, port, err := net.SplitHostPort(text)
		if err != nil || host == "" || port == "" || strings.ContainsAny(text, " /\n\"") {
			t.Errorf("%q is taken", text)
		}
	})
}
