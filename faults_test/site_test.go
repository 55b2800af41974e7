package faults_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

const (
	sayings = "words of the provider"
	// eventSayings are those of an error in a stream.
	eventSayings = "broken inside"
	prompt       = "a prompt that no error may quote"
	hello        = "Hello there" // what a good provider answers, whole or in parts

	// patience bounds a case; nothing waits for it.
	patience = 60 * time.Second
	// stallTimeout is how long a provider that has stalled is waited for.
	stallTimeout = 50 * time.Millisecond
)

// kind is a provider of one type, and its caller. The caller speaks the dialect of the
// provider, or OpenAI's to one whose dialect no caller speaks.
type kind struct {
	name    string // of the column
	typ     string // of the provider; "": the name
	models  string // begins the names of its models; "": "claude-"
	speaks  schemas.Dialect
	caller  schemas.Dialect
	errorOf func(status int) string // the provider's answer with an error
	prepare func(*schemas.ProviderConfig)
	routed  func(http.HandlerFunc) http.HandlerFunc // nil: as in its dialect
}

// kinds are the columns of the table. What the rows promise of each follows from the
// dialects: another kind is another line.
var kinds = []kind{
	{name: "openai", speaks: schemas.DialectOpenAI, caller: schemas.DialectOpenAI, errorOf: openAIError},
	{name: "anthropic", speaks: schemas.DialectAnthropic, caller: schemas.DialectAnthropic, errorOf: anthropicError},
	{name: "gemini", speaks: schemas.DialectGemini, caller: schemas.DialectGemini, errorOf: geminiError},
	{name: "bedrock", speaks: schemas.DialectBedrock, caller: schemas.DialectOpenAI, errorOf: bedrockError,
		prepare: func(c *schemas.ProviderConfig) { c.Bedrock = &schemas.BedrockConfig{Region: "eu-west-1"} }},
	{name: "vertex, Claude", typ: "vertex", speaks: schemas.DialectAnthropic, caller: schemas.DialectAnthropic, errorOf: anthropicError,
		prepare: ofProject, routed: asMessages},
	{name: "vertex, Gemini", typ: "vertex", models: "gemini-", speaks: schemas.DialectGemini, caller: schemas.DialectGemini, errorOf: geminiError,
		prepare: ofProject, routed: asGeminis},
	{name: "azure", speaks: schemas.DialectOpenAI, caller: schemas.DialectOpenAI, errorOf: openAIError, routed: asOpenAIs},
	{name: "cohere", speaks: schemas.DialectCohere, caller: schemas.DialectOpenAI, errorOf: bedrockError},
	{name: "ollama", speaks: schemas.DialectOpenAI, caller: schemas.DialectOpenAI, errorOf: openAIError},
}

// model is what is asked for; two keys serve it. other is what a third key serves, so
// that it can be asked for while those two rest.
func (k kind) model() string { return cmp.Or(k.models, "claude-") + "a" }
func (k kind) other() string { return cmp.Or(k.models, "claude-") + "b" }

// translated reports whether the caller speaks another dialect than the provider.
func (k kind) translated() bool { return k.caller != k.speaks }

func ofProject(c *schemas.ProviderConfig) { c.Vertex = &schemas.VertexConfig{Project: "p-1"} }

func openAIError(int) string {
	return `{"error":{"message":"` + sayings + `","type":"a_type","param":null,"code":"a_code"}}`
}

func anthropicError(int) string {
	return `{"type":"error","error":{"type":"a_type","message":"` + sayings + `"},"request_id":"req_1"}`
}

func geminiError(status int) string {
	return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":"A_STATUS"}}`, status, sayings)
}

// bedrockError is Cohere's shape, too.
func bedrockError(int) string { return `{"message":"` + sayings + `"}` }

// asMessages shows the calls of Claude at Vertex AI as Anthropic's own API has them.
func asMessages(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/v1/messages"
		r.Header.Set("Anthropic-Version", "in the body")
		next(w, r)
	}
}

// asGeminis shows the calls of Gemini at Vertex AI as those of Google's other API.
func asGeminis(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, path, ok := strings.Cut(r.URL.Path, "/publishers/google/models/"); ok {
			r.URL.Path = "/v1beta/models/" + path
		}
		next(w, r)
	}
}

// asOpenAIs shows the calls of a resource at Azure as OpenAI's own API has them.
func asOpenAIs(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/openai")
		next(w, r)
	}
}

