package config

import (
	"encoding/base64"
	"net"
	"strings"
)

// DefaultGossipPort is where nodes gossip, on the host where they listen for each other.
const DefaultGossipPort = "7946"

// Gossip is how nodes find each other by telling. It holds a secret.
type Gossip struct {
	// Bind is the host:port of its own to listen on, with UDP and TCP. Port 0 lets the
	// system choose one. Never empty.
	Bind string

	// Advertise is the host:port by which other nodes reach Bind; port 0 is Bind's.
	// The host is never empty.
	Advertise string

	// Key encrypts what is sent: 16, 24 or 32 bytes. Empty on loopback only. In a file
	// that Print wrote it has a length that no node takes.
	Key []byte

	// Join are gossip addresses of other nodes, in the order of the file. None is valid.
	Join []string
}

// String says that there is one, so that a printed File has no secrets.
func (g Gossip) String() string { return "gossip" }

// GoString is String.
func (g Gossip) GoString() string { return g.String() }

const exampleGossip = `"10.0.0.3:7946"`

// gossipReading is what is checked when the addresses of the node are known.
type gossipReading struct {
	table           value // without a node if there is none
	bind, advertise located
	join            []located
	hasKey          bool
}

// gossipSection reads addresses into the reader; bindGossip takes them from there.
var gossipSection = section[Gossip]{fields: []field[Gossip]{
	custom("bind", ofHostPort(), func(r *reader, v value, _ *Gossip) {
		r.nodes.gossip.bind.value = v
		r.nodes.gossip.bind.address = r.listenAddress(v)
	}).doc("the host of `node.listen`, port 7946", "where gossip is listened to; port 0 takes any free port",
		"an address or host name, or none for every address of the machine"),
	custom("advertise", ofReference(), func(r *reader, v value, _ *Gossip) {
		r.nodes.gossip.advertise.value = v
		if text, ok := r.reference(v, exampleGossip); ok {
			r.nodes.gossip.advertise.address = r.peerAddress(v, text)
		}
	}).doc("`bind`, or its port at the host of `node.advertise` if `bind` names none", "the address by which other nodes reach it",
		"a host and a port from 1 to 65535"),
	custom("key", ofReference(), readGossipKey).
		doc("none", "encrypts all that is told: 16, 24 or 32 bytes in base64, the same on all nodes; `openssl rand -base64 32` makes one", "given off loopback"),
	custom("join", listOf(ofText(), 0, "addresses as that of `advertise`, none twice"), func(r *reader, v value, _ *Gossip) {
		if r.want(v, kindList, "["+exampleGossip+"]") {
			r.nodes.gossip.join = r.addresses(v)
		}
	}).doc("none", "gossip addresses of some other nodes, which tell of the rest; a name stands for all its addresses. They are tried again every few seconds"),
}}

func readGossip(r *reader, v value, into *Node) {
	into.Gossip = &Gossip{}
	r.nodes.gossip.table = v
	gossipSection.read(r, v, into.Gossip)
}

func readGossipKey(r *reader, v value, into *Gossip) {
	r.nodes.gossip.hasKey = true
	text, ok := r.reference(v, `"env.BIFROST_GOSSIP_KEY"`)
	if !ok {
		return
	}
	if text == mask { // so that what Print writes loads again; no node starts with it
		into.Key = []byte(mask)
		return
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if n := len(key); err != nil || strings.ContainsAny(text, "\r\n") || n != 16 && n != 24 && n != 32 {
		r.fault(v.line, v.at, `must be 16, 24 or 32 bytes in base64, the same on all nodes; "openssl rand -base64 32" makes a key`)
		return
	}
	into.Key = key
}

// bindGossip fills in the addresses of gossip: its host is where the node listens, and
// where it is reached.
func bindGossip(r *reader, node *Node) {
	g := &r.nodes.gossip
	if node.Gossip == nil || g.table.kind != kindTable || r.nodes.listen.address == (address{}) {
		return
	}
	bind := g.bind.address
	if !g.bind.given() {
		bind = address{r.nodes.listen.address.host, DefaultGossipPort}
	}
	advertise := g.advertise.address
	if !g.advertise.given() {
		advertise = bind
		if bind.everywhere() {
			advertise.host = r.nodes.advertised().host
		}
	}
	node.Gossip.Bind, node.Gossip.Advertise = bind.String(), advertise.String()
	for _, j := range g.join {
		node.Gossip.Join = append(node.Gossip.Join, j.address.String())
	}
	if !g.hasKey && !bind.loopback() && bind != (address{}) {
		r.fault(g.table.line, g.table.at.key("key"), "is missing, and gossip off loopback is encrypted; "+
			`add it, as in "env.BIFROST_GOSSIP_KEY", where all nodes have the same; "openssl rand -base64 32" makes one`)
	}
	for _, j := range g.join {
		if bind.loopback() && !j.address.loopback() {
			r.fault(j.line, j.at, "is off loopback, and gossip on loopback could not reach it; set node.gossip.bind to an address that it reaches")
			break
		}
	}
}

// printedAdvertise is Advertise, or "" where it follows from the other addresses.
func (g *Gossip) printedAdvertise() string {
	if _, port, _ := net.SplitHostPort(g.Advertise); g.Advertise == g.Bind || port == "0" {
		return ""
	}
	return g.Advertise
}
