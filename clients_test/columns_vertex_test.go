package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost/schemas"
)

const (
	vertexGemini   = "gemini-2.5-flash"
	vertexEmbedder = "text-embedding-005"
	vertexClaude   = "claude-sonnet-4-5"
	vertexToken    = "vertex-token-of-the-matrix"

	vertexModels = "/v1/projects/p-1/locations/europe-west4/publishers/"
)

var (
	googlePart = shape{"text": nil, "thought": nil, "thoughtSignature": nil, "videoMetadata": nil, "executableCode": nil, "codeExecutionResult": nil,
		"inlineData": fields(nil, "mimeType", "data", "displayName"), "fileData": fields(nil, "mimeType", "fileUri", "displayName"),
		"functionCall": fields(nil, "name", "args"), "functionResponse": fields(nil, "name", "response", "parts")}
	googleContent = shape{"role": nil, "parts": googlePart}

	// googleRequest is the body of generateContent
	// (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference).
	// Other than in Google's other API, calls and results have no id
	// (github.com/vercel/ai issue 15664).
	googleRequest = fields(shape{
		"contents": googleContent, "systemInstruction": googleContent,
		"tools": fields(shape{"functionDeclarations": fields(nil, "name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema")},
			"googleSearch", "codeExecution", "urlContext", "retrieval"),
		"toolConfig": fields(shape{"functionCallingConfig": fields(nil, "mode", "allowedFunctionNames")}, "retrievalConfig"),
		"generationConfig": fields(shape{"thinkingConfig": fields(nil, "includeThoughts", "thinkingBudget", "thinkingLevel")},
			"temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "responseLogprobs", "logprobs", "presencePenalty",
			"frequencyPenalty", "seed", "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities", "speechConfig",
			"audioTimestamp", "mediaResolution", "routingConfig"),
	}, "safetySettings", "cachedContent", "labels", "modelArmorConfig")

	// googleCount is the body of countTokens
	// (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens).
	googleCount = fields(shape{"contents": googleContent, "systemInstruction": googleContent, "tools": googleRequest["tools"],
		"generationConfig": googleRequest["generationConfig"]}, "model", "instances")

	// googlePredict is the body of predict of a model of vectors
	// (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api).
	googlePredict = shape{"instances": fields(nil, "content", "task_type", "title"), "parameters": fields(nil, "autoTruncate", "outputDimensionality")}

	claudeBlock = fields(shape{"source": fields(nil, "type", "media_type", "data", "url", "content")}, "type", "text", "cache_control", "citations", "title", "context",
		"id", "name", "input", "tool_use_id", "content", "is_error", "thinking", "signature", "data")
	claudeTool = fields(nil, "type", "name", "description", "input_schema", "strict", "cache_control")

	// claudeRequest is the body of Messages at Vertex AI: the model is in the path, and the
	// version in the body (https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai).
	// The API refuses other fields ("Extra inputs are not permitted").
	claudeRequest = fields(shape{"messages": fields(shape{"content": claudeBlock}, "role"), "system": claudeBlock, "tools": claudeTool,
		"tool_choice": fields(nil, "type", "name", "disable_parallel_tool_use"), "metadata": fields(nil, "user_id"),
		"thinking": fields(nil, "type", "budget_tokens", "display"), "output_config": fields(shape{"format": fields(nil, "type", "schema")}, "effort"),
	}, "anthropic_version", "anthropic_beta", "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "cache_control")
	claudeCount = fields(shape{"messages": claudeRequest["messages"], "system": claudeBlock, "tools": claudeTool, "tool_choice": claudeRequest["tool_choice"],
		"thinking": claudeRequest["thinking"], "output_config": claudeRequest["output_config"]}, "anthropic_version", "anthropic_beta", "model", "cache_control")
)

// vertexColumn is a provider of type vertex, whose key is an access token. The service
// lists no models: those are listed that the key names.
func vertexColumn(models ...string) func(*testing.T, schemas.SimulationConfig) schemas.StaticProvider {
	return func(t *testing.T, c schemas.SimulationConfig) schemas.StaticProvider {
		return at(t, vertexServer{newMind(c)}, vertexToken, schemas.ProviderConfig{Type: "vertex",
			Vertex: &schemas.VertexConfig{Project: "p-1", Location: "europe-west4"}}, models...)
	}
}

// vertexServer is a project's location at Vertex AI.
type vertexServer struct{ model mind }

func (s vertexServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	publisher, target, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, vertexModels), "/models/")
	model, method, called := strings.Cut(target, ":")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+vertexToken:
		googleRefuses(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
	case r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, vertexModels) || !ok || !called || r.URL.Query().Has("key"):
		googleRefuses(w, http.StatusNotFound, "NOT_FOUND", "The requested URL was not found.")
	case publisher == "google":
		s.google(w, r, model, method, body)
	case publisher == "anthropic":
		s.anthropic(w, r, model, method, body)
	default:
		googleRefuses(w, http.StatusNotFound, "NOT_FOUND", "Publisher Model was not found.")
	}
}

