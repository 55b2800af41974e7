package providers_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bifrost/providers"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

// azureAt returns a provider of type azure at an upstream.
func azureAt(t *testing.T, url string, own schemas.AzureConfig) schemas.Provider {
	t.Helper()
	return build(t, "mine", schemas.ProviderConfig{Type: "azure", Azure: &own, NetworkConfig: schemas.NetworkConfig{BaseURL: url}})
}

// strictAzure lets those calls through that are right at Azure.
func strictAzure(right func(r *http.Request) bool) func(http.HandlerFunc) http.HandlerFunc {
	return func(good http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if !right(r) || r.Header.Get("Api-Key") != key.Value || r.Header.Get("Authorization") != "" {
				http.Error(w, `{"error":{"code":"404","message":"Resource not found"}}`, http.StatusNotFound)
				return
			}
			good(w, r)
		}
	}
}

func TestAzureWithPathsOfDeploymentsPassesTheConformanceSuite(t *testing.T) {
	const version = "api-version=2024-10-21"
	right := func(r *http.Request) bool {
		if r.URL.Path == "/openai/v1/models" {
			return r.URL.RawQuery == ""
		}
		return strings.HasPrefix(r.URL.Path, "/openai/deployments/my-gpt4o/") && strings.HasSuffix(r.URL.RawQuery, version)
	}
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		up := providertest.NewUpstream(t)
		p := azureAt(t, up.URL, schemas.AzureConfig{APIVersion: "2024-10-21", Deployments: map[string]string{"gpt-4o": "my-gpt4o"}})
		return providertest.Fixture{Provider: p, Upstream: up, Key: key, Model: "gpt-4o", Query: version, Routed: strictAzure(right)}
	})
}

func TestAzureWithItsV1APIPassesTheConformanceSuite(t *testing.T) {
	right := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/openai/v1/") }
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		up := providertest.NewUpstream(t)
		p := azureAt(t, up.URL+"/openai/v1/", schemas.AzureConfig{})
		return providertest.Fixture{Provider: p, Upstream: up, Key: key, Model: "my-gpt4o", Routed: strictAzure(right)}
	})
}

// azureFile reads a file of providers/azure/testdata.
func azureFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("azure/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func askAzure(t *testing.T, p schemas.Provider, req *schemas.Request) (*schemas.Response, error) {
	t.Helper()
	req.Model = "gpt-4o"
	return p.Call(t.Context(), &schemas.Attempt{Request: req, Key: key})
}

func azureChat(op schemas.Operation) *schemas.Request {
	return &schemas.Request{Operation: op, Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}
}

func azureRaw(body string) *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationRaw, Raw: &schemas.RawRequest{Method: http.MethodPost, Path: "/chat/completions",
		Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}}
}

func TestWhatAzuresFiltersAddToAnswersIsReadPastAndPassesThrough(t *testing.T) {
	up := providertest.NewUpstream(t)
	p := azureAt(t, up.URL, schemas.AzureConfig{APIVersion: "2024-10-21"})
	answers := func(kind, text string) {
		up.Script(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, text)
		})
	}
	for _, name := range []string{"stream.sse", "stream_asynchronous_filter.sse"} {
		stream := azureFile(t, name)
		answers("text/event-stream", stream)
		resp, err := askAzure(t, p, azureChat(schemas.OperationChatStream))
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for {
			chunk, err := resp.Stream.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text += chunk.Text()
		}
		if text != "Blue." {
			t.Errorf("%s: got %q", name, text)
		}
		if resp, err = askAzure(t, p, azureRaw(`{"model":"gpt-4o","stream":true}`)); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Raw.Body); err != nil || string(got) != stream {
			t.Errorf("%s: passed on %s, %v", name, got, err)
		}
	}
	answers("application/json", azureFile(t, "chat.json"))
	resp, err := askAzure(t, p, azureChat(schemas.OperationChat))
	if err != nil || resp.Chat.Text() != "Blue." || resp.Chat.Usage.TotalTokens != 13 {
		t.Errorf("got %+v, %v", resp, err)
	}
}

