package config

import (
	"net/netip"
	"strings"
	"time"
)

// Defaults of finding nodes in etcd.
const (
	DefaultEtcdPrefix = "/bifrost/nodes/"
	DefaultEtcdTTL    = 5 * time.Second
)

// Etcd is where nodes register, and find each other. It holds a secret.
type Etcd struct {
	// Endpoints are etcd's servers in the order of the file, each host:port, with
	// "http://" or "https://" before it or nothing. At least one.
	Endpoints []string

	// Prefix begins the nodes' keys, and ends in "/"; default /bifrost/nodes/.
	Prefix string

	// TTL is how long a node that is dead stays there, in whole seconds; default 5 s.
	TTL time.Duration

	// Username and Password are both empty or both given.
	Username, Password string

	// CAFile is an authority of etcd's certificates beside the system's. CertFile and
	// KeyFile are this node's for etcd, both or none.
	CAFile, CertFile, KeyFile string
}

// String says that there is one, so that a printed File has no secrets.
func (e Etcd) String() string { return "etcd" }

// GoString is String.
func (e Etcd) GoString() string { return e.String() }

const exampleEndpoint = `"10.0.0.9:2379"`

var etcdSection = section[Etcd]{check: checkEtcd, fields: []field[Etcd]{
	custom("endpoints", listOf(ofText(), 1, "at least one, none twice").called("list of text, host:port"), readEndpoints).
		required("etcd's servers, `https://` before them for TLS"),
	custom("prefix", ofReference(), readPrefix).
		doc("`\"/bifrost/nodes/\"`", "what the nodes' keys begin with; a `/` is put at its end", "not empty"),
	custom("ttl", ofDuration("whole seconds, 1s to 1h; etcd makes it two at least"), readTTL).
		doc("`\"5s\"`", "how long a node that is dead stays there"),
	setting("username", `"env.ETCD_USERNAME"`, func(e *Etcd) *string { return &e.Username }).
		doc("none", "for an etcd with authentication", "beside `password`").needs("password"),
	setting("password", `"env.ETCD_PASSWORD"`, func(e *Etcd) *string { return &e.Password }).
		doc("none", "the same", "beside `username`").needs("username"),
	pemFile("ca_file", `"etcd-ca.pem"`, func(e *Etcd) *string { return &e.CAFile }).
		doc("none", "the authority of etcd's certificates, beside the system's, a PEM file", "a file with a certificate; no endpoint with `http://`"),
	pemFile("cert_file", `"etcd.pem"`, func(e *Etcd) *string { return &e.CertFile }).
		doc("none", "this node's certificate for etcd, a PEM file", "beside `key_file`").needs("key_file"),
	pemFile("key_file", `"etcd.key"`, func(e *Etcd) *string { return &e.KeyFile }).
		doc("none", "its private key, a PEM file", "beside `cert_file`, the key of that certificate").needs("cert_file"),
}}

func readPrefix(r *reader, v value, into *Etcd) {
	setting("prefix", `"/bifrost/nodes/"`, func(e *Etcd) *string { return &e.Prefix }).read(r, v, into)
	if into.Prefix != "" && !strings.HasSuffix(into.Prefix, "/") {
		into.Prefix += "/"
	}
}

func readTTL(r *reader, v value, into *Etcd) {
	d, ok := r.duration(v)
	switch {
	case !ok:
	case d < time.Second || d > time.Hour || d%time.Second != 0:
		r.fault(v.line, v.at, "must be whole seconds, from 1s to 1h; %s", orDefaultOf(durationText(DefaultEtcdTTL)))
	default:
		into.TTL = d
	}
}

func readEndpoints(r *reader, v value, into *Etcd) {
	if !r.want(v, kindList, "["+exampleEndpoint+"]") {
		return
	}
	if len(v.elements) == 0 {
		r.fault(v.line, v.at, "is empty; name at least one server of etcd, such as [%s]", exampleEndpoint)
	}
	first := map[string]int{}
	for i, e := range v.elements {
		e := value{e, v.at.item(i)}
		if !r.want(e, kindText, exampleEndpoint) {
			continue
		}
		text, ok := endpoint(e.text)
		before, again := first[text]
		switch {
		case !ok:
			r.fault(e.line, e.at, `must be host:port, such as %s, with "https://" or "http://" before it or nothing`, exampleEndpoint)
		case again:
			r.fault(e.line, e.at, "%s", givenTwice(before))
		default:
			first[text] = e.line
			into.Endpoints = append(into.Endpoints, text)
		}
	}
}

// endpoint returns a server's address in its one spelling.
func endpoint(text string) (string, bool) {
	rest, scheme := text, ""
	for _, s := range []string{"https://", "http://"} {
		if after, ok := strings.CutPrefix(text, s); ok {
			rest, scheme = after, s
		}
	}
	a, ok := parseAddress(rest)
	ip, err := netip.ParseAddr(a.host)
	if !ok || a.port == "0" || a.everywhere() || err == nil && ip.Zone() != "" || err != nil && !isDomain(a.host) {
		return "", false
	}
	return scheme + a.String(), true
}

// checkEtcd looks at what belongs together. What is there and has a fault counts as given.
func checkEtcd(r *reader, table value, has given, into *Etcd) {
	endpoints, ok := has["endpoints"]
	if !ok {
		r.fault(table.line, table.at.key("endpoints"), "is missing; name at least one server of etcd, such as [%s]", exampleEndpoint)
	}
	together := func(one, other string) {
		if v, ok := has[one]; ok {
			if _, ok := has[other]; !ok {
				r.fault(v.line, v.at, "needs %s beside it; add it", other)
			}
		}
	}
	together("username", "password")
	together("password", "username")
	together("cert_file", "key_file")
	together("key_file", "cert_file")
	if ca, ok := has["ca_file"]; ok && into.CAFile != "" {
		r.caFiles = append(r.caFiles, caFile{ca.line, ca.at, into.CAFile})
	}
	if into.CertFile != "" && into.KeyFile != "" {
		r.pairs = append(r.pairs, keyPair{has["cert_file"], has["key_file"], into.CertFile, into.KeyFile})
	}
	if into.CAFile != "" || into.CertFile != "" {
		for _, e := range into.Endpoints {
			if strings.HasPrefix(e, "http://") {
				r.fault(endpoints.line, endpoints.at, `has an address with "http://", where certificates have no effect; write "https://", or remove the files`)
				break
			}
		}
	}
	if into.Prefix == "" {
		into.Prefix = DefaultEtcdPrefix
	}
	if into.TTL == 0 {
		into.TTL = DefaultEtcdTTL
	}
}
