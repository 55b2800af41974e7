package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bifrost/config"
	"bifrost/remote/certs"
)

func TestAReloadMayNameOtherCertificatesForAListener(t *testing.T) {
	dir := t.TempDir()
	if _, err := certs.WriteCA(dir, certs.CAOptions{Validity: day}); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	text, err := os.ReadFile(filepath.Join(dir, certs.CACertName))
	if err != nil {
		t.Fatal(err)
	}
	roots.AppendCertsFromPEM(text)
	for _, name := range []string{"first", "second"} {
		if _, err := certs.WriteNode(dir, certs.NodeOptions{Name: name, Hosts: []string{"127.0.0.1", name}, Validity: day}); err != nil {
			t.Fatal(err)
		}
	}
	with := func(name string) string {
		pair := fmt.Sprintf("cert_file = %q\nkey_file = %q\n", filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem"))
		return strings.Replace(unwatched(servedText("")), "[admin]\n", "[server.tls]\n"+pair+"[admin.tls]\n"+pair+"[admin]\n", 1)
	}
	path := file(t, with("first"))
	s, err := start(t.Context(), setup{load: func() (*config.File, error) { return loadFile(path) }}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	shows := func(addr, name string) {
		t.Helper()
		conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: roots, ServerName: name})
		if err != nil {
			t.Errorf("%s does not show %s: %v", addr, name, err)
			return
		}
		_ = conn.Close()
	}
	both := func(name string) {
		t.Helper()
		shows(s.listener.Addr().String(), name)
		shows(s.admin.listener.Addr().String(), name)
	}
	both("first")
	rewrite(t, path, with("second"))
	if got := s.reload(t.Context(), "the test", false); !got.Applied || len(got.Changes) != 4 {
		t.Errorf("got %+v", got)
	}
	both("second")
	rewrite(t, path, with("missing"))
	if got := s.reload(t.Context(), "the test", false); got.Applied {
		t.Errorf("got %+v", got)
	}
	rewrite(t, path, unwatched(servedText("")))
	if got := s.reload(t.Context(), "the test", false); got.Applied || !strings.Contains(strings.Join(got.Errors, "\n"), "server.tls: cannot change") {
		t.Errorf("TLS can be switched off: %+v", got)
	}
	both("second")
	if err := s.stop(nil); err != nil {
		t.Error(err)
	}
}
