package providers_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/providers"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

var awsKeys = schemas.BedrockConfig{Region: "eu-west-1", AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "invented"}

func TestBedrockWithSignaturesPassesTheConformanceSuite(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		up := providertest.NewUpstream(t)
		own := awsKeys
		cfg := schemas.ProviderConfig{Type: "bedrock", Bedrock: &own, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL}}
		return providertest.Fixture{Provider: build(t, "mine", cfg), Upstream: up, Model: models["bedrock"]}
	})
}

func TestASignedModelsPathArrivesAsItWasSigned(t *testing.T) {
	up := providertest.NewUpstream(t)
	own := awsKeys
	p := build(t, "mine", schemas.ProviderConfig{Type: "bedrock", Bedrock: &own, NetworkConfig: schemas.NetworkConfig{BaseURL: up.URL + "/prefix/"}})
	const model = "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude"
	// The upstream answers in another dialect: what it received is of interest.
	_, _ = p.Call(t.Context(), &schemas.Attempt{Request: &schemas.Request{Operation: schemas.OperationChat, Model: model,
		Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
	calls := up.Received()
	if len(calls) != 1 || calls[0].Path != "/prefix/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.anthropic.claude/converse" {
		t.Fatalf("got %+v", calls)
	}
	if auth := calls[0].Header.Get("Authorization"); !strings.Contains(auth, "/eu-west-1/bedrock/aws4_request") || !strings.Contains(auth, "SignedHeaders=content-type;host;x-amz-date,") {
		t.Errorf("got %s", auth)
	}
}

// vertexAt returns a provider of type vertex at an upstream.
func vertexAt(t *testing.T, url string, own schemas.VertexConfig) schemas.Provider {
	t.Helper()
	return build(t, "mine", schemas.ProviderConfig{Type: "vertex", Vertex: &own, NetworkConfig: schemas.NetworkConfig{BaseURL: url}})
}

// claudeAtVertex shows the calls that are right at Vertex AI as Anthropic's own API has
// them.
func claudeAtVertex(good http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // read before
		r.Body = io.NopCloser(bytes.NewReader(body))
		const models = "/v1/projects/p-1/locations/global/publishers/anthropic/models/"
		stream := gjson.GetBytes(body, "stream").Bool()
		switch path := strings.TrimPrefix(r.URL.Path, models); {
		case gjson.GetBytes(body, "anthropic_version").String() != "vertex-2023-10-16":
			http.Error(w, "no version", http.StatusBadRequest)
			return
		case path == "count-tokens:rawPredict" && gjson.GetBytes(body, "model").String() == claudeModel:
			r.URL.Path = "/v1/messages/count_tokens"
		case !gjson.GetBytes(body, "model").Exists() && (path == claudeModel+":rawPredict" && !stream || path == claudeModel+":streamRawPredict" && stream):
			r.URL.Path = "/v1/messages"
		default:
			http.Error(w, "no such path, or a model in the body", http.StatusNotFound)
			return
		}
		r.Header.Set("Anthropic-Version", "in the body")
		good(w, r)
	}
}

const claudeModel = "claude-sonnet-4@20250514"

func TestVertexWithClaudePassesTheConformanceSuite(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Fixture {
		up := providertest.NewUpstream(t)
		return providertest.Fixture{Provider: vertexAt(t, up.URL, schemas.VertexConfig{Project: "p-1"}), Upstream: up, Key: key, Model: claudeModel,
			Lacks: []schemas.Operation{schemas.OperationEmbeddings}, Routed: claudeAtVertex}
	})
}

func TestVertexWithoutAProjectSaysSo(t *testing.T) {
	t.Setenv("GOOGLE_CLOUD_PROJECT", "")
	_, err := vertexAt(t, "http://127.0.0.1:1", schemas.VertexConfig{}).Call(t.Context(), &schemas.Attempt{Key: key,
		Request: &schemas.Request{Operation: schemas.OperationChat, Model: claudeModel, Chat: &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}})
	if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "vertex.project") {
		t.Errorf("got %v", err)
	}
}

func TestATableOfAnotherCloudIsRefused(t *testing.T) {
	for typ, cfg := range map[string]schemas.ProviderConfig{
		"openai":  {Vertex: &schemas.VertexConfig{}},
		"bedrock": {Vertex: &schemas.VertexConfig{}},
		"vertex":  {Bedrock: &schemas.BedrockConfig{}},
	} {
		cfg.Type = typ
		if _, err := providers.Build("mine", cfg); !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), "is for type") {
			t.Errorf("%s: got %v", typ, err)
		}
	}
}