func TestAzuresRefusalsHaveTheirKindAndKeepTheirWords(t *testing.T) {
	up := providertest.NewUpstream(t)
	p := azureAt(t, up.URL, schemas.AzureConfig{APIVersion: "2024-10-21"})
	for _, c := range []struct {
		file   string
		status int
		header http.Header
		kind   schemas.ErrorKind
		wait   time.Duration
		word   string
	}{
		{"error_content_filter.json", 400, nil, schemas.KindInvalidRequest, 0, "ResponsibleAIPolicyViolation"},
		{"error_401.json", 401, nil, schemas.KindUnauthorized, 0, "Access denied"},
		{"error_deployment_not_found.json", 404, nil, schemas.KindNotFound, 0, "DeploymentNotFound"},
		{"error_429.json", 429, http.Header{"Retry-After": {"26"}}, schemas.KindRateLimited, 26 * time.Second, "rate limit"},
		{"error_429.json", 429, http.Header{"Retry-After": {"1"}, "Retry-After-Ms": {"125"}}, schemas.KindRateLimited, 125 * time.Millisecond, "rate limit"},
	} {
		up.Script(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for name, values := range c.header {
				w.Header()[name] = values
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, azureFile(t, c.file))
		})
		for _, req := range []*schemas.Request{azureChat(schemas.OperationChat), azureChat(schemas.OperationChatStream), azureRaw(`{"model":"gpt-4o"}`)} {
			_, err := askAzure(t, p, req)
			var e *schemas.Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.StatusCode != c.status || e.RetryAfter != c.wait || !strings.Contains(string(e.Upstream.Body), c.word) {
				t.Errorf("%s, %s: got %+v", c.file, req.Operation, err)
			}
		}
	}
}

func TestARawCallKeepsEveryByteOnItsWayToADeployment(t *testing.T) {
	up := providertest.NewUpstream(t)
	p := azureAt(t, up.URL+"/behind/a/gateway/", schemas.AzureConfig{APIVersion: "2025-04-01-preview", Deployments: map[string]string{"gpt-4o": "my-gpt4o"}})
	const body = `{ "model":"gpt-4o", "data_sources":[ {"type":"azure_search"} ], "messages":[{"role":"user","content":"hi"}], "odd":1.0}`
	req := azureRaw(body)
	req.Raw.Header.Set("X-Ms-Client-Request-Id", "1")
	req.Raw.Header.Set("Api-Key", "of the caller")
	if _, err := askAzure(t, p, req); err != nil {
		t.Fatal(err)
	}
	got := up.Received()[0]
	if got.Path != "/behind/a/gateway/openai/deployments/my-gpt4o/chat/completions" || got.Query != "api-version=2025-04-01-preview" ||
		string(got.Body) != body || got.Header.Get("X-Ms-Client-Request-Id") != "1" || got.Header.Get("Api-Key") != key.Value {
		t.Errorf("got %s?%s %s %v", got.Path, got.Query, got.Body, got.Header)
	}
}

func TestAzureNeedsTheAddressOfItsResource(t *testing.T) {
	for says, cfg := range map[string]schemas.ProviderConfig{
		"network_config.base_url is missing": {Type: "azure"},
		"names a deployment":                 {Type: "azure", NetworkConfig: schemas.NetworkConfig{BaseURL: "https://h/openai/deployments/d"}},
		"azure.api_version must be a date":   {Type: "azure", Azure: &schemas.AzureConfig{APIVersion: "v3"}},
		`azure.deployments."m" must be`:      {Type: "azure", Azure: &schemas.AzureConfig{Deployments: map[string]string{"m": "../x"}}},
		"belong together":                    {Type: "azure", Azure: &schemas.AzureConfig{ClientSecret: "secret"}},
		"azure is for type":                  {Type: "openai", Azure: &schemas.AzureConfig{}},
	} {
		if _, err := providers.Build("mine", cfg); !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret\"") {
			t.Errorf("want %q: got %v", says, err)
		}
	}
}
