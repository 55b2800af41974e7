package providers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/providers/providertest"
	"bifrost/schemas"
)

func TestPerplexitysOldNamesStandForItsOwnModelAndAPreset(t *testing.T) {
	for model, want := range map[string]string{
		"sonar":               `"perplexity/sonar"  "web_search"`,
		"sonar-pro":           `"perplexity/sonar" "low" `,
		"sonar-deep-research": `"perplexity/sonar" "medium" `,
		"fast":                ` "fast" `,
		"perplexity/sonar":    `"perplexity/sonar"  `,
		"openai/gpt-5.5":      `"openai/gpt-5.5"  `,
	} {
		up := providertest.NewUpstream(t)
		up.Script(providertest.WireOfResponses().Good)
		p := build(t, "perplexity", schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
		resp, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationChat, Model: model,
			Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
		if err != nil || resp.Chat.Text() != "Hello there" {
			t.Fatalf("%s: got %+v, %v", model, resp, err)
		}
		call := up.Received()[0]
		v := gjson.GetManyBytes(call.Body, "model", "preset", "tools.0.type")
		if got := v[0].Raw + " " + v[1].Raw + " " + v[2].Raw; got != want || call.Path != "/v1/responses" {
			t.Errorf("%s: sent %s to %s, want %s", model, got, call.Path, want)
		}
	}
}

// Perplexity has no vectors of floats.
func TestPerplexitysVectorsAreNumbers(t *testing.T) {
	up := providertest.NewUpstream(t)
	up.Script(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object":"list","model":"pplx-embed-v1-4b","data":[{"object":"embedding","index":0,"embedding":"AH+A/w=="}],
			"usage":{"prompt_tokens":2,"total_tokens":2,"cost":{"total_cost":0.1}}}`)
	})
	p := build(t, "perplexity", schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
	resp, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationEmbeddings, Model: "pplx-embed-v1-4b",
		Embedding: &schemas.EmbeddingRequest{Input: []string{"hi"}, Extra: map[string]json.RawMessage{"encoding_format": json.RawMessage(`"float"`)}}}})
	if err != nil || !slices.Equal(resp.Embedding.Data[0].Embedding, []float64{0, 127, -128, -1}) || !slices.Equal(resp.Dropped, []string{"encoding_format"}) {
		t.Fatalf("got %+v, %v", resp, err)
	}
	if got := gjson.GetBytes(up.Received()[0].Body, "encoding_format").Str; got != "base64_int8" {
		t.Fatalf("asked for %q", got)
	}
}

func TestModelsWithTheResponsesAPIOnlyPassTheConformanceSuite(t *testing.T) {
	for _, typ := range []string{"openai", "azure"} {
		t.Run(typ, func(t *testing.T) {
			providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
				up := providertest.NewUpstream(t)
				p := build(t, "mine", schemas.ProviderConfig{Type: typ, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}})
				return providertest.Fixture{Provider: p, Upstream: up, Key: key, Model: "o3-pro"}
			})
		})
	}
}

func TestAzureAsksForModelsWithTheResponsesAPIOnlyByTheirDeployments(t *testing.T) {
	for _, version := range []string{"", "2024-10-21"} {
		up := providertest.NewUpstream(t)
		up.Script(providertest.WireOfResponses().Good)
		p := azureAt(t, up.URL, schemas.AzureConfig{APIVersion: version, Deployments: map[string]string{"o3-pro": "my-o3"}})
		resp, err := p.Call(t.Context(), &schemas.Attempt{Key: key, Request: &schemas.Request{Operation: schemas.OperationChat, Model: "o3-pro",
			Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
		if err != nil || resp.Chat.Text() != "Hello there" {
			t.Fatalf("got %+v, %v", resp, err)
		}
		if c := up.Received()[0]; c.Path != "/openai/v1/responses" || !strings.Contains(string(c.Body), `"model":"my-o3"`) {
			t.Errorf("%q: called %s with %s", version, c.Path, c.Body)
		}
		if info := p.Describe(); !info.OnlyResponses("o3-pro-2025-06-10") || info.OnlyResponses("o3") || slices.Contains(info.ResponsesOnly, "") {
			t.Errorf("got %+v", info)
		}
	}
}
