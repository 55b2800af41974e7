package observe_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"bifrost"
	"bifrost/gateway"
	"bifrost/observe"
	"bifrost/schemas"
)

// upstream is an OpenAI whose models do what they are called.
type upstream struct {
	*httptest.Server

	mu      sync.Mutex
	parents map[string][]string // traceparents by model, in order
	hanging chan struct{}       // has one value for each call that hangs
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{parents: map[string][]string{}, hanging: make(chan struct{}, 10)}
	u.Server = httptest.NewServer(u)
	t.Cleanup(u.Close)
	return u
}

// note returns how often the model has been asked, with this time.
func (u *upstream) note(model string, r *http.Request) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parents[model] = append(u.parents[model], r.Header.Get("Traceparent"))
	return len(u.parents[model])
}

func (u *upstream) heard(model string) []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.parents[model]
}

func (u *upstream) Config() schemas.NetworkConfig {
	return schemas.NetworkConfig{BaseURL: u.URL, RetryBackoffInitial: time.Millisecond}
}

const wholeAnswer = `{"id":"1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"` + secret +
	`"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	model := "ok"
	for _, known := range []string{"stream", "fail", "flaky", "hang"} {
		if strings.Contains(string(body), `"model":"`+known+`"`) {
			model = known
		}
	}
	times := u.note(model, r)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case model == "fail", model == "flaky" && times == 1:
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, `{"error":{"message":%q,"type":"server_error"}}`, secret)
	case model == "hang":
		u.hanging <- struct{}{}
		<-r.Context().Done()
	case model == "stream":
		w.Header().Set("Content-Type", "text/event-stream")
		for range 3 {
			_, _ = fmt.Fprintf(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", secret)
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"+
			"data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"model\":\"real\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5,\"total_tokens\":15}}\n\n"+
			"data: [DONE]\n\n")
	default:
		_, _ = io.WriteString(w, wholeAnswer)
	}
}

// site is a gateway that is traced.
type site struct {
	*httptest.Server
	upstream *upstream
	client   *bifrost.Client
	recorder *observe.Recorder
}

// forTeam gives the gateway another request than the middleware has, as client keys do.
func forTeam(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(schemas.WithTenant(r.Context(), "team")))
	})
}

func serve(t *testing.T, tracers trace.TracerProvider) *site {
	t.Helper()
	u := newUpstream(t)
	recorder := observe.NewRecorder(observe.Options{Tracers: tracers, Version: "1.2.3"})
	keys := []schemas.Key{{Name: "team-key", Value: "sk-secret"}}
	openai := func(change func(*schemas.ProviderConfig)) schemas.StaticProvider {
		cfg := schemas.ProviderConfig{Type: "openai", NetworkConfig: u.Config()}
		change(&cfg)
		return schemas.StaticProvider{Keys: keys, Config: cfg}
	}
	client, err := bifrost.Init(schemas.BifrostConfig{DropExcessRequests: true, Account: schemas.StaticAccount{
		"main":   openai(func(*schemas.ProviderConfig) {}),
		"broken": openai(func(c *schemas.ProviderConfig) { c.Fallbacks = []string{"main/ok"} }),
		"flaky":  openai(func(c *schemas.ProviderConfig) { c.NetworkConfig.MaxRetries = 1 }),
		"tiny": openai(func(c *schemas.ProviderConfig) {
			c.ConcurrencyAndBufferSize = schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}
		}),
	}}, bifrost.WithHooks(recorder.Hook()))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{upstream: u, client: client, recorder: recorder,
		Server: httptest.NewServer(recorder.Middleware(forTeam(gateway.New(client, gateway.Options{}))))}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := client.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// post asks a model, as a client that traces, and returns the status and the body.
func (s *site) post(ctx context.Context, t *testing.T, model, traceparent string, stream bool) (int, string) {
	t.Helper()
	body := fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":%q}]}`, model, stream, secret)
	req, err := http.NewRequestWithContext(ctx, "POST", s.URL+"/v1/chat/completions?key=sk-in-the-query", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	if traceparent != "" {
		req.Header.Set("Traceparent", traceparent)
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}
