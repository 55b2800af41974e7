package schemas

import (
	"encoding/json"
	"strings"
)

// ResponsesRequest asks for a response: OpenAI's Responses API
// (https://platform.openai.com/docs/api-reference/responses/create), which is its
// canonical form. Fields without a comment mean what they mean there; nil and empty
// ones are not sent. A provider that only has chat is asked through the canonical form
// of a chat, by the rules of docs/translation.md: what needs a store of responses, such
// as PreviousResponseID, is refused there.
type ResponsesRequest struct {
	Provider string `json:"-"` // as in ChatRequest
	Model    string `json:"model,omitempty"`

	Input              ResponsesInput         `json:"input,omitzero"`
	Instructions       string                 `json:"instructions,omitempty"`
	PreviousResponseID string                 `json:"previous_response_id,omitempty"`
	Conversation       *ResponsesConversation `json:"conversation,omitempty"`
	Store              *bool                  `json:"store,omitempty"`
	Background         *bool                  `json:"background,omitempty"`
	Tools              []ResponsesTool        `json:"tools,omitempty"`
	ToolChoice         *ResponsesToolChoice   `json:"tool_choice,omitempty"`
	ParallelToolCalls  *bool                  `json:"parallel_tool_calls,omitempty"`
	MaxToolCalls       *int                   `json:"max_tool_calls,omitempty"`
	Text               *ResponsesText         `json:"text,omitempty"`
	Reasoning          *ResponsesReasoning    `json:"reasoning,omitempty"`
	Include            []string               `json:"include,omitempty"`
	Metadata           map[string]string      `json:"metadata,omitempty"`
	Truncation         string                 `json:"truncation,omitempty"` // "auto" or "disabled"
	MaxOutputTokens    *int                   `json:"max_output_tokens,omitempty"`
	Temperature        *float64               `json:"temperature,omitempty"`
	TopP               *float64               `json:"top_p,omitempty"`
	TopLogprobs        *int                   `json:"top_logprobs,omitempty"`
	ServiceTier        string                 `json:"service_tier,omitempty"`
	PromptCacheKey     string                 `json:"prompt_cache_key,omitempty"`
	SafetyIdentifier   string                 `json:"safety_identifier,omitempty"`
	User               string                 `json:"user,omitempty"`

	Fallbacks []Fallback `json:"-"` // as in ChatRequest

	// Extra holds further top-level fields, such as prompt, sent as they are. None
	// replaces a field above, nor stream, which the client's method decides.
	Extra map[string]json.RawMessage `json:"-"`
}

// ResponsesInput is what a model is given: text, or items if Items is not nil. The zero
// value is not sent.
type ResponsesInput struct {
	Text  string
	Items []ResponsesItem
}

// IsZero reports whether there is no input.
func (in ResponsesInput) IsZero() bool { return in.Text == "" && in.Items == nil }

// MarshalJSON writes a string or an array of items.
func (in ResponsesInput) MarshalJSON() ([]byte, error) {
	if in.Items != nil {
		return json.Marshal(in.Items)
	}
	return json.Marshal(in.Text)
}

// UnmarshalJSON reads a string or an array of items.
func (in *ResponsesInput) UnmarshalJSON(data []byte) error {
	*in = ResponsesInput{}
	return textOrList(data, &in.Text, &in.Items, "input")
}

// ResponsesConversation is a conversation that the provider keeps.
type ResponsesConversation struct {
	ID string `json:"id"`
}

// ResponsesText says how the text of an answer is to be.
type ResponsesText struct {
	Format    *ResponsesFormat `json:"format,omitempty"`
	Verbosity string           `json:"verbosity,omitempty"` // "low", "medium" or "high"
}

