package config

import "bifrost/schemas"

type printedNode struct {
	Listen    string         `toml:"listen"`
	Advertise string         `toml:"advertise,omitempty"` // left out where it is listen
	Peers     []string       `toml:"peers,omitempty"`
	Discover  []string       `toml:"discover,omitempty"`
	Plaintext bool           `toml:"plaintext"`
	Credits   int            `toml:"credits"`
	TLS       *printedTLS    `toml:"tls"`
	Etcd      *printedEtcd   `toml:"etcd"`
	Gossip    *printedGossip `toml:"gossip"`
}

type printedEtcd struct {
	Endpoints []string `toml:"endpoints"`
	Prefix    string   `toml:"prefix"`
	TTL       span     `toml:"ttl"`
	Username  string   `toml:"username,omitempty"`
	Password  string   `toml:"password,omitempty"`
	CAFile    string   `toml:"ca_file,omitempty"`
	CertFile  string   `toml:"cert_file,omitempty"`
	KeyFile   string   `toml:"key_file,omitempty"`
}

type printedGossip struct {
	Bind      string   `toml:"bind"`
	Advertise string   `toml:"advertise,omitempty"` // left out where it follows from bind
	Key       string   `toml:"key,omitempty"`
	Join      []string `toml:"join,omitempty"`
}

type printedTLS struct {
	CertFile string `toml:"cert_file"`
	KeyFile  string `toml:"key_file"`
	CAFile   string `toml:"ca_file"`
}

type printedRemote struct {
	Nodes       []string            `toml:"node"`
	MoveWaiting bool                `toml:"move_waiting"`
	Fallbacks   []string            `toml:"fallbacks,omitempty"`
	FallbackOn  []schemas.ErrorKind `toml:"fallback_on,omitempty"`
}

func printNode(n *Node, hide veil) *printedNode {
	if n == nil {
		return nil
	}
	out := &printedNode{Listen: n.Listen, Peers: n.Peers, Discover: n.Discover, Plaintext: n.Plaintext, Credits: n.Credits}
	if n.Advertise != n.Listen {
		out.Advertise = n.Advertise
	}
	if n.TLS != (NodeTLS{}) {
		tls := printedTLS(n.TLS)
		out.TLS = &tls
	}
	if e := n.Etcd; e != nil {
		out.Etcd = &printedEtcd{Endpoints: e.Endpoints, Prefix: e.Prefix, TTL: span(e.TTL), Username: e.Username, Password: hide(e.Password),
			CAFile: e.CAFile, CertFile: e.CertFile, KeyFile: e.KeyFile}
	}
	if g := n.Gossip; g != nil {
		out.Gossip = &printedGossip{Bind: g.Bind, Advertise: g.printedAdvertise(), Key: hide(string(g.Key)), Join: g.Join}
	}
	return out
}
