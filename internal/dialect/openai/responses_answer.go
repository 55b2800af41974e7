package openai

import (
	"encoding/json"

	"bifrost/schemas"
)

// Statuses of a response and of its items.
const (
	statusInProgress = "in_progress"
	statusCompleted  = "completed"
	statusIncomplete = "incomplete"
	statusFailed     = "failed"
	statusCancelled  = "cancelled"
)

// responseWire is a response
// (https://platform.openai.com/docs/api-reference/responses/object). What the call asked
// for is repeated as it was.
type responseWire struct {
	ID                 string             `json:"id"`
	Object             string             `json:"object"`
	CreatedAt          int64              `json:"created_at"` // Unix seconds
	Status             string             `json:"status"`
	Background         bool               `json:"background"`
	Error              *responseError     `json:"error"`
	IncompleteDetails  *incompleteDetails `json:"incomplete_details"`
	Instructions       json.RawMessage    `json:"instructions"`
	MaxOutputTokens    json.RawMessage    `json:"max_output_tokens"`
	MaxToolCalls       json.RawMessage    `json:"max_tool_calls"`
	Metadata           json.RawMessage    `json:"metadata"`
	Model              string             `json:"model"`
	Output             []answerItem       `json:"output"`
	ParallelToolCalls  json.RawMessage    `json:"parallel_tool_calls"`
	PreviousResponseID *string            `json:"previous_response_id"`
	Reasoning          json.RawMessage    `json:"reasoning"`
	Store              bool               `json:"store"`
	Temperature        json.RawMessage    `json:"temperature"`
	Text               json.RawMessage    `json:"text"`
	ToolChoice         json.RawMessage    `json:"tool_choice"`
	Tools              json.RawMessage    `json:"tools"`
	TopLogprobs        json.RawMessage    `json:"top_logprobs"`
	TopP               json.RawMessage    `json:"top_p"`
	Truncation         string             `json:"truncation"`
	User               json.RawMessage    `json:"user"`
	Usage              *responsesUsage    `json:"usage"`
}

type responseError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type incompleteDetails struct {
	Reason string `json:"reason"`
}

// newResponse returns a response to a call with the given fields, which has begun.
func newResponse(asked map[string]json.RawMessage) responseWire {
	given := func(name, otherwise string) json.RawMessage {
		if v := asked[name]; len(v) > 0 && string(v) != "null" {
			return v
		}
		return json.RawMessage(otherwise)
	}
	return responseWire{Object: "response", Status: statusInProgress, Output: []answerItem{}, Truncation: "disabled",
		Instructions: given("instructions", "null"), MaxOutputTokens: given("max_output_tokens", "null"),
		MaxToolCalls: given("max_tool_calls", "null"), Metadata: given("metadata", "{}"),
		ParallelToolCalls: given("parallel_tool_calls", "true"), Reasoning: given("reasoning", `{"effort":null,"summary":null}`),
		Temperature: given("temperature", "null"), Text: given("text", `{"format":{"type":"text"}}`),
		ToolChoice: given("tool_choice", `"auto"`), Tools: given("tools", "[]"), TopLogprobs: given("top_logprobs", "0"),
		TopP: given("top_p", "null"), User: given("user", "null")}
}

// answerItem is an item of a response's output; which field is set depends on Type.
type answerItem struct {
	Type             string       `json:"type"`
	ID               string       `json:"id"`
	Status           string       `json:"status,omitempty"`
	Role             string       `json:"role,omitempty"`
	Content          []answerPart `json:"content,omitzero"`
	Summary          []answerPart `json:"summary,omitzero"`
	EncryptedContent string       `json:"encrypted_content,omitempty"`
	CallID           string       `json:"call_id,omitempty"`
	Name             *string      `json:"name,omitempty"`
	Arguments        *string      `json:"arguments,omitempty"`
}

// Types of the parts of an item.
const (
	partText    = "output_text"
	partRefusal = "refusal"
	partSummary = "summary_text"
)

// answerPart is a part of a message, or of a summary of reasoning.
type answerPart struct {
	Type        string            `json:"type"`
	Text        *string           `json:"text,omitempty"`
	Refusal     *string           `json:"refusal,omitempty"`
	Annotations []json.RawMessage `json:"annotations,omitzero"`
	Logprobs    []json.RawMessage `json:"logprobs,omitzero"`
}

func newPart(typ, text string, logprobs []json.RawMessage) answerPart {
	switch typ {
	case partRefusal:
		return answerPart{Type: typ, Refusal: &text}
	case partSummary:
		return answerPart{Type: typ, Text: &text}
	}
	return answerPart{Type: typ, Text: &text, Annotations: []json.RawMessage{}, Logprobs: listed(logprobs)}
}

// listed returns a list that is never null.
func listed(all []json.RawMessage) []json.RawMessage {
	if all == nil {
		return []json.RawMessage{}
	}
	return all
}

// responsesUsage counts tokens: those of the input have the cached ones in them, those of
// the output those of reasoning.
type responsesUsage struct {
	InputTokens        int `json:"input_tokens"`
	InputTokensDetails struct {
		CachedTokens int `json:"cached_tokens"`
	} `json:"input_tokens_details"`
	OutputTokens        int `json:"output_tokens"`
	OutputTokensDetails struct {
		ReasoningTokens int `json:"reasoning_tokens"`
	} `json:"output_tokens_details"`
	TotalTokens int `json:"total_tokens"`
}

func newResponsesUsage(u *schemas.Usage) *responsesUsage {
	if u == nil {
		return nil
	}
	out := &responsesUsage{InputTokens: u.PromptTokens, OutputTokens: u.CompletionTokens, TotalTokens: u.TotalTokens}
	if d := u.PromptTokensDetails; d != nil {
		out.InputTokensDetails.CachedTokens = d.CachedTokens
	}
	if d := u.CompletionTokensDetails; d != nil {
		out.OutputTokensDetails.ReasoningTokens = d.ReasoningTokens
	}
	return out
}
