package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bifrost/remote/certs"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// authority makes an authority in a folder of its own.
func authority(t *testing.T, o certs.CAOptions) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if _, err := certs.WriteCA(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// node makes a certificate, for loopback if it names no host.
func node(t *testing.T, dir string, o certs.NodeOptions) certs.Files {
	t.Helper()
	if o.Hosts == nil {
		o.Hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	if o.Name == "" {
		o.Name = "node"
	}
	n, err := certs.WriteNode(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return n.Files
}

func load(t *testing.T, files certs.Files, notify func(certs.Notice)) *certs.Identity {
	t.Helper()
	i, err := certs.Load(files, notify)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// identity is a node of an authority, on loopback.
func identity(t *testing.T, dir, name string) *certs.Identity {
	t.Helper()
	return load(t, node(t, dir, certs.NodeOptions{Name: name}), nil)
}

// raw loads a pair as no Identity would, for peers that are not as they should be.
func raw(t *testing.T, files certs.Files) tls.Certificate {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// end is what one end of a connection came to.
type end struct {
	state tls.ConnectionState
	err   error
}

// shake makes a connection over loopback to host and sends a byte each way: in TLS
// 1.3 a client hears only then that it was refused.
func shake(t *testing.T, server, client *tls.Config, host string) (s, c end) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan end, 1)
	go func() { served <- accept(l, server) }() // ends when the handshake has
	_, port, _ := net.SplitHostPort(l.Addr().String())
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: client}
	conn, err := dialer.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
	if err != nil {
		c.err = err
		return <-served, c
	}
	defer conn.Close()
	c = pingPong(conn.(*tls.Conn))
	return <-served, c
}

func accept(l net.Listener, config *tls.Config) end {
	conn, err := l.Accept()
	if err != nil {
		return end{err: err}
	}
	defer conn.Close()
	return pingPong(tls.Server(conn, config))
}

func pingPong(conn *tls.Conn) end {
	var b [1]byte
	err := conn.SetDeadline(time.Now().Add(patience))
	if err == nil {
		err = conn.Handshake()
	}
	if err == nil {
		_, err = conn.Write(b[:])
	}
	if err == nil {
		_, err = conn.Read(b[:])
	}
	return end{conn.ConnectionState(), err}
}

// custom makes a self-signed certificate that edit has changed, and a bundle of
// which it is the authority.
func custom(t *testing.T, edit func(*x509.Certificate)) certs.Files {
	t.Helper()
	template := &x509.Certificate{
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	edit(template)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := filepath.Join(t.TempDir(), "cert.pem")
	keyFile := filepath.Join(filepath.Dir(cert), "key.pem")
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return certs.Files{CertFile: cert, KeyFile: keyFile, CAFile: cert}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// notices keeps what an Identity tells.
type notices struct {
	mu  sync.Mutex
	all []certs.Notice
}

func (n *notices) add(notice certs.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, notice)
}

// take returns what came since the last call.
func (n *notices) take() []certs.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.all
	n.all = nil
	return all
}

// mustSay fails unless err has every word.
func mustSay(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want one with %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got %q, want %q in it", err, word)
		}
	}
}

// eventually polls until done returns true.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatal("never happened: " + what)
		case <-tick.C:
		}
	}
}

func isHostnameError(err error) bool {
	var wrong x509.HostnameError
	return errors.As(err, &wrong)
}
