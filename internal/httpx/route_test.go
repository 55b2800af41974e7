package httpx

import (
	"bufio"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bifrost/schemas"
)

// secure is a TLS server and the file of the authority that has signed it.
func secure(t *testing.T) (s *httptest.Server, caFile string) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "over "+r.Proto) }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail
	s.StartTLS()
	t.Cleanup(s.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, caFile
}

// get returns the body of an answer.
func get(t *testing.T, cfg Config, url string) (string, error) {
	t.Helper()
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	resp, err := d.Do(t.Context(), &Request{Method: "GET", URL: url})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func TestACAFileIsTrustedBesideTheSystemsAuthorities(t *testing.T) {
	s, caFile := secure(t)
	_, err := get(t, Config{}, s.URL)
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || e.MayHaveStarted || !strings.Contains(e.Message, "network_config.ca_file") {
		t.Errorf("without the file: %v", err)
	}
	if got, err := get(t, Config{CAFile: caFile}, s.URL); err != nil || got != "over HTTP/2.0" {
		t.Errorf("with the file: %q, %v", got, err)
	}
}

func TestACAFileThatIsNoneIsAFaultThatNamesTheSetting(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, path := range map[string]string{
		"missing":       filepath.Join(dir, "missing.pem"),
		"a directory":   dir,
		"not PEM":       file("text.pem", "hello"),
		"a private key": file("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"empty":         file("empty.pem", ""),
		"too large":     file("large.pem", strings.Repeat("x", 4<<20+1)),
	} {
		_, err := New(Config{CAFile: path})
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindInvalidRequest || !strings.HasPrefix(e.Message, "network_config.ca_file ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// forward is a proxy that wants the user "me" with the password "s3cret", and notes
// what it was asked for. Its CONNECT takes a connection as a tunnel.
type forward struct {
	mu    sync.Mutex // guards asked
	asked []string
}

const proxyUser, proxyPassword = "me", "s3cret"

func (f *forward) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+r.RequestURI)
	f.mu.Unlock()
	if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(proxyUser+":"+proxyPassword)) {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Method != http.MethodConnect {
		_, _ = io.WriteString(w, "by the proxy")
		return
	}
	up, err := net.Dial("tcp", r.RequestURI)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	tunnel(conn, rw.Reader, up)
}

// tunnel joins two connections until both have ended.
func tunnel(a net.Conn, from io.Reader, b net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(b, from); _ = b.Close() })
	_, _ = io.Copy(a, b)
	_ = a.Close()
	wg.Wait()
}

func TestAProxyIsUsedForPlainAndForSecureConnections(t *testing.T) {
	f := &forward{}
	p := httptest.NewServer(f)
	defer p.Close()
	proxy := schemas.ProxyURL("http://" + proxyUser + ":" + proxyPassword + "@" + p.Listener.Addr().String())
	if got, err := get(t, Config{Proxy: proxy}, "http://127.0.0.1:1/v1/x"); err != nil || got != "by the proxy" {
		t.Errorf("plain: %q, %v", got, err)
	}
	s, caFile := secure(t)
	if got, err := get(t, Config{Proxy: proxy, CAFile: caFile}, s.URL); err != nil || got != "over HTTP/2.0" {
		t.Errorf("secure: %q, %v", got, err)
	}
	want := "[GET http://127.0.0.1:1/v1/x CONNECT " + s.Listener.Addr().String() + "]"
	if got := fmt.Sprint(f.asked); got != want {
		t.Errorf("the proxy was asked for %s, want %s", got, want)
	}
}

func TestSOCKS5IsAProxyToo(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer l.Close()
	wg.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if err := socks(conn, s.Listener.Addr().String()); err != nil {
			t.Error(err)
		}
	})
	proxy := schemas.ProxyURL("socks5://" + proxyUser + ":" + proxyPassword + "@" + l.Addr().String())
	if got, err := get(t, Config{Proxy: proxy}, "http://provider.invalid/x"); err != nil || got != "hello" {
		t.Errorf("%q, %v", got, err)
	}
}

