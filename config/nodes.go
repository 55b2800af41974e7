package config

import "strconv"

// Defaults of a node.
const (
	DefaultNodeListen = "127.0.0.1:0" // of a node that is there only because a provider lives on another one
	DefaultCredits    = 1024
)

// Node is this process as a node: where other nodes reach it, and how. Addresses are
// in their canonical form: lower case, IP addresses as netip writes them.
type Node struct {
	// Listen is host:port. Port 0 lets the system choose one; an empty host is every
	// address of the machine. Never empty.
	Listen string

	// Advertise is the host:port by which other nodes reach this one; it is Listen
	// where the file has none, and then its port may be 0: that of the listener. The
	// host is never empty.
	Advertise string

	// Peers are other nodes, in the order of the file. None is valid.
	Peers []string

	// Discover are names of DNS under which other nodes are found, in the order of the
	// file: "dns:name:port" for addresses, with "dns4" or "dns6" for one kind of them, and
	// "dnssrv:_service._proto.name" for services. None is valid.
	Discover []string

	// Etcd and Gossip are further ways to find other nodes. Nil: none.
	Etcd   *Etcd
	Gossip *Gossip

	// TLS is the zero value without TLS: on loopback, or if Plaintext is true.
	TLS NodeTLS

	// Plaintext allows addresses off loopback without TLS.
	Plaintext bool

	// Credits is the most calls in flight to one peer; default 1024.
	Credits int
}

// NodeTLS names the PEM files of mutual TLS between nodes: all three or none. A path
// that is not absolute begins in the working directory.
type NodeTLS struct {
	CertFile string // this node's certificate
	KeyFile  string // its private key
	CAFile   string // the authority of all nodes' certificates
}

// nodeReading is what is checked when the whole file has been read: each address with
// its place.
type nodeReading struct {
	table     value // of [node]; without a node if there is none
	listen    located
	advertise located
	peers     []located
	homes     []located // where remote providers live
	anywhere  []value   // of remote providers that live on any node
	gossip    gossipReading
	shared    []value // scopes of keys whose limit is the cluster's
}

// located is an address and where in the file it is. Its node is nil if there is none.
type located struct {
	value
	address address
}

func (l located) given() bool { return l.node != nil }

var nodeSection = section[Node]{fields: []field[Node]{
	custom("listen", ofHostPort(), func(r *reader, v value, _ *Node) {
		r.nodes.listen.value = v
		r.nodes.listen.address = r.listenAddress(v)
	}).doc("any free port on loopback if a provider lives on another node, else required", "where other nodes are listened to; port 0 takes any free port",
		"an address or host name, or none for every address of the machine; a port up to 65535"),
	custom("advertise", ofReference(), func(r *reader, v value, _ *Node) {
		r.nodes.advertise.value = v
		if text, ok := r.reference(v, exampleAddress); ok {
			r.nodes.advertise.address = r.peerAddress(v, text)
		}
	}).doc("`listen`", "the address by which other nodes reach this one; they answer it there, so that one on loopback reaches nodes of its own machine only",
		"a host and a port from 1 to 65535; given when `listen` names no host"),
	custom("peers", listOf(ofText(), 0, "addresses as that of `advertise`, none twice, none this node's own"), func(r *reader, v value, _ *Node) {
		if r.want(v, kindList, "["+exampleAddress+"]") {
			r.nodes.peers = r.addresses(v)
		}
	}).doc("none", "other nodes"),
	custom("discover", oneOrList(ofText(), "names, none twice"), readDiscover).
		doc("none", "names of DNS under which other nodes are found while this one runs, see [nodes](nodes.md#finding-peers): "+
			"`\"dns:NAME:PORT\"` takes a name's addresses (`dns4:`, `dns6:` those of one kind), `\"dnssrv:NAME\"` the targets and ports of a service"),
	truth("plaintext", func(n *Node, v bool) { n.Plaintext = v }).
		doc("`false`", "no TLS off loopback either, for a network that you trust", "`false` beside `node.tls`"),
	whole("credits", credits, func(n *Node) *int { return &n.Credits }).
		doc("1024", "the most calls in flight to one peer; more are refused at once"),
	nested("tls", tlsSection, func(n *Node) *NodeTLS { return &n.TLS }),
	optional("etcd", etcdSection, func() *Etcd { return &Etcd{} }, func(n *Node) **Etcd { return &n.Etcd }),
	{name: "gossip", below: gossipSection.layout, read: readGossip},
}}