func (s vertexServer) google(w http.ResponseWriter, r *http.Request, model, method string, body []byte) {
	known := map[string]shape{"generateContent": googleRequest, "streamGenerateContent": googleRequest, "countTokens": googleCount, "predict": googlePredict}[method]
	if known == nil || (model == vertexEmbedder) != (method == "predict") || model != vertexEmbedder && model != vertexGemini ||
		method == "streamGenerateContent" && r.URL.RawQuery != "alt=sse" {
		googleRefuses(w, http.StatusNotFound, "NOT_FOUND", "Publisher Model was not found or does not have the method.")
		return
	}
	if name := known.foreign(body); name != "" {
		googleRefuses(w, http.StatusBadRequest, "INVALID_ARGUMENT", fmt.Sprintf("Invalid JSON payload received. Unknown name %q: Cannot find field.", name))
		return
	}
	if method == "predict" {
		s.predict(w, r, body)
		return
	}
	if message := googleTurns(body); message != "" {
		googleRefuses(w, http.StatusBadRequest, "INVALID_ARGUMENT", message)
		return
	}
	s.model.serve(w, r, "/v1beta/models/"+model+":"+method, body)
}

// googleTurns returns what is wrong with the turns of a conversation, or "".
// https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling
func googleTurns(body []byte) string {
	var in struct {
		Contents []struct {
			Role  string                       `json:"role"`
			Parts []map[string]json.RawMessage `json:"parts"`
		} `json:"contents"`
	}
	if json.Unmarshal(body, &in) != nil || len(in.Contents) == 0 {
		return "Unable to submit request because at least one contents field is required."
	}
	open := 0 // calls without a result
	for _, c := range in.Contents {
		calls, results := 0, 0
		for _, p := range c.Parts {
			if _, is := p["functionCall"]; is {
				calls++
			}
			if _, is := p["functionResponse"]; is {
				results++
			}
		}
		switch {
		case c.Role != "user" && c.Role != "model":
			return "Please use a valid role: user, model."
		case len(c.Parts) == 0:
			return "Unable to submit request because it must have at least one part."
		case results != open:
			return "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn."
		}
		open = calls
	}
	return ""
}

// predict gives a vector for each instance.
func (s vertexServer) predict(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Instances []struct {
			Content string `json:"content"`
		} `json:"instances"`
	}
	_ = json.Unmarshal(body, &in) // its shape has been looked at
	var texts []string
	for _, one := range in.Instances {
		texts = append(texts, one.Content)
	}
	vectors, fault := s.model.vectors(r.Context(), texts)
	if fault != nil {
		googleRefuses(w, fault.status, "INTERNAL", fault.message)
		return
	}
	var predictions []any
	for i, v := range vectors {
		predictions = append(predictions, map[string]any{"embeddings": map[string]any{"values": v,
			"statistics": map[string]any{"token_count": len(strings.Fields(texts[i])), "truncated": false}}})
	}
	tell(w, http.StatusOK, map[string]any{"predictions": predictions, "metadata": map[string]any{"billableCharacterCount": len(strings.Join(texts, ""))}})
}

func (s vertexServer) anthropic(w http.ResponseWriter, r *http.Request, model, method string, body []byte) {
	var in map[string]json.RawMessage
	if json.Unmarshal(body, &in) != nil || string(in["anthropic_version"]) != `"vertex-2023-10-16"` {
		claudeRefuses(w, "anthropic_version: Field required")
		return
	}
	known, path := claudeRequest, "/v1/messages"
	switch {
	case model == "count-tokens" && method == "rawPredict" && string(in["model"]) == fmt.Sprintf("%q", vertexClaude):
		known, path = claudeCount, "/v1/messages/count_tokens"
	case model == vertexClaude && (method == "rawPredict" && string(in["stream"]) != "true" || method == "streamRawPredict" && string(in["stream"]) == "true"):
	default:
		googleRefuses(w, http.StatusNotFound, "NOT_FOUND", "Publisher Model was not found or does not have the method.")
		return
	}
	if name := known.foreign(body); name != "" {
		claudeRefuses(w, name+": Extra inputs are not permitted")
		return
	}
	delete(in, "anthropic_version")
	in["model"] = json.RawMessage(fmt.Sprintf("%q", vertexClaude))
	body, _ = json.Marshal(in) // it was JSON before
	r.Header.Set("Anthropic-Version", "2023-06-01")
	s.model.serve(w, r, path, body)
}

func googleRefuses(w http.ResponseWriter, status int, word, message string) {
	tell(w, status, map[string]any{"error": map[string]any{"code": status, "status": word, "message": message}})
}

func claudeRefuses(w http.ResponseWriter, message string) {
	tell(w, http.StatusBadRequest, map[string]any{"type": "error", "error": map[string]any{"type": "invalid_request_error", "message": message}})
}
