package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWhatFindsNodesIsReadInOneSpellingWithItsDefaults(t *testing.T) {
	f := mustParse(t, `
[providers.a]
node = "any"
[node]
listen = "10.0.0.2:7600"
plaintext = true
discover = ["dns:Bifrost.Default.svc.:7600", "dns6:b:1", "dnssrv:_bifrost._tcp.example.com"]
[node.etcd]
endpoints = ["E.example:2379", "https://[FD00::1]:1"]
prefix = "/mine"
ttl = "7s"
username = "u"
password = "env.ETCD_PASSWORD"
ca_file = "ca.pem"
[node.gossip]
key = "env.BIFROST_GOSSIP_KEY"
join = ["H:7946"]
`)
	n := f.Node
	if want := []string{"dns:bifrost.default.svc.:7600", "dns6:b:1", "dnssrv:_bifrost._tcp.example.com"}; !reflect.DeepEqual(n.Discover, want) {
		t.Errorf("got %q, want %q", n.Discover, want)
	}
	etcd := Etcd{Endpoints: []string{"e.example:2379", "https://[fd00::1]:1"}, Prefix: "/mine/", TTL: 7 * time.Second,
		Username: "u", Password: "secret-of-etcd", CAFile: "ca.pem"}
	if !reflect.DeepEqual(*n.Etcd, etcd) {
		t.Errorf("got etcd %q %q %v", n.Etcd.Endpoints, n.Etcd.Prefix, n.Etcd.TTL)
	}
	g := n.Gossip
	if g.Bind != "10.0.0.2:7946" || g.Advertise != g.Bind || len(g.Key) != 32 || !reflect.DeepEqual(g.Join, []string{"h:7946"}) {
		t.Errorf("got gossip on %s at %s with a key of %d bytes and %q", g.Bind, g.Advertise, len(g.Key), g.Join)
	}
	if got := f.Remote["a"].Nodes; !reflect.DeepEqual(got, []string{AnyNode}) {
		t.Errorf("the provider lives on %q", got)
	}
	bare := mustParse(t, "[providers.a]\nnode = \"any\"\n[node]\ndiscover = \"dns:b:1\"\netcd = { endpoints = [\"e:1\"] }\ngossip = {}\n").Node
	if bare.Etcd.Prefix != DefaultEtcdPrefix || bare.Etcd.TTL != DefaultEtcdTTL || bare.Gossip.Bind != "127.0.0.1:7946" || bare.Gossip.Key != nil {
		t.Errorf("got %q %v %q", bare.Etcd.Prefix, bare.Etcd.TTL, bare.Gossip.Bind)
	}
}

func TestGossipIsReachedWhereTheNodeIsUnlessTheFileSaysOtherwise(t *testing.T) {
	for _, c := range []struct{ node, gossip, bind, advertise string }{
		{`listen = "10.0.0.2:7600"`, ``, "10.0.0.2:7946", "10.0.0.2:7946"},
		{`listen = ":7600", advertise = "10.0.0.2:1"`, ``, ":7946", "10.0.0.2:7946"},
		{`listen = ":7600", advertise = "host:1"`, `bind = "0.0.0.0:0",`, "0.0.0.0:0", "host:0"},
		{`listen = "10.0.0.2:7600"`, `bind = "[::]:5",`, "[::]:5", "10.0.0.2:5"},
		{`listen = "10.0.0.2:7600"`, `bind = "10.0.0.3:5", advertise = "Host:6",`, "10.0.0.3:5", "host:6"},
	} {
		f := mustParse(t, fmt.Sprintf("node = { plaintext = true, %s, gossip = { %s key = \"%s\" } }\n[providers.a]\n", c.node, c.gossip, testGossipKey))
		if g := f.Node.Gossip; g.Bind != c.bind || g.Advertise != c.advertise {
			t.Errorf("%s, %s: got %s at %s", c.node, c.gossip, g.Bind, g.Advertise)
		}
	}
}

func TestPrintShowsWhatFindsNodesWithoutSecretsAndNothingElseDoes(t *testing.T) {
	f := mustParse(t, `
[providers.a]
node = ["any"]
[node]
listen = "127.0.0.1:7600"
discover = "dns:b:1"
[node.etcd]
endpoints = ["e:1"]
username = "u"
password = "env.ETCD_PASSWORD"
[node.gossip]
key = "env.BIFROST_GOSSIP_KEY"
`)
	const want = `
discover = ["dns:b:1"]
plaintext = false
credits = 1024

[node.etcd]
endpoints = ["e:1"]
prefix = "/bifrost/nodes/"
ttl = "5s"
username = "u"
password = "****"

[node.gossip]
bind = "127.0.0.1:7946"
key = "****"

[providers.a]
node = ["any"]
move_waiting = false
`
	if got := printed(t, f); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if text := fmt.Sprintf("%v %+v %#v %v %+v %#v", f.Node.Etcd, *f.Node.Etcd, *f.Node, f.Node.Gossip, *f.Node.Gossip, f.Node); strings.Contains(text, "secret") || strings.Contains(text, string(f.Node.Gossip.Key)) {
		t.Errorf("a secret is in %s", text)
	}
}

// drawMembership adds ways to find nodes to the table of a node off loopback.
func drawMembership(t *rapid.T, node map[string]any) {
	maybe(t, node, "discover", rapid.SampledFrom([]any{"dns:Nodes.example:7600", []string{"dns4:a:1", "dnssrv:_b._tcp.c"}}))
	if rapid.Bool().Draw(t, "has etcd") {
		etcd := map[string]any{"endpoints": rapid.SampledFrom([][]string{{"e:1"}, {"https://[FD00::1]:2379", "10.0.0.9:2379"}}).Draw(t, "endpoints")}
		maybe(t, etcd, "prefix", rapid.StringMatching(`/?[a-z"\\]{1,3}/?`))
		maybe(t, etcd, "ttl", rapid.SampledFrom([]string{"1s", "90s", "1h"}))
		if rapid.Bool().Draw(t, "has a user") {
			etcd["username"], etcd["password"] = "u", "secret"
		}
		maybe(t, etcd, "ca_file", rapid.Just("ca.pem"))
		if rapid.Bool().Draw(t, "has a certificate") {
			etcd["cert_file"], etcd["key_file"] = "a.pem", "a b.key"
		}
		node["etcd"] = etcd
	}
	if rapid.Bool().Draw(t, "has gossip") {
		gossip := map[string]any{"key": testGossipKey}
		maybe(t, gossip, "bind", rapid.SampledFrom([]string{":0", ":7946", "10.0.0.2:1", "Host:0"}))
		maybe(t, gossip, "advertise", rapid.SampledFrom([]string{"10.0.0.2:1", "Host-2:7946"}))
		maybe(t, gossip, "join", rapid.Just([]string{"10.0.0.3:7946", "Name:1"}))
		node["gossip"] = gossip
	}
}

func maskNode(n *Node) {
	if n == nil {
		return
	}
	if e := n.Etcd; e != nil && e.Password != "" {
		e.Password = mask
	}
	if g := n.Gossip; g != nil && len(g.Key) > 0 {
		g.Key = []byte(mask)
	}
}
