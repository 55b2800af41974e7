package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// logged is a log that may be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines returns the parsed lines and the whole text.
func (l *logged) lines(t *testing.T) ([]map[string]any, string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	for line := range strings.Lines(l.text.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, v)
	}
	return out, l.text.String()
}

func TestOneLineIsLoggedPerRequestAndNoContent(t *testing.T) {
	log := &logged{}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log)}, bifrost.WithLogger(zerolog.New(log)),
		bifrost.WithProvider("fake", always(`{"choices":[],"answer":"secret"}`)),
		bifrost.WithProvider("bad", scripted(eventType, &schemas.Error{Kind: schemas.KindUpstream, Message: "secret"}, "data: secret\n\n")))
	secret := `"messages":["secret"],"secret":1}`
	s.post(t, chatPath+"?secret=1", `{"model":"fake/m",`+secret, "Authorization", "Bearer secret", "X-Request-Id", "id-1")
	s.post(t, chatPath, `{"model":"secret`, "X-Request-Id", "id-2")
	s.post(t, chatPath, `{"model":"fake/`+strings.Repeat("y", 500)+`",`+secret, "X-Request-Id", "id-3")
	s.post(t, chatPath, `{"model":"bad/m","stream":true,`+secret, "X-Request-Id", "id-4")
	s.get(t, "/secret", "X-Request-Id", "id-5")
	s.Close() // waits for the log

	lines, text := log.lines(t)
	if strings.Contains(text, "secret") {
		t.Errorf("the log has content: %s", text)
	}
	requests := map[string]map[string]any{}
	for _, line := range lines {
		if line["message"] == "request" {
			id, _ := line["request_id"].(string)
			if requests[id] != nil {
				t.Errorf("%s has two lines", id)
			}
			requests[id] = line
		}
	}
	for id, want := range map[string]map[string]any{
		"id-1": {"code": nil, "method": "POST", "route": "POST /v1/chat/completions", "status": 200.0, "provider": "fake", "model": "m", "bytes": 32.0, "level": "info"},
		"id-2": {"status": 400.0, "code": "invalid_request", "provider": nil, "model": nil},
		"id-3": {"status": 200.0, "model": strings.Repeat("y", 100) + "…"},
		"id-4": {"status": 200.0, "provider": "bad", "error": "upstream"},
		"id-5": {"method": "GET", "route": "/", "status": 404.0},
	} {
		for field, value := range want {
			if requests[id][field] != value {
				t.Errorf("%s: %s is %v, want %v", id, field, requests[id][field], value)
			}
		}
		if _, ok := requests[id]["duration_ms"].(float64); !ok {
			t.Errorf("%s has no duration: %v", id, requests[id])
		}
	}
}

func TestTheLogSaysWhichFallbackAnswered(t *testing.T) {
	log := &logged{}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log)},
		bifrost.WithProvider("down", &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
			return nil, &schemas.Error{Kind: schemas.KindUpstream, Message: "down"}
		}}),
		bifrost.WithProvider("fake", always(`{"choices":[]}`)))
	s.post(t, chatPath, `{"model":"fake/m","messages":[]}`, "X-Request-Id", "first")
	s.post(t, chatPath, `{"model":"down/m","fallbacks":["down/n","fake/m"],"messages":[]}`, "X-Request-Id", "second")
	s.Close() // waits for the log

	lines, text := log.lines(t)
	for id, want := range map[string]any{"first": nil, "second": 2.0} {
		i := slices.IndexFunc(lines, func(line map[string]any) bool { return line["message"] == "request" && line["request_id"] == id })
		if i < 0 || lines[i]["fallback"] != want || lines[i]["provider"] != "fake" || lines[i]["attempts"] != nil {
			t.Errorf("%s: want fallback %v in\n%s", id, want, text)
		}
	}
}

func TestAClientThatLeftIsLoggedAs499(t *testing.T) {
	log := &logged{}
	called := make(chan struct{})
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log)}, bifrost.WithProvider("fake", &fake{
		call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
			close(called)
			<-ctx.Done()
			return nil, ctx.Err()
		}}))
	ctx, leave := context.WithCancel(t.Context())
	gone := s.start(ctx, t)
	await(t, "the call", called)
	leave()
	await(t, "the client", gone)
	s.Close() // waits for the log
	if lines, text := log.lines(t); len(lines) != 1 || lines[0]["status"] != 499.0 {
		t.Errorf("the log is %s", text)
	}
}

// panicking is a router whose answers panic in the gateway's own goroutine.
type panicking struct{}

func (panicking) Ask(context.Context, *schemas.Request) (*schemas.Response, error) {
	panic("secret content")
}
func (panicking) Info() schemas.ProviderInfo         { return always("").Describe() }
func (panicking) Models() (names []string, all bool) { return nil, true }

func TestAPanicIsAnsweredWith500AndLoggedWithoutContent(t *testing.T) {
	log := &logged{}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Logger: zerolog.New(log)},
		bifrost.WithProvider("fake", always(answer)), bifrost.WithRouter("bad", panicking{}))
	got := s.post(t, chatPath, strings.Replace(goodChat, "fake", "bad", 1))
	wantError{status: 500, code: "internal", kind: "server_error", saysPartly: "log"}.check(t, got)
	if got := s.post(t, chatPath, goodChat); got.status != 200 {
		t.Errorf("the next request got %d", got.status)
	}
	s.Close()
	lines, text := log.lines(t)
	if len(lines) != 3 || strings.Contains(text, "secret") || lines[0]["panic"] != "string" || !strings.Contains(text, "log_test.go") || lines[1]["status"] != 500.0 {
		t.Errorf("the log is %s", text)
	}
}

func TestAPanicInAnAdapterIsA500OfItsOneCaller(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", always(answer)),
		bifrost.WithProvider("bad", &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
			panic("secret content")
		}}))
	got := s.post(t, chatPath, strings.Replace(goodChat, "fake", "bad", 1))
	wantError{status: 500, code: "internal", kind: "server_error"}.check(t, got)
	if strings.Contains(got.body, "secret") {
		t.Errorf("got %s", got.body)
	}
	if got := s.post(t, chatPath, goodChat); got.status != 200 {
		t.Errorf("the next request got %d", got.status)
	}
}
