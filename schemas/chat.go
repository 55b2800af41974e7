package schemas

import "encoding/json"

// ChatRequest asks for a chat completion. Fields without a comment mean what
// they mean in OpenAI's chat completions API; nil and empty ones are not sent.
type ChatRequest struct {
	// Provider names the configured provider. Empty means that Model decides:
	// "provider/model", or a name that exactly one provider's keys list.
	Provider string `json:"-"`
	Model    string `json:"model"`

	Messages            []ChatMessage   `json:"messages"`
	Tools               []Tool          `json:"tools,omitempty"`
	ToolChoice          *ToolChoice     `json:"tool_choice,omitempty"`
	ParallelToolCalls   *bool           `json:"parallel_tool_calls,omitempty"`
	ResponseFormat      *ResponseFormat `json:"response_format,omitempty"`
	MaxCompletionTokens *int            `json:"max_completion_tokens,omitempty"`
	MaxTokens           *int            `json:"max_tokens,omitempty"`
	Temperature         *float64        `json:"temperature,omitempty"`
	TopP                *float64        `json:"top_p,omitempty"`
	TopK                *int            `json:"top_k,omitempty"` // not of OpenAI's own API
	FrequencyPenalty    *float64        `json:"frequency_penalty,omitempty"`
	PresencePenalty     *float64        `json:"presence_penalty,omitempty"`
	N                   *int            `json:"n,omitempty"`
	Seed                *int64          `json:"seed,omitempty"`
	Stop                Strings         `json:"stop,omitempty"`
	ReasoningEffort     string          `json:"reasoning_effort,omitempty"`
	Logprobs            *bool           `json:"logprobs,omitempty"`
	TopLogprobs         *int            `json:"top_logprobs,omitempty"`
	User                string          `json:"user,omitempty"`

	// Thinking says more of the model's reasoning than ReasoningEffort can, where
	// the provider's dialect knows it. Nil leaves it to ReasoningEffort.
	Thinking *Thinking `json:"-"`

	// IncludeUsage asks for a last chunk with usage in a stream.
	IncludeUsage bool `json:"-"`

	// Fallbacks are asked in this order if the provider refuses or fails; see
	// Fallback.
	Fallbacks []Fallback `json:"-"`

	// Extra holds further top-level fields, sent as they are.
	Extra map[string]json.RawMessage `json:"-"`
}

// ChatMessage is one message of a conversation, or of an answer.
type ChatMessage struct {
	Role       string     `json:"role"`
	Content    *Content   `json:"content,omitempty"`
	Name       string     `json:"name,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
	Refusal    *string    `json:"refusal,omitempty"`
	// Reasoning is the model's thinking, where the provider shows it.
	Reasoning string `json:"reasoning_content,omitempty"`
	// ReasoningDetails are the pieces of thinking with what their provider needs to
	// take them back: send them with the message in the next turn.
	ReasoningDetails []ReasoningDetail `json:"reasoning_details,omitempty"`
	// IsError tells that a tool's result (role "tool") is a failure.
	IsError bool `json:"is_error,omitempty"`
}

// UserMessage returns a message of the user with plain text.
func UserMessage(text string) ChatMessage { return textMessage("user", text) }

// SystemMessage returns a system message with plain text.
func SystemMessage(text string) ChatMessage { return textMessage("system", text) }

// AssistantMessage returns a message of the model with plain text.
func AssistantMessage(text string) ChatMessage { return textMessage("assistant", text) }

func textMessage(role, text string) ChatMessage {
	return ChatMessage{Role: role, Content: TextContent(text)}
}

// Tool is a function that the model may call.
type Tool struct {
	Type     string       `json:"type"` // "function"
	Function ToolFunction `json:"function"`
	// CacheControl marks the end of what a provider may cache.
	CacheControl *CacheControl `json:"cache_control,omitempty"`
	// Raw is the whole tool as the caller wrote it if Type is not "function": one of
	// its dialect's own, which has no canonical form.
	Raw json.RawMessage `json:"-"`
}

// ToolFunction describes a function by JSON Schema.
type ToolFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

// ToolCall is a call that the model asks for. In a stream, Index says which
// call a delta belongs to; ID and Name come with its first delta.
type ToolCall struct {
	Index    *int         `json:"index,omitempty"`
	ID       string       `json:"id,omitempty"`
	Type     string       `json:"type,omitempty"`
	Function FunctionCall `json:"function"`
}

// FunctionCall is a function's name and its arguments as JSON text.
type FunctionCall struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// ResponseFormat asks for "text", "json_object" or "json_schema".
type ResponseFormat struct {
	Type       string          `json:"type"`
	JSONSchema json.RawMessage `json:"json_schema,omitempty"`
}

// ChatResponse is a whole answer.
type ChatResponse struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"`
	Created           int64        `json:"created"` // Unix seconds; when the answer began, if its provider does not say
	Model             string       `json:"model"`
	Choices           []ChatChoice `json:"choices"`
	Usage             *Usage       `json:"usage,omitempty"`
	SystemFingerprint string       `json:"system_fingerprint,omitempty"`

	// Served says who answered, and how; the client fills it in.
	Served Served `json:"-"`
}

// Text returns the text of the first choice, or "".
func (r *ChatResponse) Text() string {
	if len(r.Choices) == 0 {
		return ""
	}
	return r.Choices[0].Message.Content.PlainText()
}

// ChatChoice is one of the answers.
type ChatChoice struct {
	Index   int         `json:"index"`
	Message ChatMessage `json:"message"`
	// FinishReason is "stop", "length", "tool_calls" or "content_filter".
	FinishReason string          `json:"finish_reason"`
	Logprobs     json.RawMessage `json:"logprobs,omitempty"`
	// StopSequence is the stop sequence that ended the answer, where the provider
	// says which.
	StopSequence string `json:"-"`
}

// ChatChunk is one piece of a streamed answer.
type ChatChunk struct {
	ID                string        `json:"id"`
	Object            string        `json:"object"`
	Created           int64         `json:"created"` // Unix seconds; when the answer began, if its provider does not say
	Model             string        `json:"model"`
	Choices           []ChunkChoice `json:"choices"`
	Usage             *Usage        `json:"usage,omitempty"`
	SystemFingerprint string        `json:"system_fingerprint,omitempty"`
}

// Text returns the text of the first choice's delta, or "".
func (c *ChatChunk) Text() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Delta.Content
}

// ChunkChoice is what a chunk adds to one of the answers.
type ChunkChoice struct {
	Index int   `json:"index"`
	Delta Delta `json:"delta"`
	// FinishReason is nil until the choice's last chunk.
	FinishReason *string         `json:"finish_reason"`
	Logprobs     json.RawMessage `json:"logprobs,omitempty"`
	StopSequence string          `json:"-"` // as in ChatChoice, with the FinishReason
}

// Delta is the new part of a message.
type Delta struct {
	Role      string     `json:"role,omitempty"`
	Content   string     `json:"content,omitempty"`
	Refusal   string     `json:"refusal,omitempty"`
	Reasoning string     `json:"reasoning_content,omitempty"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
	// ReasoningDetails are pieces, or parts of them: those of one Index belong
	// together, their Text and Signature append.
	ReasoningDetails []ReasoningDetail `json:"reasoning_details,omitempty"`
}
