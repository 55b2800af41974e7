package schemas

import "encoding/json"

// CompletionRequest asks for the continuation of a text: OpenAI's legacy
// completions API.
type CompletionRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model"`

	Prompt           Strings  `json:"prompt"`
	Suffix           string   `json:"suffix,omitempty"`
	MaxTokens        *int     `json:"max_tokens,omitempty"`
	Temperature      *float64 `json:"temperature,omitempty"`
	TopP             *float64 `json:"top_p,omitempty"`
	FrequencyPenalty *float64 `json:"frequency_penalty,omitempty"`
	PresencePenalty  *float64 `json:"presence_penalty,omitempty"`
	N                *int     `json:"n,omitempty"`
	Seed             *int64   `json:"seed,omitempty"`
	Stop             Strings  `json:"stop,omitempty"`
	User             string   `json:"user,omitempty"`

	Fallbacks []Fallback                 `json:"-"` // as in ChatRequest
	Extra     map[string]json.RawMessage `json:"-"` // as in ChatRequest
}

// CompletionResponse is a whole answer.
type CompletionResponse struct {
	ID      string             `json:"id"`
	Object  string             `json:"object"`
	Created int64              `json:"created"` // Unix seconds
	Model   string             `json:"model"`
	Choices []CompletionChoice `json:"choices"`
	Usage   *Usage             `json:"usage,omitempty"`

	Served Served `json:"-"` // as in ChatResponse
}

// CompletionChoice is one of the continuations.
type CompletionChoice struct {
	Index        int             `json:"index"`
	Text         string          `json:"text"`
	FinishReason string          `json:"finish_reason"`
	Logprobs     json.RawMessage `json:"logprobs,omitempty"`
}
