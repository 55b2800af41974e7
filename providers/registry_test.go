package providers_test

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost/providers"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

var key = schemas.Key{Name: "key-1", Value: "sk-invented-0123456789"}

func build(t *testing.T, name string, cfg schemas.ProviderConfig) schemas.Provider {
	t.Helper()
	p, err := providers.Build(name, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.(io.Closer).Close() })
	return p
}

func TestAdaptersPassTheConformanceSuite(t *testing.T) {
	types := providers.Types()
	types = slices.DeleteFunc(types, func(typ string) bool { return typ == providers.TypeSimulated }) // it has no upstream to script
	if len(types) < 12 {
		t.Fatalf("got %v", types)
	}
	for _, typ := range types {
		if typ == "vertex" {
			continue // it has a suite for each family of models, in cloud_test.go
		}
		t.Run(typ, func(t *testing.T) {
			providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
				up := providertest.NewUpstream(t)
				cfg := schemas.ProviderConfig{Type: typ, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}}
				return providertest.Fixture{Provider: build(t, "mine", cfg), Upstream: up, Key: key, Model: cmp.Or(models[typ], "m"), Routed: routed[typ]}
			})
		})
	}
}

// Groq refuses a message with "reasoning_content", so the answer of a model that
// reasons could not be sent back to it.
func TestGroqTakesItsOwnReasoningBack(t *testing.T) {
	for typ, field := range map[string]string{"groq": `"reasoning":"let me see"`, "openrouter": `"reasoning_content":"let me see"`} {
		up := providertest.NewUpstream(t)
		up.Script(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning":"let me see"},"finish_reason":"stop"}]}`)
		})
		p := build(t, "mine", schemas.ProviderConfig{Type: typ, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
		chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
		for range 2 {
			resp, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}, Key: key})
			if err != nil {
				t.Fatal(err)
			}
			chat.Messages = append(chat.Messages, resp.Chat.Choices[0].Message, schemas.UserMessage("and?"))
		}
		if got := string(up.Received()[1].Body); strings.Count(got, "let me see") != 1 || !strings.Contains(got, field) {
			t.Errorf("%s was sent %s, want %s", typ, got, field)
		}
	}
}

// routed are what the servers of a type have beside their dialect.
var routed = map[string]func(http.HandlerFunc) http.HandlerFunc{"ollama": withTags}

// models are the ones that a type is exercised with, where it looks at their names:
// Bedrock's is one whose embeddings are known.
var models = map[string]string{"bedrock": "cohere.embed-v4:0"}

// dialects are the types' own, where it is not OpenAI's.
var dialects = map[string]schemas.Dialect{"anthropic": schemas.DialectAnthropic, "bedrock": schemas.DialectBedrock, "cohere": schemas.DialectCohere, "gemini": schemas.DialectGemini,
	"vertex": schemas.DialectGemini}

func TestTheSimulatedProviderPassesTheConformanceSuite(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		return providertest.Fixture{Provider: build(t, "simulated", schemas.ProviderConfig{}), Model: "sim-small"}
	})
}

func TestEveryTypeIsBuiltByItsNameAndByItsType(t *testing.T) {
	types := providers.Types()
	if !slices.IsSorted(types) || len(types) < 13 {
		t.Fatalf("got %v", types)
	}
	for _, typ := range types {
		own := schemas.NetworkConfig{BaseURL: providers.OwnURL(typ)}
		for _, p := range []schemas.Provider{
			build(t, typ, schemas.ProviderConfig{NetworkConfig: own}),
			build(t, "second", schemas.ProviderConfig{Type: typ, NetworkConfig: own}),
		} {
			info := p.Describe()
			if info.Type != typ || info.Dialect != cmp.Or(dialects[typ], schemas.DialectOpenAI) || !info.Supports(schemas.OperationRaw) {
				t.Errorf("%s: got %+v", typ, info)
			}
		}
	}
}

