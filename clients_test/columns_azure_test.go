package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const (
	azureModel, azureDeployment = "gpt-4o", "my-gpt-4o"
	azureEmbedder               = "text-embedding-3-small"
	azureVersion                = "2025-04-01-preview"
	azureKey                    = "azure-key-of-the-matrix"
)

// azureChat is the body of a chat call at a deployment, as
// specification/cognitiveservices/data-plane/AzureOpenAI/inference/preview/2025-04-01-preview
// of github.com/Azure/azure-rest-api-specs has it; the service refuses other fields
// ("Unrecognized request argument supplied", https://learn.microsoft.com/azure/ai-foundry/openai/reference).
// Reasoning is of the models of others in a resource.
var azureChat = fields(shape{
	"messages": fields(shape{
		"content": fields(shape{"image_url": fields(nil, "url", "detail"), "input_audio": fields(nil, "data", "format"),
			"file": fields(nil, "file_id", "filename", "file_data")}, "type", "text", "refusal"),
		"tool_calls": fields(shape{"function": fields(nil, "name", "arguments")}, "id", "type"),
	}, "role", "name", "tool_call_id", "refusal", "audio", "function_call", "context", "reasoning_content"),
	"tools":           fields(shape{"function": fields(nil, "name", "description", "parameters", "strict")}, "type"),
	"response_format": fields(shape{"json_schema": fields(nil, "name", "description", "schema", "strict")}, "type"),
	"stream_options":  fields(nil, "include_usage"),
}, "model", "temperature", "top_p", "stream", "stop", "max_tokens", "max_completion_tokens", "presence_penalty", "frequency_penalty",
	"logit_bias", "user", "n", "seed", "logprobs", "top_logprobs", "tool_choice", "parallel_tool_calls", "functions", "function_call",
	"data_sources", "reasoning_effort", "metadata", "store", "modalities", "prediction", "audio", "user_security_context")

// azureOthers are further paths of a deployment, whose bodies are not looked at here.
var azureOthers = []string{"images/generations", "audio/speech", "audio/transcriptions"}

// azureLacks: its chat gives no thinking that could come back, and has no marks for its
// cache.
var azureLacks = map[string]string{"cached usage": "Unrecognized request argument supplied", "thinking signatures return": "",
	"thinking signatures return with a tool result": "", "hidden thinking": ""}

// azureColumn is a provider of type azure before a resource with two deployments.
func azureColumn(t *testing.T, c schemas.SimulationConfig) schemas.StaticProvider {
	c.Models = []string{azureModel, azureEmbedder}
	s := azureServer{model: newMind(c), responses: responsesServer(t, c)}
	return at(t, s, azureKey, schemas.ProviderConfig{Type: "azure", Azure: &schemas.AzureConfig{APIVersion: azureVersion,
		Deployments: map[string]string{azureModel: azureDeployment}}})
}

// azureServer is a resource of Azure OpenAI: dated versions have a path for each
// deployment, the rest is in the v1 API
// (https://learn.microsoft.com/azure/ai-foundry/openai/reference and
// https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
type azureServer struct {
	model     mind
	responses http.Handler
}

func (s azureServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	if r.Header.Get("Api-Key") != azureKey || r.Header.Get("Authorization") != "" {
		azureRefuses(w, http.StatusUnauthorized, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
		return
	}
	if path, ok := strings.CutPrefix(r.URL.Path, "/openai/v1"); ok {
		s.v1(w, r, path, body)
		return
	}
	deployment, path, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/openai/deployments/"), "/")
	switch {
	case !ok || !strings.HasPrefix(r.URL.Path, "/openai/deployments/") || r.URL.RawQuery != "api-version="+azureVersion:
		azureRefuses(w, http.StatusNotFound, "404", "Resource not found")
	case path == "chat/completions" && deployment == azureDeployment:
		if name := azureChat.foreign(body); name != "" {
			azureRefuses(w, http.StatusBadRequest, "", "Unrecognized request argument supplied: "+name)
			return
		}
		s.model.serve(w, r, "/v1/chat/completions", named(body, deployment))
	case slices.Contains(azureOthers, path) && deployment == azureDeployment:
		s.model.serve(w, r, "/v1/"+path, body)
	case path == "embeddings" && deployment == azureEmbedder:
		s.model.serve(w, r, "/v1/embeddings", body)
	default:
		azureRefuses(w, http.StatusNotFound, "DeploymentNotFound", "The API deployment for this resource does not exist.")
	}
}

// v1 answers calls that have no path of a deployment; the version is not named.
func (s azureServer) v1(w http.ResponseWriter, r *http.Request, path string, body []byte) {
	switch {
	case r.URL.Query().Has("api-version"):
		azureRefuses(w, http.StatusBadRequest, "", "api-version query parameter is not allowed when using /v1 path")
	case (path == "/models" || strings.HasPrefix(path, "/models/")) && r.Method == http.MethodGet:
		s.model.serve(w, r, "/v1"+path, nil)
	case path == "/files" || strings.HasPrefix(path, "/files/"):
		s.model.serve(w, r, "/v1"+path, body)
	case path == "/responses" && r.Method == http.MethodPost:
		var in map[string]json.RawMessage
		if json.Unmarshal(body, &in) != nil || string(in["model"]) != fmt.Sprintf("%q", azureDeployment) {
			azureRefuses(w, http.StatusNotFound, "DeploymentNotFound", "The API deployment for this resource does not exist.")
			return
		}
		respond(s.responses, w, r, body)
	default:
		azureRefuses(w, http.StatusNotFound, "404", "Resource not found")
	}
}

func azureRefuses(w http.ResponseWriter, status int, code, message string) {
	tell(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// responsesServer speaks the Responses API of a model that has chat: it is a gateway of
// its own. What the columns are about is the way there, not this.
func responsesServer(t *testing.T, c schemas.SimulationConfig) http.Handler {
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{
		"model": {Config: schemas.ProviderConfig{Type: "simulated", Simulation: &c}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, client) })
	return gateway.New(client, gateway.Options{})
}

// named returns a body with another model.
func named(body []byte, model string) []byte {
	var in map[string]json.RawMessage
	if json.Unmarshal(body, &in) != nil || in == nil {
		return body
	}
	in["model"] = json.RawMessage(fmt.Sprintf("%q", model))
	body, _ = json.Marshal(in) // it was JSON before
	return body
}

// respond answers a call of the Responses API.
func respond(h http.Handler, w http.ResponseWriter, r *http.Request, body []byte) {
	body = named(body, "model/any")
	inner := r.Clone(r.Context())
	inner.URL.Path, inner.URL.RawPath, inner.URL.RawQuery = "/v1/responses", "", ""
	inner.Body, inner.ContentLength = io.NopCloser(strings.NewReader(string(body))), int64(len(body))
	h.ServeHTTP(w, inner)
}

// tell answers with JSON.
func tell(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
