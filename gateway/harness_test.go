package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const (
	chatPath = "/v1/chat/completions"
	goodChat = `{"model":"fake/m","messages":[{"role":"user","content":"hello"}]}`
	answer   = `{"id":"1","object":"chat.completion","choices":[]}`
)

// patience bounds the wait for a signal that never comes in a failing test.
const patience = 20 * time.Second

// fake is a provider whose raw calls are a function.
type fake struct {
	dialect schemas.Dialect // "": openai
	has     []schemas.Operation
	call    func(ctx context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error)
	list    func(ctx context.Context) (*schemas.ModelList, error)

	configured []string
}

func (f *fake) Describe() schemas.ProviderInfo {
	info := schemas.ProviderInfo{Type: "fake", Dialect: f.dialect, KeyOptional: true,
		Operations: append([]schemas.Operation{schemas.OperationRaw, schemas.OperationListModels}, f.has...), Configured: f.configured}
	if info.Dialect == "" {
		info.Dialect = schemas.DialectOpenAI
	}
	return info
}

func (f *fake) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	if a.Request.Operation == schemas.OperationListModels {
		list, err := f.list(ctx)
		return &schemas.Response{Models: list}, err
	}
	raw, err := f.call(ctx, a.Request.Raw)
	if err != nil {
		return nil, err
	}
	return &schemas.Response{Raw: raw}, nil
}

// reply is a provider's answer in one piece.
func reply(body string) *schemas.RawResponse {
	return replyFrom("application/json", strings.NewReader(body))
}

func replyFrom(contentType string, body io.Reader) *schemas.RawResponse {
	closer, ok := body.(io.ReadCloser)
	if !ok {
		closer = io.NopCloser(body)
	}
	return &schemas.RawResponse{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: closer}
}

// always answers every call with one body.
func always(body string) *fake {
	return &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) { return reply(body), nil }}
}

// site is a gateway on a loopback address.
type site struct {
	*httptest.Server
	gateway *gateway.Gateway
	bifrost *bifrost.Client
}

// serve starts a gateway. When the test ends everything has stopped, the
// counters add up, and no goroutine is left.
func serve(t *testing.T, cfg schemas.BifrostConfig, opts gateway.Options, with ...bifrost.Option) *site {
	t.Helper()
	before := runtime.NumGoroutine()
	client, err := bifrost.Init(cfg, with...)
	if err != nil {
		t.Fatal(err)
	}
	g := gateway.New(client, opts)
	s := &site{Server: httptest.NewServer(g), gateway: g, bifrost: client}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if t.Failed() { // what is held would hold up the end
			cancel()
			_ = client.Shutdown(ctx)
			s.CloseClientConnections()
			return
		}
		s.Client().CloseIdleConnections()
		s.Close() // waits for all requests
		if err := client.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		for name, stats := range client.Stats().Providers {
			if !stats.Balanced() || stats.Queued+stats.InHand+stats.Waiting+stats.BackingOff != 0 {
				t.Errorf("the sum of %s is wrong: %+v", name, stats)
			}
		}
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return s
}

// serveFake serves one fake provider, called fake.
func serveFake(t *testing.T, p *fake) *site {
	t.Helper()
	return serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", p))
}

// received is an answer, read to its end.
type received struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (s *site) request(t *testing.T, method, path, body string, header ...string) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (s *site) do(t *testing.T, r *http.Request) received {
	t.Helper()
	resp, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return received{resp.StatusCode, resp.Header, string(body), err}
}

func (s *site) post(t *testing.T, path, body string, header ...string) received {
	t.Helper()
	return s.do(t, s.request(t, "POST", path, body, header...))
}

func (s *site) get(t *testing.T, path string, header ...string) received {
	t.Helper()
	return s.do(t, s.request(t, "GET", path, "", header...))
}

// wantError is what an error answer must say.
type wantError struct {
	status             int
	code, param, kind  string // kind is the error's type
	origin, saysPartly string
}

// check holds an answer against the shape that every error has.
func (w wantError) check(t *testing.T, got received) {
	t.Helper()
	var body struct {
		Error *struct {
			Message, Type string
			Param         *string
			Code          *string
		}
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(got.body)))
	if err := dec.Decode(&body); err != nil || body.Error == nil {
		t.Fatalf("status %d: not an error body: %q (%v)", got.status, got.body, err)
	}
	e := body.Error
	if got.status != w.status || e.Type != w.kind || e.Code == nil || *e.Code != w.code || got.header.Get("X-Bifrost-Code") != w.code {
		t.Errorf("got %d %s, header %q; want %d %s %s", got.status, got.body, got.header.Get("X-Bifrost-Code"), w.status, w.kind, w.code)
	}
	if (w.param == "") != (e.Param == nil) || e.Param != nil && *e.Param != w.param {
		t.Errorf("the error names another field than %q: %s", w.param, got.body)
	}
	if e.Message == "" || !strings.Contains(e.Message, w.saysPartly) {
		t.Errorf("the message is %q, want %q in it", e.Message, w.saysPartly)
	}
	origin := w.origin
	if origin == "" {
		origin = "gateway"
	}
	if media := got.header.Get("Content-Type"); media != "application/json" || got.header.Get("X-Bifrost-Origin") != origin || got.header.Get("X-Request-Id") == "" {
		t.Errorf("headers are %v", got.header)
	}
}

// eventually yields until ok, for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Errorf("waited too long for %s", what)
			return
		}
	}
}

// await waits for a signal.
func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
	}
	return v
}