var credits = aCount("calls", DefaultCredits)

// aCount is a size whose default is known.
func aCount(unit string, def int) wholeBounds {
	b := aSize(unit, orDefaultOf(strconv.Itoa(def)))
	b.example = strconv.Itoa(def)
	return b
}

const exampleAddress = `"10.0.0.2:7600"`

func (r *reader) listenAddress(v value) address {
	if !r.want(v, kindText, `"127.0.0.1:7600"`) {
		return address{}
	}
	a, ok := parseAddress(v.text)
	if !ok {
		r.fault(v.line, v.at, `must be host:port without a scheme, such as "127.0.0.1:7600" or ":7600"; `+
			"the port is a number from 0 to 65535, and an IPv6 address is in brackets")
	}
	return a
}

// peerAddress reads an address that nodes dial, and returns none after a fault.
func (r *reader) peerAddress(v value, text string) address {
	a, ok := parseAddress(text)
	switch {
	case !ok || a.port == "0":
		r.fault(v.line, v.at, "must be host:port without a scheme, such as %s; "+
			"the port is a number from 1 to 65535, and an IPv6 address is in brackets", exampleAddress)
	case a.everywhere():
		r.fault(v.line, v.at, "names no host that another node could reach; write its address, such as %s", exampleAddress)
	default:
		return a
	}
	return address{}
}

// addresses reads a list of different addresses of nodes.
func (r *reader) addresses(v value) []located {
	var all []located
	first := map[address]int{}
	for i, e := range v.elements {
		e := value{e, v.at.item(i)}
		if !r.want(e, kindText, exampleAddress) {
			continue
		}
		if e.text == AnyNode {
			r.fault(e.line, e.at, `is "any", which stands alone in the node of a provider; remove it, or all others there`)
			continue
		}
		a := r.peerAddress(e, e.text)
		before, again := first[a]
		switch {
		case a == address{}:
		case again:
			r.fault(e.line, e.at, "%s", givenTwice(before))
		default:
			first[a] = e.line
			all = append(all, located{e, a})
		}
	}
	return all
}

// readNode reads the table [node]. What concerns several keys is for bindNode.
func readNode(r *reader, v value, into *File) {
	into.Node = &Node{}
	r.nodes.table = v
	nodeSection.read(r, v, into.Node)
}

// bindNode fills in what the file says of this node and its peers. There is a node if
// the file has a table of it, or a provider that lives on another one.
func bindNode(r *reader, into *File) {
	n := &r.nodes
	if into.Node == nil {
		if len(into.Remote) == 0 {
			checkOverflows(r)
			n.checkShared(r)
			return
		}
		into.Node = &Node{}
	} else if n.table.kind == kindTable && !n.listen.given() && len(into.Remote) == 0 {
		r.fault(n.table.line, n.table.at.key("listen"), `is missing, and no provider lives on another node; `+
			`add it, such as "127.0.0.1:7600", or remove the table`)
		return
	}
	if !n.listen.given() {
		n.listen.address, _ = parseAddress(DefaultNodeListen)
	}
	checkAddresses(r, into.Node)
	node := into.Node
	node.Listen = n.listen.address.String()
	node.Advertise = n.advertised().String()
	for _, p := range n.peers {
		node.Peers = append(node.Peers, p.address.String())
	}
	bindGossip(r, node)
	checkAnywhere(r, node)
	if node.Credits == 0 {
		node.Credits = DefaultCredits
	}
}

