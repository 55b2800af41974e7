package azure_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/providers/azure"
	"bifrost/schemas"
)

const endpoint = "https://resource.openai.azure.com"

// routed returns what becomes of a call of a model.
func routed(t *testing.T, cfg schemas.AzureConfig, model, path, query, body string) (*dialect.Call, error) {
	t.Helper()
	opts, err := azure.Options(cfg, endpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	call := &dialect.Call{Method: "POST", Path: path, Query: query, Body: []byte(body)}
	err = opts.Route(model, call)
	return call, err
}

var named = map[string]string{"gpt-4o": "my-gpt4o", "my-gpt4o": "not-this"}

func TestADatedVersionHasAPathForEachDeployment(t *testing.T) {
	const body = `{"model": "gpt-4o", "odd": [1 ,2]}`
	for _, path := range []string{"/chat/completions", "/completions", "/embeddings", "/images/generations", "/images/edits",
		"/audio/speech", "/audio/transcriptions", "/audio/translations"} {
		for model, want := range map[string]string{"gpt-4o": "my-gpt4o", "": "my-gpt4o", "other.one": "other.one"} {
			call, err := routed(t, schemas.AzureConfig{APIVersion: "2024-10-21", Deployments: named}, model, path, "", body)
			if err != nil || call.Path != "/deployments/"+want+path || call.Query != "api-version=2024-10-21" || string(call.Body) != body {
				t.Errorf("%s of %q: got %s?%s %s, %v", path, model, call.Path, call.Query, call.Body, err)
			}
		}
	}
}

func TestTheModelsOfDeploymentsAreConfigured(t *testing.T) {
	opts, err := azure.Options(schemas.AzureConfig{Deployments: named}, endpoint, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := adapter.New(opts).Describe().Configured; !slices.Equal(got, []string{"gpt-4o", "my-gpt4o"}) {
		t.Errorf("got %q", got)
	}
}

func TestWhatHasNoDeploymentIsOfTheV1API(t *testing.T) {
	for _, path := range []string{"/responses", "/files", "/batches", "/models", "/models/gpt-4o", "/fine_tuning/jobs"} {
		call, err := routed(t, schemas.AzureConfig{APIVersion: "2024-10-21"}, "gpt-4o", path, "limit=2&api-version=2023-05-15", `{"model":"gpt-4o"}`)
		if err != nil || call.Path != "/v1"+path || call.Query != "limit=2" || string(call.Body) != `{"model":"gpt-4o"}` {
			t.Errorf("%s: got %s?%s %s, %v", path, call.Path, call.Query, call.Body, err)
		}
	}
}

func TestTheV1APINamesTheDeploymentInTheBody(t *testing.T) {
	for version, query := range map[string]string{"": "a=b", "preview": "a=b&api-version=preview", "latest": "a=b&api-version=latest"} {
		cfg := schemas.AzureConfig{APIVersion: version, Deployments: named}
		call, err := routed(t, cfg, "gpt-4o", "/chat/completions", "a=b&API-Version=2024-10-21", `{ "odd":1.0, "model": "gpt-4o"}`)
		if err != nil || call.Path != "/v1/chat/completions" || call.Query != query || string(call.Body) != `{ "odd":1.0, "model": "my-gpt4o"}` {
			t.Errorf("%q: got %s?%s %s, %v", version, call.Path, call.Query, call.Body, err)
		}
	}
	const form = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{\"model\":\"gpt-4o\"}\r\n--b--\r\n"
	if call, err := routed(t, schemas.AzureConfig{Deployments: named}, "gpt-4o", "/audio/transcriptions", "", form); err != nil || string(call.Body) != form {
		t.Errorf("a form: got %s, %v", call.Body, err)
	}
}

func TestTypedCallsNameTheDeploymentOnce(t *testing.T) {
	for _, cfg := range []schemas.AzureConfig{{Deployments: named}, {APIVersion: "2024-10-21", Deployments: named}} {
		opts, err := azure.Options(cfg, endpoint, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, req := range []*schemas.Request{
			{Operation: schemas.OperationChat, Model: "gpt-4o", Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}},
			{Operation: schemas.OperationTranscription, Model: "gpt-4o", Transcription: &schemas.TranscriptionRequest{File: []byte("sound")}},
		} {
			call, _, err := opts.Codec.Encode(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := opts.Route("gpt-4o", call); err != nil {
				t.Fatal(err)
			}
			if body := string(call.Body); !strings.Contains(body, "my-gpt4o") || strings.Contains(body, "not-this") || req.Model != "gpt-4o" ||
				cfg.APIVersion != "" && !strings.HasPrefix(call.Path, "/deployments/my-gpt4o/") {
				t.Errorf("%q: got %s %s", cfg.APIVersion, call.Path, body)
			}
		}
	}
}

func TestAModelThatCannotBeADeploymentIsRefused(t *testing.T) {
	for _, model := range []string{"", "..", ".", "a/b", "a%2fb", "a?b", "a b", `a\b`} {
		_, err := routed(t, schemas.AzureConfig{APIVersion: "2024-10-21"}, model, "/chat/completions", "", `{}`)
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "azure.deployments") {
			t.Errorf("%q: got %v", model, err)
		}
	}
}

func TestAVersionBeforeUsageInStreamsIsNotAskedForIt(t *testing.T) {
	most := 7
	for version, old := range map[string]bool{"2024-06-01": true, "2024-08-01-preview": true, "2024-09-01-preview": false, "2024-10-21": false, "": false, "preview": false} {
		opts, err := azure.Options(schemas.AzureConfig{APIVersion: version}, endpoint, nil)
		if err != nil {
			t.Fatal(err)
		}
		call, _, err := opts.Codec.Encode(&schemas.Request{Operation: schemas.OperationChatStream, Model: "m", Chat: &schemas.ChatRequest{IncludeUsage: true,
			MaxCompletionTokens: &most, Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}})
		if err != nil {
			t.Fatal(err)
		}
		if body := string(call.Body); strings.Contains(body, "stream_options") == old || strings.Contains(body, `"max_tokens":7`) != old {
			t.Errorf("%q: got %s", version, body)
		}
	}
}

func TestAnEndpointMeansTheSameHoweverItIsCopied(t *testing.T) {
	for _, base := range []string{endpoint, endpoint + "/openai", endpoint + "/openai/v1"} {
		if opts, err := azure.Options(schemas.AzureConfig{}, base, nil); err != nil || opts.BaseURL != endpoint+"/openai" {
			t.Errorf("%s: got %s, %v", base, opts.BaseURL, err)
		}
	}
	for says, base := range map[string]string{"network_config.base_url is missing": "", "names a deployment": endpoint + "/openai/deployments/x"} {
		if _, err := azure.Options(schemas.AzureConfig{}, base, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v", base, err)
		}
	}
}
