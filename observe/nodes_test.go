package observe_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"bifrost"
	"bifrost/gateway"
	"bifrost/observe"
	"bifrost/remote"
	"bifrost/schemas"
)

// launch starts a node, and its client.
func launch(t *testing.T, cfg remote.Config, options ...bifrost.Option) (*remote.Node, *bifrost.Client) {
	t.Helper()
	node, err := remote.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client, err := bifrost.Init(schemas.BifrostConfig{}, append(options, bifrost.WithNode(node))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := client.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := node.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return node, client
}

func TestATraceGoesOnAtTheNodeThatHasTheProvider(t *testing.T) {
	var spans tracetest.SpanRecorder
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(&spans))
	there := observe.NewRecorder(observe.Options{Tracers: tracers})
	node, _ := launch(t, remote.Config{}, bifrost.WithHooks(there.Hook()), bifrost.WithProvider("far", answering()))

	here := observe.NewRecorder(observe.Options{Tracers: tracers})
	_, client := launch(t, remote.Config{Providers: map[string]remote.Provider{"far": {Nodes: []string{node.Address()}}}}, bifrost.WithHooks(here.Hook()))
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(schemas.WithTenant(t.Context(), "team"), "POST", "/anthropic/v1/messages",
		strings.NewReader(`{"model":"far/m","max_tokens":5,"messages":[{"role":"user","content":"`+secret+`"}]}`))
	req.Header.Set("Content-Type", "application/json")
	here.Middleware(gateway.New(client, gateway.Options{})).ServeHTTP(w, req)
	if w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}

	byName := map[string]sdktrace.ReadOnlySpan{}
	for _, s := range spans.Ended() {
		byName[s.Name()] = s
	}
	parent := ""
	for _, name := range []string{"POST /anthropic/v1/messages", "request far", "chat m"} {
		s := byName[name]
		if s == nil {
			t.Fatalf("there is no span %q among %d", name, len(byName))
		}
		if got := s.Parent().SpanID(); parent != "" && got.String() != parent {
			t.Errorf("the parent of %s is %s, want %s", name, got, parent)
		}
		parent = s.SpanContext().SpanID().String()
	}
	for _, a := range byName["request far"].Attributes() {
		if a.Key == "bifrost.client" && a.Value.AsString() != "team" {
			t.Errorf("the other node sees the client %s", a.Value.AsString())
		}
	}
	if w := there.Window("far"); w.Latency.Count != 1 {
		t.Errorf("the owner has recorded %+v", w)
	}
}
