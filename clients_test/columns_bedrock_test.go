package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"bifrost/schemas"
)

const (
	bedrockModel    = "anthropic.claude-sonnet-4-5-20250929-v1:0"
	bedrockEmbedder = "cohere.embed-v4:0"
	bedrockKey      = "bedrock-key-of-the-matrix"
)

// bedrockLacks: its TokenUsage does not tell what was thought
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html),
// which the row of hidden thinking asks for, too.
var bedrockLacks = map[string]string{"reasoning usage": "", "Responses reasoning usage": "", "hidden thinking": ""}

// bedrockColumn is a provider of type bedrock. The runtime's host lists no models: those
// are listed that the key names.
func bedrockColumn(t *testing.T, c schemas.SimulationConfig) schemas.StaticProvider {
	return at(t, &bedrockServer{model: newMind(c)}, bedrockKey, schemas.ProviderConfig{Type: "bedrock",
		Bedrock: &schemas.BedrockConfig{Region: "eu-west-1"}}, bedrockModel, bedrockEmbedder)
}

// bedrockServer is the host of Bedrock's runtime in a region, with a model of Anthropic's
// and one of Cohere's, written from
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html.
type bedrockServer struct {
	model mind

	mu     sync.Mutex
	calls  int
	signed map[string]string // what was thought, by its signature
}

func (s *bedrockServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	w.Header().Set("X-Amzn-Requestid", s.requestID())
	parts := strings.Split(r.URL.EscapedPath(), "/") // a model's ":" and "/" are escaped
	if r.Method != http.MethodPost || len(parts) != 4 || parts[0] != "" || parts[1] != "model" {
		bedrockRefuses(w, http.StatusNotFound, "UnknownOperationException", "")
		return
	}
	model, err := url.PathUnescape(parts[2])
	switch {
	case r.Header.Get("Authorization") != "Bearer "+bedrockKey:
		bedrockRefuses(w, http.StatusForbidden, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.")
	case r.Header.Get("Content-Type") != "application/json":
		bedrockRefuses(w, http.StatusUnsupportedMediaType, "UnsupportedMediaTypeException", "")
	case err != nil || model != bedrockModel && model != bedrockEmbedder || strings.Contains(parts[2], ":"):
		bedrockInvalid(w, "The provided model identifier is invalid.")
	case model == bedrockEmbedder && parts[3] == "invoke":
		s.embed(w, r, body)
	case model == bedrockEmbedder:
		bedrockInvalid(w, "This action doesn't support the model that you provided. Try again with a supported text or chat model.")
	case parts[3] == "converse" || parts[3] == "converse-stream":
		s.converse(w, r, body, parts[3] == "converse-stream")
	case parts[3] == "count-tokens":
		s.count(w, r, body)
	default:
		bedrockRefuses(w, http.StatusNotFound, "UnknownOperationException", "")
	}
}

func (s *bedrockServer) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.calls)
}

// sign remembers what was thought; text is nil for what the caller was not shown.
func (s *bedrockServer) sign(signature, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.signed == nil {
		s.signed = map[string]string{}
	}
	s.signed[signature] = text
}

// genuine reports whether a thought comes back as it was given.
func (s *bedrockServer) genuine(signature, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, known := s.signed[signature]
	return known && was == text
}

func (s *bedrockServer) converse(w http.ResponseWriter, r *http.Request, body []byte, stream bool) {
	ask, in, err := s.read(body)
	if err != nil {
		bedrockInvalid(w, err.Error())
		return
	}
	stopped := s.model.stopped(r.Context(), ask)
	if stream {
		s.stream(w, r, ask, in, stopped)
		return
	}
	got, fault := s.model.answer(r.Context(), ask)
	if fault != nil {
		bedrockFails(w, fault)
		return
	}
	said := got.Choices[0]
	reason := bedrockReason(said.FinishReason, said.Message, stopped)
	answer := map[string]any{"output": map[string]any{"message": map[string]any{"role": "assistant", "content": s.blocks(said.Message, in)}},
		"stopReason": reason, "usage": bedrockUsage(got.Usage), "metrics": map[string]any{"latencyMs": 1}}
	if more := in.more(stopped); more != nil {
		answer["additionalModelResponseFields"] = more
	}
	tell(w, http.StatusOK, answer)
}

// blocks returns the content of a whole answer.
func (s *bedrockServer) blocks(m saying, in *converse) []any {
	blocks := []any{}
	if m.Reasoning != "" {
		shown := m.Reasoning
		if in.hidden() {
			shown = ""
		}
		s.sign(m.signature(), shown)
		blocks = append(blocks, map[string]any{"reasoningContent": map[string]any{
			"reasoningText": map[string]any{"text": shown, "signature": m.signature()}}})
	}
	if text := m.Content + m.Refusal; text != "" {
		blocks = append(blocks, map[string]any{"text": text})
	}
	for _, c := range m.ToolCalls {
		blocks = append(blocks, map[string]any{"toolUse": map[string]any{"toolUseId": c.ID, "name": c.Function.Name,
			"input": json.RawMessage(c.Function.Arguments)}})
	}
	return blocks
}