func TestAFaultyConfigurationIsRefusedWithWhatToCorrect(t *testing.T) {
	url := func(u string) schemas.ProviderConfig {
		return schemas.ProviderConfig{Type: "openai", NetworkConfig: schemas.NetworkConfig{BaseURL: u}}
	}
	header := func(name, value string) schemas.ProviderConfig {
		return schemas.ProviderConfig{Type: "openai", NetworkConfig: schemas.NetworkConfig{ExtraHeaders: map[string]string{name: value}}}
	}
	for says, cfg := range map[string]schemas.ProviderConfig{
		"deepseek, fireworks":    {},
		`set type = "openai"`:    {NetworkConfig: schemas.NetworkConfig{BaseURL: "http://x"}},
		`"https://"`:             url("ftp://x"),
		"has no host":            url("https://"),
		"user name":              url("https://joe:secret@x"),
		"query":                  url("https://x?secret"),
		"is not a URL":           url("https://x\x7fsecret"),
		"begin with":             url("secret"),
		"simulation is for type": {Type: "groq", Simulation: &schemas.SimulationConfig{}},
		"base_url is missing":    {Type: "cloudflare"},
		"base_url has no effect": {Type: "simulated", NetworkConfig: schemas.NetworkConfig{BaseURL: "http://x"}},

		`network_config.extra_headers."a b" is not the name of a header`: header("a b", "secret"),
		"network_config.extra_headers.accept-encoding is decided by":     header("accept-encoding", "secret"),
		"network_config.extra_headers.x-a has white space at an end":     header("x-a", "secret\n"),
		"first_byte_timeout":       {Type: "openai", NetworkConfig: schemas.NetworkConfig{FirstByteTimeout: -1}},
		"simulation.output_tokens": {Type: "simulated", Simulation: &schemas.SimulationConfig{OutputTokens: -1}},
	} {
		_, err := providers.Build("mine", cfg)
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), says) ||
			!strings.Contains(err.Error(), "mine") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("want %q: got %v", says, err)
		}
	}
}

func TestABaseURLMeansTheSameWithAndWithoutItsVersion(t *testing.T) {
	for _, suffix := range []string{"", "/", "/v1", "/v1/", "//", "/prefix", "/prefix/v1/"} {
		up := providertest.NewUpstream(t)
		p := build(t, "mine", schemas.ProviderConfig{Type: "openai", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + suffix}})
		if _, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationListModels}}); err != nil {
			t.Fatal(err)
		}
		want := "/v1/models"
		if strings.Contains(suffix, "prefix") {
			want = "/prefix/v1/models"
		}
		if got := up.Received()[0].Path; got != want {
			t.Errorf("%q: got %s", suffix, got)
		}
	}
}

func TestEveryTypeCallsBelowItsOwnVersion(t *testing.T) {
	for typ, want := range map[string]string{
		"deepinfra": "/v1/openai/chat/completions", "github": "/inference/chat/completions",
		"zhipu": "/v4/chat/completions", "cloudflare": "/v1/chat/completions", "novita": "/v1/chat/completions",
	} {
		version := strings.TrimSuffix(want, "/chat/completions")
		for _, suffix := range []string{"", "/", version, version + "/"} {
			up := providertest.NewUpstream(t)
			p := build(t, "mine", schemas.ProviderConfig{Type: typ, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + "/before" + suffix}})
			chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
			req := &schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}
			if _, err := p.Call(t.Context(), &schemas.Attempt{Request: req}); err != nil {
				t.Fatal(err)
			}
			if got := up.Received()[0].Path; got != "/before"+want {
				t.Errorf("%s at %q: got %s, want %s", typ, suffix, got, "/before"+want)
			}
		}
	}
}

func TestConfiguredHeadersAreSentAndNeverReplaceTheKey(t *testing.T) {
	up := providertest.NewUpstream(t)
	p := build(t, "mine", schemas.ProviderConfig{Type: "openai", NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL,
		ExtraHeaders: map[string]string{"X-Team": "blue", "authorization": "Bearer other"}}})
	req := &schemas.Request{Operation: schemas.OperationListModels}
	for _, k := range []schemas.Key{key, {}} {
		if _, err := p.Call(t.Context(), &schemas.Attempt{Request: req, Key: k}); err != nil {
			t.Fatal(err)
		}
	}
	calls := up.Received()
	if calls[0].Header.Get("X-Team") != "blue" || calls[0].Header.Get("Authorization") != "Bearer "+key.Value {
		t.Errorf("with a key: got %v", calls[0].Header)
	}
	if calls[1].Header.Get("Authorization") != "Bearer other" {
		t.Errorf("without a key: got %v", calls[1].Header)
	}
}

