package providertest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Upstream is a scripted server on loopback. Until it is scripted it gives good answers,
// in the OpenAI dialect or, within Exercise, in that of the provider under test. It is safe for concurrent use.
type Upstream struct {
	URL    string // without "/v1"
	server *httptest.Server

	mu     sync.Mutex
	good   http.HandlerFunc
	script http.HandlerFunc // nil: good
	calls  []Received
}

// Received is one call as the server saw it.
type Received struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
}

// NewUpstream starts a server; it is closed at the end of the test.
func NewUpstream(t *testing.T) *Upstream {
	t.Helper()
	u := &Upstream{good: goodOpenAI}
	u.server = httptest.NewServer(u)
	u.URL = u.server.URL
	t.Cleanup(u.server.Close)
	return u
}

// Script answers every later call with h; the call's body is read and may be
// read again.
func (u *Upstream) Script(h http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.script = h
}

// speak makes the good answers those of a dialect.
func (u *Upstream) speak(good http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.good = good
}

// Received returns the calls so far, in the order of their arrival.
func (u *Upstream) Received() []Received {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Received(nil), u.calls...)
}

// ServeHTTP implements http.Handler.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	u.mu.Lock()
	u.calls = append(u.calls, Received{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Clone(), body})
	script := u.script
	u.mu.Unlock()
	if script == nil {
		script = u.good
	}
	script(w, r)
}