// signature is that of what was thought.
func (m saying) signature() string {
	for _, d := range m.Details {
		if d.Data != "" {
			return d.Data
		}
	}
	return ""
}

// bedrockReason returns the stop reason of an answer.
func bedrockReason(finish string, m saying, stopped string) string {
	switch {
	case m.Refusal != "" || finish == "content_filter":
		return "content_filtered"
	case finish == "tool_calls":
		return "tool_use"
	case finish == "length":
		return "max_tokens"
	case stopped != "":
		return "stop_sequence"
	}
	return "end_turn"
}

// bedrockUsage counts as TokenUsage does: the tokens of the cache are apart.
// https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
func bedrockUsage(u *counted) map[string]any {
	if u == nil {
		u = &counted{}
	}
	return map[string]any{"inputTokens": u.Prompt - u.Details.Cached - u.Details.Wrote, "outputTokens": u.Completion,
		"totalTokens": u.Prompt + u.Completion, "cacheReadInputTokens": u.Details.Cached, "cacheWriteInputTokens": u.Details.Wrote}
}

// count answers CountTokens
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html).
func (s *bedrockServer) count(w http.ResponseWriter, r *http.Request, body []byte) {
	if name := bedrockCount.foreign(body); name != "" {
		bedrockInvalid(w, "extraneous key ["+name+"] is not permitted")
		return
	}
	var in struct {
		Input struct {
			Converse json.RawMessage `json:"converse"`
		} `json:"input"`
	}
	_ = json.Unmarshal(body, &in) // its shape has been looked at
	ask, _, err := s.read(in.Input.Converse)
	if err != nil {
		bedrockInvalid(w, err.Error())
		return
	}
	got, fault := s.model.answer(r.Context(), ask)
	if fault != nil {
		bedrockFails(w, fault)
		return
	}
	tell(w, http.StatusOK, map[string]any{"inputTokens": got.Usage.Prompt})
}

// bedrockEmbed is the body of Embed 4
// (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html).
var bedrockEmbed = fields(nil, "input_type", "texts", "images", "inputs", "embedding_types", "output_dimension", "max_tokens", "truncate")

func (s *bedrockServer) embed(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		InputType string   `json:"input_type"`
		Texts     []string `json:"texts"`
		Types     []string `json:"embedding_types"`
	}
	switch name := bedrockEmbed.foreign(body); {
	case name != "":
		bedrockInvalid(w, "Malformed input request: #: extraneous key ["+name+"] is not permitted, please reformat your input and try again.")
		return
	case json.Unmarshal(body, &in) != nil || !slices.Contains([]string{"search_document", "search_query", "classification", "clustering"}, in.InputType):
		bedrockInvalid(w, "Malformed input request: #: required key [input_type] not found, please reformat your input and try again.")
		return
	case len(in.Texts) == 0 || len(in.Texts) > 96:
		bedrockInvalid(w, "Malformed input request: #/texts: expected 1 to 96 items, please reformat your input and try again.")
		return
	}
	vectors, fault := s.model.vectors(r.Context(), in.Texts)
	if fault != nil {
		bedrockFails(w, fault)
		return
	}
	w.Header().Set("X-Amzn-Bedrock-Input-Token-Count", strconv.Itoa(len(strings.Fields(strings.Join(in.Texts, " ")))))
	answer := map[string]any{"id": "e-1", "texts": in.Texts, "response_type": "embeddings_floats", "embeddings": vectors}
	if len(in.Types) > 0 {
		answer["response_type"], answer["embeddings"] = "embeddings_by_type", map[string]any{"float": vectors}
	}
	tell(w, http.StatusOK, answer)
}

// bedrockFails answers what the model did not. How the service calls it:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors
func bedrockFails(w http.ResponseWriter, f *fault) {
	name := map[int]string{http.StatusTooManyRequests: "ThrottlingException", http.StatusBadRequest: "ValidationException",
		http.StatusNotFound: "ResourceNotFoundException", http.StatusServiceUnavailable: "ServiceUnavailableException"}[f.status]
	if name == "" {
		f.status, name = http.StatusInternalServerError, "InternalServerException"
	}
	bedrockRefuses(w, f.status, name, f.message)
}

func bedrockInvalid(w http.ResponseWriter, message string) {
	bedrockRefuses(w, http.StatusBadRequest, "ValidationException", message)
}

func bedrockRefuses(w http.ResponseWriter, status int, name, message string) {
	w.Header().Set("X-Amzn-Errortype", name+":http://internal.amazon.com/coral/com.amazon.bedrock/")
	tell(w, status, map[string]any{"message": message})
}
