package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bifrost/remote/certs"
)

func listener(t *testing.T, files certs.Files, notify func(certs.Notice)) *certs.Listener {
	t.Helper()
	l, err := certs.LoadListener(files, notify)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// greeter tells callers over TLS how they are served.
func greeter(t *testing.T, config *tls.Config) (url string) {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s with %d certificates", r.Proto, len(r.TLS.PeerCertificates))
	})}
	served := make(chan struct{})
	go func() { // ends when the server is closed
		defer close(served)
		_ = server.Serve(tls.NewListener(plain, config))
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return "https://" + plain.Addr().String()
}

// greeted returns what a caller of a new connection is told, and the certificate that it
// was shown. own may be nil.
func greeted(t *testing.T, url, caDir string, own *tls.Certificate, most uint16) (text string, shown *x509.Certificate, err error) {
	t.Helper()
	pem, err := os.ReadFile(caDir + "/" + certs.CACertName)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: roots, MaxVersion: most}
	if own != nil {
		config.Certificates = []tls.Certificate{*own}
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Get(url)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), resp.TLS.PeerCertificates[0], err
}

func TestAListenerServesHTTP2WithTLS12AtLeastToCallersWithoutACertificate(t *testing.T) {
	ca := authority(t, certs.CAOptions{})
	files := node(t, ca, certs.NodeOptions{})
	files.CAFile = ""
	url := greeter(t, listener(t, files, nil).Config())
	for _, most := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if text, _, err := greeted(t, url, ca, nil, most); err != nil || text != "HTTP/2.0 with 0 certificates" {
			t.Errorf("%s: got %q (%v)", tls.VersionName(most), text, err)
		}
	}
	if _, _, err := greeted(t, url, ca, nil, tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is served")
	}
}

func TestAListenerWithAnAuthorityLetsInItsCertificatesOnly(t *testing.T) {
	ca, foreign := authority(t, certs.CAOptions{}), authority(t, certs.CAOptions{})
	url := greeter(t, listener(t, node(t, ca, certs.NodeOptions{}), nil).Config())
	own, other := pair(t, node(t, ca, certs.NodeOptions{Name: "caller"})), pair(t, node(t, foreign, certs.NodeOptions{Name: "caller"}))
	if text, _, err := greeted(t, url, ca, &own, 0); err != nil || !strings.HasSuffix(text, "with 1 certificates") {
		t.Errorf("got %q (%v)", text, err)
	}
	for name, cert := range map[string]*tls.Certificate{"none": nil, "another authority's": &other} {
		if text, _, err := greeted(t, url, ca, cert, 0); err == nil {
			t.Errorf("%s: got %q", name, text)
		}
	}
}

func pair(t *testing.T, files certs.Files) tls.Certificate {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(files.CertFile, files.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestAListenerFollowsItsFilesAndKeepsWhatItHasIfTheyAreBroken(t *testing.T) {
	ca := authority(t, certs.CAOptions{})
	files := node(t, ca, certs.NodeOptions{})
	problems := make(chan error, 10)
	served := files
	served.CAFile = ""
	l := listener(t, served, func(n certs.Notice) { problems <- n.Problem })
	url := greeter(t, l.Config())
	_, first, err := greeted(t, url, ca, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	node(t, ca, certs.NodeOptions{Overwrite: true})
	if err := l.Reload(); err != nil {
		t.Fatal(err)
	}
	_, second, err := greeted(t, url, ca, nil, 0)
	if err != nil || second.Equal(first) {
		t.Errorf("the new certificate is not shown (%v)", err)
	}
	if err := os.WriteFile(files.CertFile, []byte("half of a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Reload(); err == nil || !strings.Contains(err.Error(), "cert_file") {
		t.Errorf("got %v", err)
	}
	if _, third, err := greeted(t, url, ca, nil, 0); err != nil || !third.Equal(second) {
		t.Errorf("another certificate is shown (%v)", err)
	}
	if a, b := <-problems, <-problems; a != nil || b == nil {
		t.Errorf("told were %v and %v", a, b)
	}
	if !l.NotAfter().Equal(second.NotAfter) || l.ExpiresSoon(time.Now()) != nil || l.ExpiresSoon(second.NotAfter) == nil {
		t.Errorf("it ends on %v", l.NotAfter())
	}
}

func TestAListenersFilesAreCheckedAndNamed(t *testing.T) {
	ca := authority(t, certs.CAOptions{})
	good := node(t, ca, certs.NodeOptions{})
	for name, c := range map[string]struct {
		files certs.Files
		says  []string
	}{
		"no certificate": {certs.Files{KeyFile: good.KeyFile}, []string{"cert_file is missing"}},
		"no authority":   {certs.Files{CertFile: good.CertFile, KeyFile: good.KeyFile, CAFile: ca + "/none.pem"}, []string{"client_ca_file", "none.pem"}},
		"another file":   {certs.Files{CertFile: good.CertFile, KeyFile: good.KeyFile, CAFile: good.CertFile}, []string{"client_ca_file", "not an authority"}},
		"two halves":     {certs.Files{CertFile: good.CertFile, KeyFile: ca + "/" + certs.CAKeyName}, []string{"key_file", "is not the key"}},
	} {
		_, err := certs.LoadListener(c.files, nil)
		for _, want := range c.says {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
	}
}
