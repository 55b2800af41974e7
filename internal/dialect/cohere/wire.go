package cohere

import (
	"bytes"
	"encoding/json"

	"bifrost/internal/dialect"
)

// The roles.
const (
	roleSystem    = "system"
	roleDeveloper = "developer" // not of the dialect
	roleUser      = "user"
	roleAssistant = "assistant"
	roleTool      = "tool"
)

// The types of items of content.
const (
	itemText     = "text"
	itemThinking = "thinking"
	itemImage    = "image_url"
	itemDocument = "document"
)

// typeFunction is the type of every tool and call.
const typeFunction = "function"

// requestWire asks for a chat.
type requestWire struct {
	Model            string        `json:"model"`
	Stream           bool          `json:"stream"`
	Messages         []messageWire `json:"messages"`
	Tools            []toolWire    `json:"tools,omitempty"`
	StrictTools      *bool         `json:"strict_tools,omitempty"`
	ToolChoice       string        `json:"tool_choice,omitempty"` // "" leaves it to the model
	ResponseFormat   *formatWire   `json:"response_format,omitempty"`
	MaxTokens        *int          `json:"max_tokens,omitempty"`
	StopSequences    []string      `json:"stop_sequences,omitempty"`
	Temperature      *float64      `json:"temperature,omitempty"`
	P                *float64      `json:"p,omitempty"`
	K                *int          `json:"k,omitempty"`
	Seed             *int64        `json:"seed,omitempty"`
	FrequencyPenalty *float64      `json:"frequency_penalty,omitempty"`
	PresencePenalty  *float64      `json:"presence_penalty,omitempty"`
	Logprobs         *bool         `json:"logprobs,omitempty"`
	Thinking         *thinkingWire `json:"thinking,omitempty"`
}

// messageWire is a message, of a request or an answer.
type messageWire struct {
	Role       string       `json:"role"`
	Content    *contentWire `json:"content,omitempty"`
	ToolPlan   string       `json:"tool_plan,omitempty"`
	ToolCalls  []callWire   `json:"tool_calls,omitempty"`
	ToolCallID string       `json:"tool_call_id,omitempty"`
}

// contentWire is a text, or items if Items is not nil.
type contentWire struct {
	Text  string
	Items []itemWire
}

// MarshalJSON implements json.Marshaler.
func (c contentWire) MarshalJSON() ([]byte, error) {
	if c.Items != nil {
		return json.Marshal(c.Items)
	}
	return json.Marshal(c.Text)
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *contentWire) UnmarshalJSON(data []byte) error {
	*c = contentWire{}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &c.Text)
	}
	return json.Unmarshal(data, &c.Items)
}

// itemWire is an item of content; which field is set depends on Type. The deltas of a
// stream have no Type.
type itemWire struct {
	Type     string        `json:"type,omitempty"`
	Text     *string       `json:"text,omitempty"`
	Thinking *string       `json:"thinking,omitempty"`
	ImageURL *imageWire    `json:"image_url,omitempty"`
	Document *documentWire `json:"document,omitempty"` // of a tool's result
}

func textItem(text string) itemWire { return itemWire{Type: itemText, Text: &text} }

func thinkingItem(text string) itemWire { return itemWire{Type: itemThinking, Thinking: &text} }

type imageWire struct {
	URL    string `json:"url"`              // an address, or a data: URL
	Detail string `json:"detail,omitempty"` // "auto", "low" or "high"
}

type documentWire struct {
	Data map[string]string `json:"data"`
}

type toolWire struct {
	Type     string       `json:"type"`
	Function functionWire `json:"function"`
}

type functionWire struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
}

// callWire is a call of a tool, or a piece of one.
type callWire struct {
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function struct {
		Name      string `json:"name,omitempty"`
		Arguments string `json:"arguments"` // JSON as text
	} `json:"function"`
}

type formatWire struct {
	Type       string          `json:"type"`
	JSONSchema json.RawMessage `json:"json_schema,omitempty"`
}

type thinkingWire struct {
	Type        string `json:"type"`
	TokenBudget int    `json:"token_budget,omitempty"`
}

// answerWire is a whole answer.
type answerWire struct {
	ID           string        `json:"id"`
	FinishReason string        `json:"finish_reason"`
	Message      *messageWire  `json:"message"`
	Usage        *usageWire    `json:"usage"`
	Logprobs     []logprobWire `json:"logprobs"`
}

// The types of the events that say something.
const (
	eventMessageStart  = "message-start"
	eventContentStart  = "content-start"
	eventContentDelta  = "content-delta"
	eventContentEnd    = "content-end"
	eventPlanDelta     = "tool-plan-delta"
	eventCallStart     = "tool-call-start"
	eventCallDelta     = "tool-call-delta"
	eventCallEnd       = "tool-call-end"
	eventCitationStart = "citation-start"
	eventCitationEnd   = "citation-end"
	eventMessageEnd    = "message-end"
	eventDebug         = "debug"
)

// eventWire is an event of a stream.
type eventWire struct {
	Type     string       `json:"type"`
	ID       string       `json:"id"`
	Index    int          `json:"index"`
	Logprobs *logprobWire `json:"logprobs"`
	Delta    struct {
		Message struct {
			Content   first[itemWire] `json:"content"`
			ToolPlan  string          `json:"tool_plan"`
			ToolCalls first[callWire] `json:"tool_calls"`
		} `json:"message"`
		FinishReason string     `json:"finish_reason"`
		Usage        *usageWire `json:"usage"`
	} `json:"delta"`
}

// first is a value that may also be a list, of which the first counts: the stream's
// beginning has empty lists in the place of objects.
type first[T any] struct {
	value *T // nil: none
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *first[T]) UnmarshalJSON(data []byte) error {
	f.value = nil
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '[' {
		return json.Unmarshal(data, &f.value)
	}
	var all []T
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if len(all) > 0 {
		f.value = &all[0]
	}
	return nil
}

// marshal writes a request. Raw JSON of the caller's is all that can fail.
func marshal(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, dialect.BadRequest("the request cannot be written as json: one of its raw json fields is not valid; correct it")
	}
	return body, nil
}
