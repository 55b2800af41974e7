package openai

import (
	"encoding/json"
	"net/http"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// readResponse is a response as a provider writes it
// (https://platform.openai.com/docs/api-reference/responses/object).
type readResponse struct {
	ID                string            `json:"id"`
	CreatedAt         lenientInt        `json:"created_at"`
	Model             string            `json:"model"`
	Status            string            `json:"status"`
	Error             json.RawMessage   `json:"error"`
	IncompleteDetails incompleteDetails `json:"incomplete_details"`
	Output            []json.RawMessage `json:"output"` // readItem, and items of tools of the provider's own
	Usage             *readUsage        `json:"usage"`
}

// readItem is an item of the output; which field is set depends on Type.
type readItem struct {
	Type             string     `json:"type"`
	ID               string     `json:"id"`
	Content          []readPart `json:"content"`
	Summary          []readPart `json:"summary"`
	EncryptedContent string     `json:"encrypted_content"`
	CallID           string     `json:"call_id"`
	Name             string     `json:"name"`
	Arguments        string     `json:"arguments"`
	ThoughtSignature string     `json:"thought_signature"` // Perplexity
}

type readPart struct {
	Type     string            `json:"type"`
	Text     string            `json:"text"`
	Refusal  string            `json:"refusal"`
	Logprobs []json.RawMessage `json:"logprobs"`
}

// readUsage counts tokens as responsesUsage does; the names of the cached ones differ.
type readUsage struct {
	InputTokens        int `json:"input_tokens"`
	InputTokensDetails struct {
		CachedTokens  int `json:"cached_tokens"`
		CacheRead     int `json:"cache_read_input_tokens"`     // Perplexity
		CacheCreation int `json:"cache_creation_input_tokens"` // Perplexity
	} `json:"input_tokens_details"`
	OutputTokens        int `json:"output_tokens"`
	OutputTokensDetails struct {
		ReasoningTokens int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	TotalTokens int `json:"total_tokens"`
}

func (u *readUsage) canonical() *schemas.Usage {
	if u == nil {
		return nil
	}
	in := u.InputTokensDetails
	return &schemas.Usage{PromptTokens: u.InputTokens, CompletionTokens: u.OutputTokens, TotalTokens: u.TotalTokens,
		PromptTokensDetails:     &schemas.PromptTokensDetails{CachedTokens: max(in.CachedTokens, in.CacheRead), CacheWriteTokens: in.CacheCreation},
		CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: u.OutputTokensDetails.ReasoningTokens}}
}

// itemOf reads an item of the output. One of another kind has nothing that is read.
func itemOf(raw json.RawMessage) (*readItem, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &kind) == nil && kind.Type != itemMessage && kind.Type != itemReasoning && kind.Type != itemCall {
		return &readItem{Type: kind.Type}, nil
	}
	item := &readItem{}
	if json.Unmarshal(raw, item) != nil {
		return nil, dialect.BadAnswer("an item of the answer is not one of the Responses API; check network_config.base_url and the provider's type")
	}
	return item, nil
}

// DecodeResponseAsChat reads a whole answer of the Responses API as that of a chat. key is
// the used credential, masked in an error that the answer may carry instead.
func DecodeResponseAsChat(data []byte, key string) (*schemas.ChatResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in readResponse
	if err := json.Unmarshal(data, &in); err != nil || in.Output == nil {
		return nil, dialect.BadAnswer("the answer is not a response; check network_config.base_url and the provider's type")
	}
	r := newItemReader()
	r.about(&in)
	for i, raw := range in.Output {
		item, err := itemOf(raw)
		if err != nil {
			return nil, err
		}
		r.done(i, item)
	}
	if err := r.finish(&in, in.Status); err != nil {
		return nil, err
	}
	var all schemas.ChatAccumulator
	for _, chunk := range r.chunks {
		all.Add(chunk)
	}
	return all.Response(), nil
}

// finishOf returns why an answer ended whose status is known; calls tells that it calls
// functions.
func finishOf(in *readResponse, status string, calls bool) (string, error) {
	switch status {
	case statusFailed, statusCancelled:
		return "", &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, StatusCode: http.StatusInternalServerError,
			Message: "the provider says that the answer has failed; try again"}
	case statusInProgress, "queued":
		return "", dialect.BadAnswer("the provider has not finished the answer, as for a call in the background; make the call without background")
	case statusIncomplete:
		if in.IncompleteDetails.Reason == "content_filter" {
			return "content_filter", nil
		}
		return "length", nil
	}
	if calls {
		return "tool_calls", nil
	}
	return "stop", nil
}