// house is a gateway and its client, which all cases share: a client is much to make.
type house struct {
	client  *bifrost.Client
	gateway *httptest.Server

	mu      sync.Mutex
	account schemas.StaticAccount
	cases   int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{account: schemas.StaticAccount{"simulated": {}}} // there must be one
	var err error
	if h.client, err = bifrost.Init(schemas.BifrostConfig{Account: h}); err != nil {
		t.Fatal(err)
	}
	h.gateway = httptest.NewServer(gateway.New(h.client, gateway.Options{}))
	t.Cleanup(func() {
		h.gateway.Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.client.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return h
}

// put writes a provider's settings and keys, and puts them into force.
func (h *house) put(t *testing.T, name string, p schemas.StaticProvider) {
	t.Helper()
	h.mu.Lock()
	h.account[name] = p
	h.mu.Unlock()
	if err := h.client.UpdateProvider(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// GetConfiguredProviders implements schemas.Account, as the next two do.
func (h *house) GetConfiguredProviders() ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.account.GetConfiguredProviders()
}

func (h *house) GetKeysForProvider(ctx context.Context, provider string) ([]schemas.Key, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.account.GetKeysForProvider(ctx, provider)
}

func (h *house) GetConfigForProvider(provider string) (*schemas.ProviderConfig, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.account.GetConfigForProvider(provider)
}

// site is three providers of one case: alone and backed at an upstream that fails, the
// second with the fallback spare, which is a good one of OpenAI's dialect. Each has one
// worker.
type site struct {
	*house
	kind                 kind
	alone, backed, spare string // their names
	provider, other      *upstream
}

// newSite starts one. network is added to the settings of the providers that fail.
func (h *house) newSite(t *testing.T, k kind, network schemas.NetworkConfig) *site {
	t.Helper()
	h.mu.Lock()
	h.cases++
	n := fmt.Sprint("-", h.cases)
	h.mu.Unlock()
	s := &site{house: h, kind: k, alone: "alone" + n, backed: "backed" + n, spare: "spare" + n}
	good := providertest.WireOf(k.speaks).Good
	if k.routed != nil {
		good = k.routed(good)
	}
	s.provider = newUpstream(t, good)
	s.other = newUpstream(t, providertest.WireOf(schemas.DialectOpenAI).Good)
	h.put(t, s.spare, schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "openai",
		NetworkConfig: schemas.NetworkConfig{BaseURL: s.other.server.URL}}})
	network.MaxRetries = 1
	network.RetryBackoffInitial, network.RetryBackoffMax = time.Millisecond, time.Millisecond
	s.configure(t, network)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for _, name := range []string{s.alone, s.backed, s.spare} {
			if err := h.client.RemoveProvider(ctx, name); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// configure puts the settings of the two at the provider that fails into force. Their
// workers stay, and their keys go on resting.
func (s *site) configure(t *testing.T, network schemas.NetworkConfig) {
	t.Helper()
	if network.BaseURL == "" {
		network.BaseURL = s.provider.server.URL
	}
	cfg := schemas.ProviderConfig{Type: cmp.Or(s.kind.typ, s.kind.name), NetworkConfig: network,
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1}}
	if s.kind.prepare != nil {
		s.kind.prepare(&cfg)
	}
	own := []string{s.kind.model()}
	keys := []schemas.Key{{Name: "first", Value: "key-one", Models: own}, {Name: "second", Value: "key-two", Models: own},
		{Name: "third", Value: "key-three", Models: []string{s.kind.other()}}}
	s.put(t, s.alone, schemas.StaticProvider{Config: cfg, Keys: keys})
	cfg.Fallbacks = []string{s.spare + "/m"}
	s.put(t, s.backed, schemas.StaticProvider{Config: cfg, Keys: keys})
}

// answer is what the caller got.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask makes a call as a client of the caller's dialect does, and reads the answer to
// its end.
func (s *site) ask(t *testing.T, provider, model string, stream bool) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	path, body := callOf(s.kind.caller, provider+"/"+model, stream)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.gateway.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.gateway.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(got)}
}

// callOf returns the path and body of a chat call.
func callOf(d schemas.Dialect, model string, stream bool) (path, body string) {
	switch d {
	case schemas.DialectAnthropic:
		return "/anthropic/v1/messages", fmt.Sprintf(
			`{"model":%q,"max_tokens":16,"messages":[{"role":"user","content":%q}],"stream":%v}`, model, prompt, stream)
	case schemas.DialectGemini:
		path = "/v1beta/models/" + model + ":generateContent"
		if stream {
			path = "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
		}
		return path, fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":%q}]}]}`, prompt)
	}
	return "/v1/chat/completions", fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}],"stream":%v}`, model, prompt, stream)
}

// good reports whether the answer is that of a provider without a fault.
func (a answer) good() bool {
	return a.status == http.StatusOK && (strings.Contains(a.body, hello) || strings.Contains(a.body, `"Hello "`) && strings.Contains(a.body, `"there"`))
}

// upstream is a server that is scripted, and notes with which keys it was called.
type upstream struct {
	server *httptest.Server
	good   http.HandlerFunc

	mu       sync.Mutex
	scripted http.HandlerFunc // nil: good
	keys     []string
}

func newUpstream(t *testing.T, good http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{good: good}
	u.server = httptest.NewServer(u)
	t.Cleanup(u.server.Close)
	return u
}

func (u *upstream) script(h http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scripted = h
}

// called returns the keys of the calls since it was last asked.
func (u *upstream) called() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	keys := u.keys
	u.keys = nil
	return keys
}

// ServeHTTP implements http.Handler. The call is read first, so that a client that
// leaves is noticed.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	key := r.Header.Get("Authorization") + r.Header.Get("X-Api-Key") + r.Header.Get("X-Goog-Api-Key") + r.Header.Get("Api-Key")
	u.mu.Lock()
	u.keys = append(u.keys, strings.TrimPrefix(key, "Bearer "))
	h := u.scripted
	u.mu.Unlock()
	if h == nil {
		h = u.good
	}
	h(w, r)
}
