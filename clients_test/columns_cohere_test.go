package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"bifrost/schemas"
)

const (
	cohereModel    = "command-a-reasoning-08-2025"
	cohereEmbedder = "embed-v4.0"
	cohereKey      = "cohere-key-of-the-matrix"
)

// cohereLacks: its answers do not tell a refusal from another text, nor how many tokens
// were thought; one penalty excludes the other (https://docs.cohere.com/reference/errors).
var cohereLacks = map[string]string{"sampling parameters": "cannot specify both frequency_penalty and presence_penalty", "refusal": "", "refusal stream": "",
	"Responses refusal": "", "reasoning usage": "", "Responses reasoning usage": "", "hidden thinking": ""}

// cohereColumn is a provider of type cohere.
func cohereColumn(t *testing.T, c schemas.SimulationConfig) schemas.StaticProvider {
	return at(t, &cohereServer{model: newMind(c), signed: map[string]string{}}, cohereKey, schemas.ProviderConfig{Type: "cohere"})
}

// cohereServer is Cohere's API, version 2, written from
// https://docs.cohere.com/reference/about. A field that is not of a call is refused, as
// one that is not valid (https://docs.cohere.com/reference/errors). Other than Cohere's,
// its model thinks, and plans its calls of tools, only when it is told to think: the rows
// are about one model.
type cohereServer struct {
	model mind

	mu     sync.Mutex
	signed map[string]string // the model's own signature of what it thought
}

func (s *cohereServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	if r.Header.Get("Authorization") != "Bearer "+cohereKey {
		cohereRefuses(w, http.StatusUnauthorized, "invalid api token")
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /v2/chat":
		s.chat(w, r, body)
	case "POST /v2/embed":
		s.embed(w, r, body)
	case "POST /v2/rerank":
		s.rerank(w, body)
	case "GET /v1/models":
		s.models(w, r)
	default:
		cohereRefuses(w, http.StatusNotFound, "resource not found")
	}
}

func (s *cohereServer) chat(w http.ResponseWriter, r *http.Request, body []byte) {
	ask, in, err := s.read(body)
	switch {
	case err != nil:
		cohereRefuses(w, http.StatusBadRequest, "invalid request: "+err.Error())
		return
	case in.Model != cohereModel:
		cohereRefuses(w, http.StatusNotFound, fmt.Sprintf("model '%s' not found, make sure the correct model ID was used and that you have access to the model.", in.Model))
		return
	}
	stopped := s.model.stopped(r.Context(), ask)
	if in.Stream {
		s.stream(w, r, ask, stopped)
		return
	}
	got, fault := s.model.answer(r.Context(), ask)
	if fault != nil {
		cohereRefuses(w, fault.status, fault.message)
		return
	}
	said := got.Choices[0]
	message := map[string]any{"role": "assistant"}
	var content []any
	if said.Message.Reasoning != "" {
		s.sign(said.Message.Reasoning, said.Message.signature())
		content = append(content, map[string]any{"type": "thinking", "thinking": said.Message.Reasoning})
	}
	if text := said.Message.Content + said.Message.Refusal; text != "" {
		content = append(content, map[string]any{"type": "text", "text": text})
	}
	if content != nil {
		message["content"] = content
	}
	var calls []any
	for _, c := range said.Message.ToolCalls {
		calls = append(calls, map[string]any{"id": c.ID, "type": "function", "function": c.Function})
	}
	if calls != nil {
		message["tool_calls"] = calls
		if said.Message.Reasoning != "" {
			message["tool_plan"] = coherePlan
		}
	}
	tell(w, http.StatusOK, map[string]any{"id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4", "finish_reason": cohereReason(said.FinishReason, stopped),
		"message": message, "usage": cohereUsage(got.Usage)})
}

// coherePlan is what the model plans before it calls tools.
const coherePlan = "I will use the tools."

func (s *cohereServer) sign(text, signature string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed[text] = signature
}

func (s *cohereServer) signature(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed[text]
}

// cohereReason returns the finish reason of an answer.
func cohereReason(finish, stopped string) string {
	switch {
	case finish == "tool_calls":
		return "TOOL_CALL"
	case finish == "length":
		return "MAX_TOKENS"
	case stopped != "":
		return "STOP_SEQUENCE"
	}
	return "COMPLETE"
}

