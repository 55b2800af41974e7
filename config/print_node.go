package config

import "bifrost/schemas"

type printedNode struct {
	Listen    string      `toml:"listen"`
	Advertise string      `toml:"advertise,omitempty"` // left out where it is listen
	Peers     []string    `toml:"peers,omitempty"`
	Plaintext bool        `toml:"plaintext"`
	Credits   int         `toml:"credits"`
	TLS       *printedTLS `toml:"tls"`
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

func printNode(n *Node) *printedNode {
	if n == nil {
		return nil
	}
	out := &printedNode{Listen: n.Listen, Peers: n.Peers, Plaintext: n.Plaintext, Credits: n.Credits}
	if n.Advertise != n.Listen {
		out.Advertise = n.Advertise
	}
	if n.TLS != (NodeTLS{}) {
		tls := printedTLS(n.TLS)
		out.TLS = &tls
	}
	return out
}
