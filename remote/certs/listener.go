package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// A Listener is the certificate of a listener that is reached by other programs than
// nodes, such as clients of an HTTP server, and who may reach it. It follows its files as
// an Identity does. Safe for concurrent use.
type Listener struct{ identity *Identity }

// LoadListener reads and checks the files of a listener. Of files, CAFile may be empty:
// then callers need no certificate. The error names the file and says what to do; for
// notify see Load.
func LoadListener(files Files, notify func(Notice)) (*Listener, error) {
	i, err := load(files, true, notify)
	if err != nil {
		return nil, err
	}
	return &Listener{i}, nil
}

// Config returns the side that accepts connections: TLS 1.2 at least, HTTP/2 or HTTP/1.1
// and, with a CAFile, only callers that show a certificate of it. It may be used for any
// number of connections, each of which meets the files as they are then. With a CAFile
// sessions are not resumed, so no caller is known longer than its certificate.
func (l *Listener) Config() *tls.Config {
	config := l.identity.current.Load().listenerConfig()
	if config.ClientCAs == nil {
		// Only the certificate changes, so that sessions can be resumed.
		config.Certificates = nil
		config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &l.identity.latest().cert, nil }
		return config
	}
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return l.identity.latest().listenerConfig(), nil
	}
	return config
}

// Reload is Identity.Reload.
func (l *Listener) Reload() error { return l.identity.Reload() }

// NotAfter returns when callers begin to refuse the certificate in use. It may read the
// files.
func (l *Listener) NotAfter() time.Time { return l.identity.NotAfter() }

// ExpiresSoon is Identity.ExpiresSoon.
func (l *Listener) ExpiresSoon(now time.Time) error { return l.identity.ExpiresSoon(now) }

func (m *material) listenerConfig() *tls.Config {
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{m.cert},
		NextProtos:   []string{"h2", "http/1.1"},
	}
	if m.roots != nil {
		config.ClientAuth, config.ClientCAs, config.SessionTicketsDisabled = tls.RequireAndVerifyClientCert, m.roots, true
	}
	return config
}

// parseListener is parse for the files of a listener. Who signed its certificate is not
// known here: its callers decide whom they trust.
func (f Files) parseListener(c contents, m *material, chain []*x509.Certificate) (*material, error) {
	if f.CAFile == "" {
		m.roots = nil
	} else {
		authorities, err := parseAuthorities(c.ca)
		if err != nil {
			return nil, fmt.Errorf("client_ca_file %s: %w", f.CAFile, err)
		}
		for _, cert := range authorities {
			m.roots.AddCert(cert)
		}
	}
	if usage := chain[0].ExtKeyUsage; len(usage) > 0 && !servesTLS(usage) {
		return nil, fmt.Errorf("cert_file %s: %w", f.CertFile,
			errors.New("is not a server's; make one whose extended key usage has server authentication"))
	}
	m.notAfter, m.ending = chain[0].NotAfter, "cert_file "+f.CertFile
	for _, cert := range chain[1:] {
		if cert.NotAfter.Before(m.notAfter) {
			m.notAfter = cert.NotAfter
		}
	}
	return m, nil
}

func servesTLS(usage []x509.ExtKeyUsage) bool {
	for _, u := range usage {
		if u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return false
}