// socks serves one connection by RFC 1928 with a password by RFC 1929, and leads to
// one address whatever it is asked for.
func socks(conn net.Conn, to string) error {
	in := bufio.NewReader(conn)
	steps := []struct {
		read  int // bytes
		reply string
	}{
		{4, "\x05\x02"}, // two methods, of which a password is chosen
		{3 + len(proxyUser) + len(proxyPassword), "\x01\x00"},
		{5 + len("provider.invalid") + 2, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
	}
	got := ""
	for _, s := range steps {
		b := make([]byte, s.read)
		if _, err := io.ReadFull(in, b); err != nil {
			return err
		}
		got += string(b)
		if _, err := io.WriteString(conn, s.reply); err != nil {
			return err
		}
	}
	if !strings.Contains(got, proxyPassword) || !strings.Contains(got, "provider.invalid") {
		return fmt.Errorf("it was asked with %q", got)
	}
	up, err := net.Dial("tcp", to)
	if err != nil {
		return err
	}
	tunnel(conn, in, up)
	return nil
}

func TestAProxysFaultIsToldWithoutItsPassword(t *testing.T) {
	p := httptest.NewServer(&forward{})
	defer p.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, c := range map[string]struct{ proxy, says string }{
		"a wrong password": {"http://me:wr0ng@" + p.Listener.Addr().String(), "user and password"},
		"no such host":     {"http://me:s3cret@" + p.Listener.Addr().String(), "status 502"},
		"a closed port":    {"http://me:s3cret@" + closed.Addr().String(), "network_config.proxy"},
		"closed SOCKS":     {"socks5://me:s3cret@" + closed.Addr().String(), "network_config.proxy"},
	} {
		_, err := get(t, Config{Proxy: schemas.ProxyURL(c.proxy)}, "https://127.0.0.1:1/v1")
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || e.MayHaveStarted || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v", name, err)
		}
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			if text := fmt.Sprintf("%v %+v", cause, cause); strings.Contains(text, "wr0ng") || strings.Contains(text, "s3cret") {
				t.Errorf("%s: the password is in %s", name, text)
			}
		}
	}
}

func TestAProxyThatIsNoneIsAFaultWithoutItsAddress(t *testing.T) {
	for _, p := range []schemas.ProxyURL{"proxy.example", "ftp://me:s3cret@h", "http://", "http://me:s3cret@h/path", "http://me:s3cret@h?q", "http://me:s3cret@h:x", "s3cret"} {
		_, err := New(Config{Proxy: p})
		if err == nil || !strings.Contains(err.Error(), "network_config.proxy must be") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", p, err)
		}
	}
	if proxy, err := proxyOf(schemas.NoProxy); proxy != nil || err != nil {
		t.Errorf("none: a proxy, %v", err)
	}
	if proxy, err := proxyOf(""); proxy == nil || err != nil {
		t.Errorf("absent: not the environment's, %v", err)
	}
}

func TestSigningInGoesThroughTheProxyButToTheMachineItselfDirectly(t *testing.T) {
	f := &forward{}
	p := httptest.NewServer(f)
	defer p.Close()
	signIn, err := SignIn(Config{Proxy: schemas.ProxyURL(p.URL)})
	if err != nil {
		t.Fatal(err)
	}
	dial := &http.Transport{}
	defer dial.CloseIdleConnections()
	signIn(dial)
	for url, want := range map[string]string{"https://sts.invalid/": p.URL, "http://169.254.169.254/": ""} {
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		way, err := dial.Proxy(r)
		if got := fmt.Sprint(way); err != nil || way == nil && want != "" || way != nil && got != want {
			t.Errorf("%s goes through %v, %v", url, way, err)
		}
	}
	if _, err := SignIn(Config{CAFile: "/does/not/exist"}); err == nil || !strings.Contains(err.Error(), "network_config.ca_file") {
		t.Errorf("got %v", err)
	}
}