// ResponsesFormat is a format of the text: of type "text", "json_object" or
// "json_schema". The other fields are of the last.
type ResponsesFormat struct {
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

// ResponsesReasoning says how much a model is to reason, and what is shown of it.
type ResponsesReasoning struct {
	Effort  string `json:"effort,omitempty"`
	Summary string `json:"summary,omitempty"` // "auto", "concise" or "detailed"
}

// ResponsesTool is a tool that the model may use. Of one whose Type is not "function",
// as of those that are built in at a provider, Raw is the whole tool, and the other
// fields are not looked at.
type ResponsesTool struct {
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"` // a JSON schema
	Strict      *bool           `json:"strict,omitempty"`

	Extra map[string]json.RawMessage `json:"-"` // further fields
	Raw   json.RawMessage            `json:"-"`
}

// MarshalJSON writes Raw if there is one, else the fields.
func (t ResponsesTool) MarshalJSON() ([]byte, error) {
	if len(t.Raw) > 0 {
		return t.Raw, nil
	}
	type plain ResponsesTool
	return writeObject(plain(t), t.Extra)
}

// UnmarshalJSON reads a tool. What it cannot read is kept in Raw or Extra.
func (t *ResponsesTool) UnmarshalJSON(data []byte) error {
	type plain ResponsesTool
	var p plain
	extra, err := readObject(data, &p)
	if err != nil || p.Type != "function" {
		*t = ResponsesTool{Type: p.Type, Raw: raw(data)}
		return nil
	}
	p.Extra = extra
	*t = ResponsesTool(p)
	return nil
}

// ResponsesToolChoice is "none", "auto" or "required" in Mode, or one function by name,
// or anything else in Raw. The first that is set counts, from Raw on upwards.
type ResponsesToolChoice struct {
	Mode     string
	Function string
	Raw      json.RawMessage
}

// MarshalJSON writes Raw, or an object that names the function, or the mode.
func (t ResponsesToolChoice) MarshalJSON() ([]byte, error) {
	switch {
	case len(t.Raw) > 0:
		return t.Raw, nil
	case t.Function != "":
		return json.Marshal(struct {
			Type string `json:"type"`
			Name string `json:"name"`
		}{"function", t.Function})
	}
	return json.Marshal(t.Mode)
}

// UnmarshalJSON reads a mode, or an object.
func (t *ResponsesToolChoice) UnmarshalJSON(data []byte) error {
	*t = ResponsesToolChoice{}
	if kindOf(data) == '"' {
		return json.Unmarshal(data, &t.Mode)
	}
	var named struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	rest, err := readObject(data, &named)
	if err == nil && named.Type == "function" && named.Name != "" && rest == nil {
		t.Function = named.Name
		return nil
	}
	t.Raw = raw(data)
	return nil
}

// The statuses of a response. Queued and InProgress are those of one in the background.
const (
	ResponseCompleted  = "completed"
	ResponseIncomplete = "incomplete" // IncompleteDetails says why
	ResponseFailed     = "failed"     // Error says why
	ResponseCancelled  = "cancelled"
	ResponseQueued     = "queued"
	ResponseInProgress = "in_progress"
)

// ResponsesResponse is a response
// (https://platform.openai.com/docs/api-reference/responses/object), or a compaction,
// whose Object is "response.compaction" and whose Output is the input to go on with. A
// field that a provider writes as null is empty here.
type ResponsesResponse struct {
	ID                 string                 `json:"id"`
	Object             string                 `json:"object"`
	CreatedAt          int64                  `json:"created_at"` // Unix seconds; as ChatResponse.Created where it is translated
	Status             string                 `json:"status,omitempty"`
	Background         bool                   `json:"background"`
	Error              *ResponsesError        `json:"error,omitempty"`
	IncompleteDetails  *ResponsesIncomplete   `json:"incomplete_details,omitempty"`
	Model              string                 `json:"model,omitempty"`
	Output             []ResponsesItem        `json:"output"`
	PreviousResponseID string                 `json:"previous_response_id,omitempty"`
	Conversation       *ResponsesConversation `json:"conversation,omitempty"`
	Metadata           map[string]string      `json:"metadata,omitempty"`
	ServiceTier        string                 `json:"service_tier,omitempty"`
	Usage              *ResponsesUsage        `json:"usage,omitempty"`

	// Extra holds the further fields as they came: most repeat the request.
	Extra map[string]json.RawMessage `json:"-"`

	Served Served `json:"-"` // as in ChatResponse
}

// ResponsesError says why a response failed.
type ResponsesError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ResponsesIncomplete says why a response is incomplete.
type ResponsesIncomplete struct {
	Reason string `json:"reason"` // "max_output_tokens" or "content_filter"
}

// MarshalJSON writes the fields and Extra's.
func (r ResponsesResponse) MarshalJSON() ([]byte, error) {
	type plain ResponsesResponse
	if r.Output == nil {
		r.Output = []ResponsesItem{}
	}
	return writeObject(plain(r), r.Extra)
}

// UnmarshalJSON reads a response. What it has no field for is kept in Extra, and so is
// a field of another form.
func (r *ResponsesResponse) UnmarshalJSON(data []byte) (err error) {
	type plain ResponsesResponse
	var p plain
	p.Extra, err = readObject(data, &p)
	*r = ResponsesResponse(p)
	return err
}

// OutputText returns the text of all messages in the output, or "".
func (r *ResponsesResponse) OutputText() string {
	var b strings.Builder
	for i := range r.Output {
		if c := r.Output[i].Content; r.Output[i].Type == ItemMessage && c != nil {
			b.WriteString(c.text(PartOutputText))
		}
	}
	return b.String()
}

// ResponsesUsage counts tokens. InputTokens has the cached ones in it, OutputTokens
// those of reasoning.
type ResponsesUsage struct {
	InputTokens         int64                   `json:"input_tokens"`
	InputTokensDetails  *ResponsesInputDetails  `json:"input_tokens_details,omitempty"`
	OutputTokens        int64                   `json:"output_tokens"`
	OutputTokensDetails *ResponsesOutputDetails `json:"output_tokens_details,omitempty"`
	TotalTokens         int64                   `json:"total_tokens"`

	Extra map[string]json.RawMessage `json:"-"` // further fields
}

// ResponsesInputDetails splits the tokens of the input.
type ResponsesInputDetails struct {
	CachedTokens int64 `json:"cached_tokens"`

	Extra map[string]json.RawMessage `json:"-"` // further fields
}

// ResponsesOutputDetails splits the tokens of the output.
type ResponsesOutputDetails struct {
	ReasoningTokens int64 `json:"reasoning_tokens"`

	Extra map[string]json.RawMessage `json:"-"` // further fields
}

// MarshalJSON writes the fields and Extra's.
func (u ResponsesUsage) MarshalJSON() ([]byte, error) {
	type plain ResponsesUsage
	return writeObject(plain(u), u.Extra)
}

// UnmarshalJSON reads the usage; see ResponsesResponse.
func (u *ResponsesUsage) UnmarshalJSON(data []byte) (err error) {
	type plain ResponsesUsage
	var p plain
	p.Extra, err = readObject(data, &p)
	*u = ResponsesUsage(p)
	return err
}

// MarshalJSON writes the fields and Extra's.
func (d ResponsesInputDetails) MarshalJSON() ([]byte, error) {
	type plain ResponsesInputDetails
	return writeObject(plain(d), d.Extra)
}

// UnmarshalJSON reads the details; see ResponsesResponse.
func (d *ResponsesInputDetails) UnmarshalJSON(data []byte) (err error) {
	type plain ResponsesInputDetails
	var p plain
	p.Extra, err = readObject(data, &p)
	*d = ResponsesInputDetails(p)
	return err
}

// MarshalJSON writes the fields and Extra's.
func (d ResponsesOutputDetails) MarshalJSON() ([]byte, error) {
	type plain ResponsesOutputDetails
	return writeObject(plain(d), d.Extra)
}

// UnmarshalJSON reads the details; see ResponsesResponse.
func (d *ResponsesOutputDetails) UnmarshalJSON(data []byte) (err error) {
	type plain ResponsesOutputDetails
	var p plain
	p.Extra, err = readObject(data, &p)
	*d = ResponsesOutputDetails(p)
	return err
}
