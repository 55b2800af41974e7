package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"bifrost/remote/certs"
)

// TestEveryFailureOfAHandshakeHasAdviceAtBothEnds makes each failure, so that words
// of the standard library that change are noticed.
func TestEveryFailureOfAHandshakeHasAdviceAtBothEnds(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	good := identity(t, dir, "good")
	stranger := identity(t, authority(t, certs.CAOptions{}), "stranger")
	past := raw(t, node(t, dir, certs.NodeOptions{Name: "past", Start: time.Now().Add(-48 * time.Hour), Validity: 24 * time.Hour}))
	future := raw(t, node(t, dir, certs.NodeOptions{Name: "future", Start: time.Now().Add(48 * time.Hour)}))
	elsewhere := raw(t, node(t, dir, certs.NodeOptions{Name: "elsewhere", Hosts: []string{"10.0.0.2"}}))
	namesOnly := raw(t, node(t, dir, certs.NodeOptions{Name: "names", Hosts: []string{"node-a"}}))
	as := func(shown tls.Certificate) *tls.Config { // a client
		config := good.ClientConfig()
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }
		return config
	}
	of := func(cert tls.Certificate) *tls.Config { return &tls.Config{Certificates: []tls.Certificate{cert}} }
	old := &tls.Config{MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true, Certificates: []tls.Certificate{past}}
	other := stranger.ClientConfig()
	other.RootCAs = good.ClientConfig().RootCAs
	for name, c := range map[string]struct {
		server, client         *tls.Config
		serverSays, clientSays string
	}{
		"a client of another authority": {good.ServerConfig(), other, "not of an authority in our ca_file", "does not know the authority of our certificate"},
		"a server of another authority": {stranger.ServerConfig(), good.ClientConfig(), "refuses our certificate", "not of an authority in our ca_file"},
		"an expired client":             {good.ServerConfig(), as(past), "not valid now", "by the peer's clock"},
		"an early client":               {good.ServerConfig(), as(future), "not valid now", "by the peer's clock"},
		"an expired server":             {of(past), good.ClientConfig(), "refuses our certificate", "not valid now"},
		"a client with none":            {good.ServerConfig(), as(tls.Certificate{}), "shows no certificate", "demands a certificate"},
		"a server elsewhere":            {of(elsewhere), good.ClientConfig(), "refuses our certificate", "does not name the host"},
		"a server without addresses":    {of(namesOnly), good.ClientConfig(), "refuses our certificate", "does not name the host"},
		"an old client":                 {good.ServerConfig(), old, "TLS 1.3", "TLS 1.3"},
		"an old server":                 {old, good.ClientConfig(), "TLS 1.3", "TLS 1.3"},
	} {
		t.Run(name, func(t *testing.T) {
			s, cl := shake(t, c.server, c.client, "127.0.0.1")
			if got := certs.Advice(s.err); !strings.Contains(got, c.serverSays) {
				t.Errorf("the server has %v, and is told %q", s.err, got)
			}
			flattened := errors.New("rpc error: code = Unavailable desc = \"" + cl.err.Error() + "\"")
			if got := certs.Advice(flattened); !strings.Contains(got, c.clientSays) {
				t.Errorf("the client has %v, and is told %q", cl.err, got)
			}
		})
	}
}

func TestErrorsThatAreNotAboutCertificatesHaveNoAdvice(t *testing.T) {
	for _, err := range []error{nil, io.EOF, errors.New("connection refused")} {
		if got := certs.Advice(err); got != "" {
			t.Errorf("%v: got %q", err, got)
		}
	}
	for _, err := range []error{
		tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		x509.HostnameError{Certificate: &x509.Certificate{}, Host: "node-a"},
		x509.CertificateInvalidError{Reason: x509.IncompatibleUsage},
	} {
		if got := certs.Advice(err); got == "" {
			t.Errorf("%v has none", err)
		}
	}
}
