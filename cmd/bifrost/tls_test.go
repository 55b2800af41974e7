package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"bifrost/config"
	"bifrost/remote/certs"
)

// listening serves handler on a new loopback listener, with TLS if t is not nil.
func listening(t *testing.T, server *http.Server, secure *config.TLS) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if l, _, err = secured(l, secure, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { // ends when the server is closed
		defer close(served)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return l.Addr()
}

func TestAListenerWithTLSServesHTTP2(t *testing.T) {
	dir := t.TempDir()
	if _, err := certs.WriteCA(dir, certs.CAOptions{}); err != nil {
		t.Fatal(err)
	}
	n, err := certs.WriteNode(dir, certs.NodeOptions{Name: "gateway", Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }), zerolog.Nop())
	addr := listening(t, server, &config.TLS{CertFile: n.Files.CertFile, KeyFile: n.Files.KeyFile})
	pem, err := os.ReadFile(n.Files.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Get("https://" + addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "HTTP/2.0" {
		t.Errorf("got %q (%v)", body, err)
	}
	if _, err := tlsConfig(&config.TLS{CertFile: dir + "/none.pem", KeyFile: n.Files.KeyFile}, zerolog.Nop()); err == nil || !strings.Contains(err.Error(), "cert_file") {
		t.Errorf("got %v", err)
	}
	if c, err := tlsConfig(nil, zerolog.Nop()); c != nil || err != nil {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestAHeaderThatDripsIsGivenUpAndOneThatIsTooLargeRefused(t *testing.T) {
	called := make(chan struct{}, 10)
	server := newServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} }), zerolog.Nop())
	server.ReadHeaderTimeout, server.MaxHeaderBytes = 200*time.Millisecond, 8<<10
	addr := listening(t, server, nil)
	send := func(text string) *bufio.Reader {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(conn, text) // it may be closed before all is sent
		return bufio.NewReader(conn)
	}
	if _, err := io.ReadAll(send("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")); err != nil {
		t.Errorf("the connection is not closed: %v", err)
	}
	line, err := send("GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + strings.Repeat("x", 16<<10) + "\r\n\r\n").ReadString('\n')
	if err != nil || !strings.Contains(line, "431") {
		t.Errorf("got %q (%v)", line, err)
	}
	if len(called) > 0 {
		t.Error("the handler was called")
	}
}
