package certs_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"bifrost/remote/certs"
)

func TestTwoNodesOfOneAuthorityKnowEachOtherByEveryHostOfTheirCertificates(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	a, b := identity(t, dir, "a"), identity(t, dir, "b")
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		server, client := shake(t, a.ServerConfig(), b.ClientConfig(), host)
		if server.err != nil || client.err != nil {
			t.Fatalf("%s: %v, %v", host, server.err, client.err)
		}
		for _, e := range []end{server, client} {
			if e.state.Version != tls.VersionTLS13 {
				t.Errorf("%s: got TLS version %x", host, e.state.Version)
			}
			for _, named := range []string{"127.0.0.1", "::1", "[::1]", "localhost", "LOCALHOST."} {
				if err := certs.VerifyHost(e.state, named); err != nil {
					t.Errorf("%s: %v", named, err)
				}
			}
			for _, other := range []string{"node-b", "10.0.0.2", "127.0.0.1:7600", "a.localhost", "", "*"} {
				err := certs.VerifyHost(e.state, other)
				mustSay(t, err, `"`+other+`"`, "localhost", "127.0.0.1", "::1")
				if !isHostnameError(err) {
					t.Errorf("%q: %v is no x509.HostnameError", other, err)
				}
			}
		}
	}
}

// TestAServerRefusesEveryClientButAValidOne holds both ends: the server's error says
// what was wrong, and the client gets nothing.
func TestAServerRefusesEveryClientButAValidOne(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	server := identity(t, dir, "server")
	past, future := time.Now().Add(-48*time.Hour), time.Now().Add(48*time.Hour)
	day := 24 * time.Hour
	good := node(t, dir, certs.NodeOptions{Name: "good"})
	stranger := node(t, authority(t, certs.CAOptions{}), certs.NodeOptions{Name: "stranger"})
	expired := node(t, dir, certs.NodeOptions{Name: "expired", Start: past, Validity: day})
	early := node(t, dir, certs.NodeOptions{Name: "early", Start: future, Validity: day})
	for name, c := range map[string]struct {
		certs      []tls.Certificate
		maxVersion uint16
		want       string
	}{
		"without a certificate": {nil, 0, "client didn't provide a certificate"},
		"of another authority":  {[]tls.Certificate{raw(t, stranger)}, 0, "unknown authority"},
		"that has expired":      {[]tls.Certificate{raw(t, expired)}, 0, "expired"},
		"that is not yet valid": {[]tls.Certificate{raw(t, early)}, 0, "not yet valid"},
		"with TLS 1.2":          {[]tls.Certificate{raw(t, good)}, tls.VersionTLS12, "unsupported versions"},
	} {
		t.Run(name, func(t *testing.T) {
			client := identity(t, dir, "client-"+strings.ReplaceAll(name, " ", "-")).ClientConfig()
			client.MinVersion, client.MaxVersion = 0, c.maxVersion
			client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if c.certs == nil {
					return new(tls.Certificate), nil
				}
				return &c.certs[0], nil // unlike Certificates, sent whoever asks
			}
			s, cl := shake(t, server.ServerConfig(), client, "127.0.0.1")
			mustSay(t, s.err, c.want)
			if cl.err == nil {
				t.Error("the client was served")
			}
			if err := certs.VerifyHost(s.state, "127.0.0.1"); err == nil {
				t.Error("a peer that was refused may speak for a host")
			}
		})
	}
	if s, c := shake(t, server.ServerConfig(), load(t, good, nil).ClientConfig(), "127.0.0.1"); s.err != nil || c.err != nil {
		t.Errorf("a valid client was refused: %v, %v", s.err, c.err)
	}
}

func TestAClientRefusesEveryServerButAValidOneOfTheHostItDialled(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	client := identity(t, dir, "client")
	past, future := time.Now().Add(-48*time.Hour), time.Now().Add(48*time.Hour)
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		files      certs.Files
		maxVersion uint16
		want       string
	}{
		"of another authority":  {node(t, authority(t, certs.CAOptions{}), certs.NodeOptions{}), 0, "unknown authority"},
		"that has expired":      {node(t, dir, certs.NodeOptions{Name: "expired", Start: past, Validity: day}), 0, "expired"},
		"that is not yet valid": {node(t, dir, certs.NodeOptions{Name: "early", Start: future, Validity: day}), 0, "not yet valid"},
		"of another address":    {node(t, dir, certs.NodeOptions{Name: "other", Hosts: []string{"127.0.0.2", "node-a"}}), 0, "127.0.0.2, not 127.0.0.1"},
		"of names only":         {node(t, dir, certs.NodeOptions{Name: "names", Hosts: []string{"localhost"}}), 0, "127.0.0.1"},
		"with TLS 1.2":          {node(t, dir, certs.NodeOptions{Name: "old"}), tls.VersionTLS12, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			server := &tls.Config{Certificates: []tls.Certificate{raw(t, c.files)}, MaxVersion: c.maxVersion}
			s, cl := shake(t, server, client.ClientConfig(), "127.0.0.1")
			mustSay(t, cl.err, c.want)
			if s.err == nil {
				t.Error("the server was spoken to")
			}
		})
	}
}

func TestVerifyHostRefusesAConnectionWhosePeerWasNotVerified(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	client := identity(t, dir, "client").ClientConfig()
	client.InsecureSkipVerify = true
	_, c := shake(t, identity(t, dir, "server").ServerConfig(), client, "127.0.0.1")
	if c.err != nil {
		t.Fatal(c.err)
	}
	mustSay(t, certs.VerifyHost(c.state, "127.0.0.1"), "verified")
	mustSay(t, certs.VerifyHost(tls.ConnectionState{}, "127.0.0.1"), "verified")
}

func TestACertificateWithAWildcardNamesOneLabel(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	files := node(t, dir, certs.NodeOptions{Hosts: []string{"*.Nodes.example"}})
	i := load(t, files, nil)
	if err := i.CheckHost("a.nodes.example"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{"nodes.example", "a.b.nodes.example", "10.0.0.2"} {
		err := i.CheckHost(other)
		mustSay(t, err, files.CertFile, other, "*.nodes.example")
		if !isHostnameError(err) {
			t.Errorf("%q: %v is no x509.HostnameError", other, err)
		}
	}
}

// A resumed session would outlive the certificate that began it.
func TestSessionsAreNotResumed(t *testing.T) {
	dir := authority(t, certs.CAOptions{})
	server := identity(t, dir, "server").ServerConfig()
	client := identity(t, dir, "client").ClientConfig()
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for range 3 {
		if s, c := shake(t, server, client, "127.0.0.1"); s.err != nil || c.err != nil || s.state.DidResume || c.state.DidResume {
			t.Errorf("got %v, %v, resumed %v", s.err, c.err, c.state.DidResume)
		}
	}
}