func TestAProviderThatNeedsAKeySaysSoBeforeItCalls(t *testing.T) {
	p := build(t, "openai", schemas.ProviderConfig{})
	for says, k := range map[string]schemas.Key{"needs a key": {}, "control character": {Value: "sk-secret\n"}} {
		_, err := p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationListModels}, Key: k})
		if !errors.Is(err, schemas.ErrUnauthorized) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}

func TestConfiguredTimeoutsAreObeyed(t *testing.T) {
	p := build(t, "simulated", schemas.ProviderConfig{
		Simulation:    &schemas.SimulationConfig{Latency: time.Hour},
		NetworkConfig: schemas.NetworkConfig{FirstByteTimeout: 10 * time.Millisecond}})
	req := &schemas.Request{Operation: schemas.OperationChat, Model: "m",
		Chat: &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}
	_, err := p.Call(t.Context(), &schemas.Attempt{Request: req})
	if !errors.Is(err, schemas.ErrTimeout) || !strings.Contains(err.Error(), "first_byte_timeout") {
		t.Fatalf("got %v", err)
	}
}

// What a server of the operator's own has is not known, so nothing is refused before it
// is asked.
func TestAServerOfOnesOwnHasEveryOperationOfTheDialect(t *testing.T) {
	for base, has := range map[string]bool{"": false, "http://127.0.0.1:1": true} {
		info := build(t, "openai", schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{BaseURL: base}}).Describe()
		if info.Supports(schemas.OperationRerank) != has || !info.Supports(schemas.OperationFiles) || !info.Supports(schemas.OperationResponses) {
			t.Errorf("%q: got %v", base, info.Operations)
		}
	}
}

func TestNoTypeNamesAnOperationTwice(t *testing.T) {
	for _, typ := range providers.Types() {
		info := build(t, typ, schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{BaseURL: providers.OwnURL(typ)}}).Describe()
		once := slices.Compact(slices.Sorted(slices.Values(info.Operations)))
		if len(once) != len(info.Operations) {
			t.Errorf("%s: got %v", typ, info.Operations)
		}
	}
}

// Servers that do not know the role "developer" refuse it, and some take no notice of
// "max_completion_tokens": in a typed call as in one that its caller wrote.
func TestOnlyProvidersThatAreKnownToTakeThemAreSentTheNewerNames(t *testing.T) {
	takeRole := []string{"openai", "openrouter", "azure", "perplexity"}
	takeLimit := []string{"openai", "openrouter", "azure", "groq", "xai", "cerebras", "fireworks", "github", "minimax", "vllm", "sglang"}
	limit := 19
	typed := &schemas.Request{Operation: schemas.OperationChat, Model: "m",
		Chat: &schemas.ChatRequest{Model: "m", MaxCompletionTokens: &limit, Messages: []schemas.ChatMessage{
			{Role: "developer", Content: schemas.TextContent("be brief")}, schemas.UserMessage("hi")}}}
	raw := &schemas.Request{Operation: schemas.OperationRaw, Model: "m", Raw: &schemas.RawRequest{Method: http.MethodPost, Path: "/chat/completions",
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"model":"m","max_completion_tokens":19,"messages":[{"role":"developer","content":"be brief"},{"role":"user","content":"hi"}]}`)}}
	for _, typ := range providers.Types() {
		p := build(t, typ, schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{BaseURL: providers.OwnURL(typ)}})
		if typ == providers.TypeSimulated || p.Describe().Dialect != schemas.DialectOpenAI {
			continue
		}
		for _, req := range []*schemas.Request{typed, raw} {
			up := providertest.NewUpstream(t)
			p = build(t, "mine", schemas.ProviderConfig{Type: typ, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
			if req == raw && slices.Contains(p.Describe().ResponsesOnly, "") {
				continue // it has no chat completions
			}
			_, _ = p.Call(t.Context(), &schemas.Attempt{Key: key, Request: req}) // what was sent is of interest
			calls := up.Received()
			if len(calls) != 1 {
				t.Fatalf("%s: %d calls", typ, len(calls))
			}
			body := string(calls[0].Body)
			if strings.Contains(body, `"developer"`) != slices.Contains(takeRole, typ) {
				t.Errorf("%s was sent %s", typ, body)
			}
			if strings.Contains(body, `"max_completion_tokens":19`) != slices.Contains(takeLimit, typ) || !strings.Contains(body, `_tokens":19`) {
				t.Errorf("%s was sent %s", typ, body)
			}
		}
	}
}
