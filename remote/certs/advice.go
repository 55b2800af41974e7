package certs

import "strings"

// advices has the words by which crypto/tls and crypto/x509 name a failure. They are
// text and not types, since gRPC passes on text only, and what a peer says of our
// certificate has no type.
var advices = []struct{ words, advice string }{
	{"signed by unknown authority", "the peer's certificate is not of an authority in our ca_file; give all nodes certificates of one CA, and its certificate as ca_file"},
	{"certificate has expired or is not yet valid", "the peer's certificate is not valid now; give the peer a new one, or set the clocks of both machines"},
	{"x509: certificate is valid for ", notNamed},
	{"x509: certificate is not valid for any names", notNamed},
	{"it doesn't contain any IP SANs", notNamed},
	{"specifies an incompatible key usage", "the peer's certificate is not for both ends of a connection; make one with \"bifrost certs node\""},
	{"client didn't provide a certificate", "the peer shows no certificate; give it a cert_file and a key_file"},
	{"first record does not look like a TLS handshake", withoutTLS},
	{"client offered only unsupported versions", oldTLS},
	{"server selected unsupported protocol version", oldTLS},
	{"remote error: tls: protocol version not supported", oldTLS},
	{"remote error: tls: unknown certificate authority", "the peer does not know the authority of our certificate; give all nodes certificates of one CA, and its certificate as ca_file"},
	{"remote error: tls: expired certificate", "our certificate is not valid by the peer's clock; make a new one, or set the clocks of both machines"},
	{"remote error: tls: certificate required", "the peer demands a certificate; give this node a cert_file and a key_file"},
	{"remote error: tls: bad certificate", "the peer refuses our certificate; its log says why"},
	{"remote error: tls: unsupported certificate", "the peer refuses our certificate; its log says why"},
}

const (
	notNamed   = "the peer's certificate does not name the host that we dialled; make it one that does, or dial the peer by a host that it names"
	withoutTLS = "the other side speaks without TLS; configure certificates on all nodes, or is it no node?"
	oldTLS     = "the other side does not speak TLS 1.3, as nodes do; is it a node?"
)

// Advice returns what to do about a connection that could not be made, or "" if
// err is nil or not about certificates. It goes by err's text, so it also knows
// errors that have come through gRPC.
func Advice(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, a := range advices {
		if strings.Contains(text, a.words) {
			return a.advice
		}
	}
	return ""
}
