package observe_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"bifrost/observe"
)

// node is a span of a tree, by what a test looks at.
type node struct {
	name, parent string
	status       tracepb.Status_StatusCode
	message      string
	kind         tracepb.Span_SpanKind
	attributes   map[string]string
}

// tree is one trace: its spans by id, each with its parent's id.
type tree map[string]node

func treeOf(spans []*tracepb.Span) tree {
	out := tree{}
	for _, s := range spans {
		n := node{name: s.GetName(), parent: hex.EncodeToString(s.GetParentSpanId()), status: s.GetStatus().GetCode(),
			message: s.GetStatus().GetMessage(), kind: s.GetKind(), attributes: map[string]string{}}
		for _, a := range s.GetAttributes() {
			n.attributes[a.GetKey()] = strings.Trim(strings.SplitN(a.GetValue().String(), ":", 2)[1], `"`)
		}
		out[hex.EncodeToString(s.GetSpanId())] = n
	}
	return out
}

// below draws the tree below a span: names in brackets behind their parent's, sorted.
func (t tree) below(parent string) string {
	var parts []string
	for id, n := range t {
		if n.parent == parent {
			parts = append(parts, n.name+t.below(id))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	for i := range parts {
		for j := i + 1; j < len(parts); j++ {
			if parts[j] < parts[i] {
				parts[i], parts[j] = parts[j], parts[i]
			}
		}
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// only returns the span of that name.
func (t tree) only(tb testing.TB, name string) node {
	tb.Helper()
	var found []node
	for _, n := range t {
		if n.name == name {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("there are %d spans %q", len(found), name)
	}
	return found[0]
}

// traced is the trace that the client of each scenario has begun.
const callersSpan = "b7ad6b7169203331"

func traceparent(n int) string { return fmt.Sprintf("00-%032x-%s-01", n, callersSpan) }

const server = "POST /v1/chat/completions"

// scenarios are asked in turn; each has a trace of its own.
var scenarios = []struct {
	name, model string
	stream      bool
	status      int
	tree        string
}{
	{"chat", "main/ok", false, 200, "[" + server + "[request main[chat ok]]]"},
	{"stream", "main/stream", true, 200, "[" + server + "[request main[chat stream]]]"},
	{"fallback", "broken/fail", false, 200, "[" + server + "[request broken[chat fail] request main[chat ok]]]"},
	{"retry", "flaky/flaky", false, 200, "[" + server + "[request flaky[chat flaky chat flaky]]]"},
	{"failure", "main/fail", false, 503, "[" + server + "[request main[chat fail]]]"},
	{"refusal", "tiny/ok", false, 503, "[" + server + "[request tiny]]"},
	{"cancel", "main/hang", false, 0, "[" + server + "[request main[chat hang]]]"},
}

func TestACollectorReceivesOneTreeForEachRequest(t *testing.T) {
	for _, protocol := range []string{observe.ProtocolHTTP, observe.ProtocolGRPC} {
		t.Run(protocol, func(t *testing.T) {
			collector := sinkHTTP(t)
			if protocol == observe.ProtocolGRPC {
				collector = sinkGRPC(t)
			}
			site := playAll(t, collector, protocol)
			trees := collector.trees()
			for i, s := range scenarios {
				id := fmt.Sprintf("%032x", i+1)
				raw, _ := hex.DecodeString(id)
				if got := treeOf(trees[string(raw)]).below(callersSpan); got != s.tree {
					t.Errorf("%s: got %s, want %s", s.name, got, s.tree)
				}
			}
			if collector.token != "Bearer collector" || collector.resource["service.name"] != "gate" || collector.resource["service.version"] != "1.2.3" {
				t.Errorf("the collector saw %q, %v", collector.token, collector.resource)
			}
			checkUpstream(t, site, trees)
			checkSilence(t, trees)
			checkAttributes(t, trees)
		})
	}
}

// playAll plays the scenarios and sends the traces away.
func playAll(t *testing.T, collector *sink, protocol string) *site {
	t.Helper()
	tracers, stop, err := observe.StartTracing(t.Context(), observe.TracingOptions{Endpoint: collector.endpoint, Protocol: protocol,
		Headers: map[string]string{"authorization": "Bearer collector"}, SampleRatio: 0, ServiceName: "gate", Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, tracers)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	held, release := context.WithCancel(ctx)
	done := make(chan struct{}, 3)
	for range 2 { // fill what is to refuse
		go func() { // ends when held does
			s.post(held, t, "tiny/hang", "", false)
			done <- struct{}{}
		}()
	}
	await(t, "the held call", s.upstream.hanging)
	eventually(t, "a full mailbox", func() bool { return s.client.Stats().Providers["tiny"].Queued == 1 })
	for i, scenario := range scenarios {
		ctx, leave := context.WithCancel(ctx)
		if scenario.name == "cancel" {
			go func() { // ends when the call is there
				select {
				case <-s.upstream.hanging:
				case <-ctx.Done():
				}
				leave()
				done <- struct{}{}
			}()
		}
		if status, body := s.post(ctx, t, scenario.model, traceparent(i+1), scenario.stream); status != scenario.status {
			t.Errorf("%s: got %d %s", scenario.name, status, body)
		}
		leave()
	}
	release()
	for range 3 {
		await(t, "the clients", done)
	}
	eventually(t, "quiet", func() bool {
		for _, p := range s.client.Stats().Providers {
			if p.InHand+p.Queued > 0 {
				return false
			}
		}
		return true
	})
	s.Close() // waits for the requests, whose spans end with them
	if err := stop(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

// checkUpstream shows that the provider was told of each attempt's own span.
func checkUpstream(t *testing.T, s *site, trees map[string][]*tracepb.Span) {
	t.Helper()
	heard := s.upstream.heard("flaky")
	if len(heard) != 2 || heard[0] == heard[1] {
		t.Fatalf("two attempts told %v", heard)
	}
	for _, model := range []string{"ok", "stream", "fail", "flaky"} {
		for _, parent := range s.upstream.heard(model) {
			parts := strings.Split(parent, "-")
			if len(parts) != 4 {
				t.Fatalf("the provider of %s heard %q", model, parent)
			}
			id, _ := hex.DecodeString(parts[1])
			if n, ok := treeOf(trees[string(id)])[parts[2]]; !ok || n.name != "chat "+model || n.kind != tracepb.Span_SPAN_KIND_CLIENT {
				t.Errorf("the provider of %s heard %q, which is the span %+v", model, parent, n)
			}
		}
	}
}

func checkSilence(t *testing.T, trees map[string][]*tracepb.Span) {
	t.Helper()
	for _, spans := range trees {
		for _, s := range spans {
			if text := s.String(); strings.Contains(text, secret) || strings.Contains(text, "sk-") {
				t.Errorf("a span has content or a key: %s", text)
			}
		}
	}
}

func checkAttributes(t *testing.T, trees map[string][]*tracepb.Span) {
	t.Helper()
	of := func(scenario string) tree {
		for i, s := range scenarios {
			if s.name == scenario {
				raw, _ := hex.DecodeString(fmt.Sprintf("%032x", i+1))
				return treeOf(trees[string(raw)])
			}
		}
		t.Fatalf("no scenario %s", scenario)
		return nil
	}
	want := func(scenario, span string, code tracepb.Status_StatusCode, attributes ...string) {
		t.Helper()
		n := of(scenario).only(t, span)
		if n.status != code {
			t.Errorf("%s: the status of %s is %s %q", scenario, span, n.status, n.message)
		}
		for i := 0; i < len(attributes); i += 2 {
			if got := n.attributes[attributes[i]]; got != attributes[i+1] {
				t.Errorf("%s: %s of %s is %q, want %q", scenario, attributes[i], span, got, attributes[i+1])
			}
		}
	}
	const unset, failure = tracepb.Status_STATUS_CODE_UNSET, tracepb.Status_STATUS_CODE_ERROR
	want("chat", server, unset, "http.route", "/v1/chat/completions", "http.request.method", "POST", "http.response.status_code", "200")
	want("chat", "chat ok", unset, "gen_ai.operation.name", "chat", "gen_ai.provider.name", "main", "gen_ai.request.model", "ok",
		"bifrost.key", "team-key", "bifrost.attempt", "1", "gen_ai.usage.input_tokens", "10", "gen_ai.usage.output_tokens", "5")
	want("chat", "request main", unset, "bifrost.provider", "main", "bifrost.operation", "chat", "bifrost.client", "team")
	want("stream", "chat stream", unset, "gen_ai.request.stream", "true", "gen_ai.usage.input_tokens", "10", "gen_ai.usage.output_tokens", "5")
	if of("stream").only(t, "chat stream").attributes["gen_ai.response.time_to_first_chunk"] == "" {
		t.Error("the stream has no time to its first chunk")
	}
	want("fallback", "request broken", failure, "error.type", "503")
	want("fallback", "request main", unset)
	want("failure", "chat fail", failure, "error.type", "503", "http.response.status_code", "503")
	want("refusal", "request tiny", failure, "error.type", "queue_full", "bifrost.reason", "queue_full")
	want("refusal", server, failure, "bifrost.code", "queue_full", "bifrost.origin", "gateway")
	want("cancel", "request main", unset, "error.type", "canceled")
	want("cancel", server, unset, "error.type", "canceled")
}
