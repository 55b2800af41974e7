package anthropic

import (
	"bytes"
	"encoding/json"
	"reflect"

	"bifrost/schemas"
)

// requestWire is a request on the wire.
type requestWire struct {
	Model         string          `json:"model"`
	MaxTokens     *int            `json:"max_tokens,omitempty"`
	System        contentWire     `json:"system,omitzero"`
	Messages      []messageWire   `json:"messages"`
	Tools         []toolWire      `json:"tools,omitempty"`
	ToolChoice    *toolChoiceWire `json:"tool_choice,omitempty"`
	Thinking      *thinkingWire   `json:"thinking,omitempty"`
	OutputConfig  *outputWire     `json:"output_config,omitempty"`
	StopSequences []string        `json:"stop_sequences,omitempty"`
	Temperature   *float64        `json:"temperature,omitempty"`
	TopP          *float64        `json:"top_p,omitempty"`
	TopK          *int            `json:"top_k,omitempty"`
	Metadata      *metadataWire   `json:"metadata,omitempty"`
	Stream        bool            `json:"stream,omitempty"`
}

type messageWire struct {
	Role    string      `json:"role"`
	Content contentWire `json:"content"`
}

// contentWire is a text or a list of blocks; it is written as a list.
type contentWire []blockWire

// UnmarshalJSON implements json.Unmarshaler.
func (c *contentWire) UnmarshalJSON(data []byte) error {
	*c = nil
	data = bytes.TrimSpace(data)
	switch {
	case string(data) == "null":
		return nil
	case len(data) > 0 && data[0] == '[':
		return json.Unmarshal(data, (*[]blockWire)(c))
	case len(data) > 0 && data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*c = contentWire{textBlock(text)}
		return nil
	}
	return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[contentWire]()} // it says where it stands
}

// blockWire is a block of content, in requests and answers. Which fields are set
// depends on Type.
type blockWire struct {
	Type string `json:"type"`

	Text *string `json:"text,omitempty"`

	Source    *sourceWire    `json:"source,omitempty"` // of an image or document
	Title     string         `json:"title,omitempty"`
	Context   string         `json:"context,omitempty"`
	Citations *citationsWire `json:"citations,omitempty"`

	Thinking  *string `json:"thinking,omitempty"`
	Signature *string `json:"signature,omitempty"`
	Data      string  `json:"data,omitempty"` // of thinking that cannot be read

	ID    string          `json:"id,omitempty"` // of a call of a tool
	Name  string          `json:"name,omitempty"`
	Input json.RawMessage `json:"input,omitempty"`

	ToolUseID string      `json:"tool_use_id,omitempty"` // of its result
	Content   contentWire `json:"content,omitempty"`
	IsError   bool        `json:"is_error,omitempty"`

	CacheControl *schemas.CacheControl `json:"cache_control,omitempty"`
}

// citationsWire tells whether a document's citations are asked for. In an answer it
// is a list of them, which is not read.
type citationsWire struct{ Enabled bool }

// UnmarshalJSON implements json.Unmarshaler.
func (c *citationsWire) UnmarshalJSON(data []byte) error {
	var asked struct {
		Enabled bool `json:"enabled"`
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '{' {
		if err := json.Unmarshal(data, &asked); err != nil {
			return err
		}
	}
	c.Enabled = asked.Enabled
	return nil
}

func textBlock(text string) blockWire { return blockWire{Type: blockText, Text: &text} }

// text returns the block's text, or "".
func (b *blockWire) text() string { return value(b.Text) }

// value returns what p points to, or "".
func value(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

// sourceWire is where an image or a document comes from.
type sourceWire struct {
	Type      string `json:"type"` // "base64", "url", "text" or "file"
	MediaType string `json:"media_type,omitempty"`
	Data      string `json:"data,omitempty"`
	URL       string `json:"url,omitempty"`
	FileID    string `json:"file_id,omitempty"`
}

type toolWire struct {
	Type         string                `json:"type,omitempty"` // "custom"; any other is the provider's own tool
	Name         string                `json:"name"`
	Description  string                `json:"description,omitempty"`
	InputSchema  json.RawMessage       `json:"input_schema,omitempty"`
	Strict       *bool                 `json:"strict,omitempty"`
	CacheControl *schemas.CacheControl `json:"cache_control,omitempty"`
}

type toolChoiceWire struct {
	Type     string `json:"type"` // "auto", "any", "tool" or "none"
	Name     string `json:"name,omitempty"`
	OneAtMax bool   `json:"disable_parallel_tool_use,omitempty"`
}

type thinkingWire struct {
	Type    string `json:"type"` // "enabled", "adaptive" or "disabled"
	Budget  int    `json:"budget_tokens,omitempty"`
	Display string `json:"display,omitempty"` // "summarized" or "omitted"
}

type outputWire struct {
	Effort string      `json:"effort,omitempty"`
	Format *formatWire `json:"format,omitempty"`
}

type formatWire struct {
	Type   string          `json:"type"` // "json_schema"
	Schema json.RawMessage `json:"schema"`
}

type metadataWire struct {
	UserID string `json:"user_id,omitempty"`
}

// answerWire is a whole answer, and what a stream begins with.
type answerWire struct {
	ID           string      `json:"id"`
	Type         string      `json:"type"` // "message"
	Role         string      `json:"role"`
	Model        string      `json:"model"`
	Content      []blockWire `json:"content"`
	StopReason   *string     `json:"stop_reason"`
	StopSequence *string     `json:"stop_sequence"`
	Usage        *usageWire  `json:"usage"`
}

// eventWire is an event of a stream. Which fields are set depends on Type.
type eventWire struct {
	Type    string      `json:"type"`
	Index   int         `json:"index"`
	Message *answerWire `json:"message"`
	Block   *blockWire  `json:"content_block"`
	Delta   deltaWire   `json:"delta"`
	Usage   *usageWire  `json:"usage"`
}

type deltaWire struct {
	Type         string  `json:"type"`
	Text         string  `json:"text"`
	PartialJSON  string  `json:"partial_json"`
	Thinking     string  `json:"thinking"`
	Signature    string  `json:"signature"`
	StopReason   *string `json:"stop_reason"`
	StopSequence *string `json:"stop_sequence"`
}