func cohereUsage(u *counted) map[string]any {
	if u == nil {
		u = &counted{}
	}
	tokens := map[string]any{"input_tokens": u.Prompt, "output_tokens": u.Completion}
	return map[string]any{"billed_units": tokens, "tokens": tokens, "cached_tokens": u.Details.Cached}
}

// cohereEmbed is the body of https://docs.cohere.com/reference/embed.
var cohereEmbed = fields(nil, "model", "input_type", "texts", "images", "inputs", "max_tokens", "output_dimension", "embedding_types", "truncate", "priority")

func (s *cohereServer) embed(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Model     string   `json:"model"`
		InputType string   `json:"input_type"`
		Texts     []string `json:"texts"`
		Types     []string `json:"embedding_types"`
	}
	switch name := cohereEmbed.foreign(body); {
	case name != "":
		cohereRefuses(w, http.StatusBadRequest, "invalid request: unknown field "+name)
		return
	case json.Unmarshal(body, &in) != nil || !slices.Contains([]string{"search_document", "search_query", "classification", "clustering"}, in.InputType):
		cohereRefuses(w, http.StatusBadRequest, "invalid request: valid input_type must be provided with the provided model")
		return
	case in.Model != cohereEmbedder:
		cohereRefuses(w, http.StatusNotFound, "model not found")
		return
	case len(in.Texts) == 0 || len(in.Texts) > 96 || len(in.Types) != 1 || in.Types[0] != "float":
		cohereRefuses(w, http.StatusBadRequest, "invalid request: total number of texts must be from 1 to 96, and their type float")
		return
	}
	vectors, fault := s.model.vectors(r.Context(), in.Texts)
	if fault != nil {
		cohereRefuses(w, fault.status, fault.message)
		return
	}
	tell(w, http.StatusOK, map[string]any{"id": "e-1", "texts": in.Texts, "embeddings": map[string]any{"float": vectors}, "response_type": "embeddings_by_type",
		"meta": map[string]any{"api_version": map[string]any{"version": "2"}, "billed_units": map[string]any{"input_tokens": len(in.Texts)}}})
}

// cohereRerank is the body of https://docs.cohere.com/reference/rerank.
var cohereRerank = fields(nil, "model", "query", "documents", "top_n", "max_tokens_per_doc", "priority")

// rerank ranks documents by how many words of the query they have.
func (s *cohereServer) rerank(w http.ResponseWriter, body []byte) {
	var in struct {
		Query     string   `json:"query"`
		Documents []string `json:"documents"`
		TopN      *int     `json:"top_n"`
	}
	if name := cohereRerank.foreign(body); name != "" || json.Unmarshal(body, &in) != nil || blank(in.Query) || len(in.Documents) == 0 {
		cohereRefuses(w, http.StatusBadRequest, "invalid request: query must not be empty or be only whitespace, nor the documents; unknown field "+name)
		return
	}
	type result struct {
		Index int     `json:"index"`
		Score float64 `json:"relevance_score"`
	}
	words := strings.Fields(in.Query)
	results := make([]result, len(in.Documents))
	for i, text := range in.Documents {
		found := 0
		for _, word := range words {
			if strings.Contains(text, word) {
				found++
			}
		}
		results[i] = result{i, float64(found) / float64(len(words))}
	}
	slices.SortStableFunc(results, func(a, b result) int { return int((b.Score - a.Score) * 1000) })
	if in.TopN != nil {
		results = results[:min(*in.TopN, len(results))]
	}
	tell(w, http.StatusOK, map[string]any{"id": "r-1", "results": results, "meta": map[string]any{"billed_units": map[string]any{"search_units": 1}}})
}

// models answers https://docs.cohere.com/reference/list-models.
func (s *cohereServer) models(w http.ResponseWriter, r *http.Request) {
	for name := range r.URL.Query() {
		if !slices.Contains([]string{"page_size", "page_token", "endpoint", "default_only"}, name) {
			cohereRefuses(w, http.StatusBadRequest, "invalid request: unknown parameter "+name)
			return
		}
	}
	tell(w, http.StatusOK, map[string]any{"next_page_token": "", "models": []any{
		map[string]any{"name": cohereModel, "endpoints": []string{"chat"}, "finetuned": false, "context_length": 256000, "features": []string{"reasoning", "tools"}},
		map[string]any{"name": cohereEmbedder, "endpoints": []string{"embed"}, "finetuned": false, "context_length": 128000}}})
}

func cohereRefuses(w http.ResponseWriter, status int, message string) {
	tell(w, status, map[string]any{"id": "f-1", "message": message})
}