// checkShared sees that a limit of the cluster's has a node that is part of it.
func (n *nodeReading) checkShared(r *reader) {
	for _, scope := range n.shared {
		r.fault(scope.line, scope.at, `is "cluster", and this process is no node; add the table [node] with the other nodes as peers, or write "node"`)
	}
}

// advertised is the address that other nodes dial; its port may be 0.
func (n *nodeReading) advertised() address {
	if n.advertise.given() {
		return n.advertise.address
	}
	return n.listen.address
}

// others are the addresses of other nodes.
func (n *nodeReading) others() []located {
	return append(append([]located(nil), n.peers...), n.homes...)
}

// checkAddresses looks at how the addresses fit each other. One that has a fault of
// its own is none, and is passed over.
func checkAddresses(r *reader, node *Node) {
	n := &r.nodes
	own := n.advertised()
	if own.everywhere() && n.listen.address != (address{}) && !n.advertise.given() {
		r.fault(n.table.line, n.table.at.key("advertise"),
			"is missing, and listen names no host; add the address by which other nodes reach this one, such as %s",
			exampleAddress)
	}
	for _, p := range n.peers {
		if p.address == own || p.address == n.listen.address {
			r.fault(p.line, p.at, "is this node's own address; remove it")
		}
	}
	for _, h := range n.homes {
		if h.address == own || h.address == n.listen.address {
			r.fault(h.line, h.at, "is this node's own address; name another node, or remove node so that the provider lives here")
		}
	}
	for _, p := range n.others() {
		if own.loopback() && !p.address.loopback() {
			r.fault(p.line, p.at, "is off loopback, and could not answer a node on loopback; "+
				"set node.listen, or node.advertise, to an address that it reaches")
			break
		}
	}
	checkTLS(r, node)
}

// checkAnywhere sees that what needs other nodes has some: a provider that may live on any
// of them, an overflow, and a limit that they share.
func checkAnywhere(r *reader, node *Node) {
	if len(r.nodes.peers)+len(node.Discover) > 0 || node.Etcd != nil || node.Gossip != nil {
		return
	}
	if len(r.nodes.homes) == 0 {
		checkOverflows(r)
	}
	for _, v := range r.nodes.shared {
		r.fault(v.line, v.at, `is "cluster", and no other node is named or found; `+
			`add peers, discover, etcd or gossip to the table node, or write "node"`)
	}
	for _, v := range r.nodes.anywhere {
		r.fault(v.line, v.at, "is any node, and none is found; add peers, discover, etcd or gossip to the table node, or name the nodes")
	}
}

// checkOverflows finds fault with every overflow: there is nowhere to send it.
func checkOverflows(r *reader) {
	for _, v := range r.overflows {
		r.fault(v.line, v.at, "sends requests to other nodes, and none is named or found; "+
			"add a table node with peers, discover, etcd or gossip, or leave overflow out")
	}
}

// checkTLS sees that what leaves the machine is encrypted, or meant not to be.
func checkTLS(r *reader, node *Node) {
	n := &r.nodes
	table, hasTLS := n.table.member("tls")
	if plaintext, ok := n.table.member("plaintext"); ok && node.Plaintext && hasTLS {
		r.fault(plaintext.line, plaintext.at, "must not be true beside the table tls on line %d; remove one of them", table.line)
	}
	if node.Plaintext || hasTLS {
		return
	}
	for _, l := range append([]located{n.listen, n.advertise}, n.others()...) {
		if l.given() && l.address != (address{}) && !l.address.loopback() {
			r.fault(l.line, l.at, `is off loopback, where nodes need certificates: make them with "bifrost certs" and name them `+
				"in the table node.tls; or set node.plaintext to true in a network that you trust")
			return
		}
	}
}
