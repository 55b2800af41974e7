package schemas

import (
	"encoding/json"
	"strings"
)

// The types of items that have fields of their own.
const (
	ItemMessage            = "message"
	ItemReasoning          = "reasoning"
	ItemFunctionCall       = "function_call"
	ItemFunctionCallOutput = "function_call_output"
	ItemReference          = "item_reference" // ID only: an item that the provider keeps
)

// ResponsesItem is one item of a response's input or output. Its Type says which
// fields it has. To go on with a conversation without a store, append the items of the
// output to the next input as they are.
type ResponsesItem struct {
	Type   string `json:"type,omitempty"` // empty with a Role: a message
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"` // "in_progress", "completed" or "incomplete"

	// Of a message. Content is that of reasoning, too, where it is shown.
	Role    string            `json:"role,omitempty"`
	Content *ResponsesContent `json:"content,omitempty"`
	Phase   string            `json:"phase,omitempty"`

	// Of a function's call and its output. Arguments is JSON text.
	CallID    string            `json:"call_id,omitempty"`
	Name      string            `json:"name,omitempty"`
	Arguments string            `json:"arguments,omitempty"`
	Output    *ResponsesContent `json:"output,omitempty"`

	// Of reasoning.
	Summary          []ResponsesPart `json:"summary,omitzero"`
	EncryptedContent string          `json:"encrypted_content,omitempty"`

	Extra map[string]json.RawMessage `json:"-"` // further fields

	// Raw is the whole item if Type is none of those that have fields. It is written
	// as it is; Type, ID and Status are only copied from it.
	Raw json.RawMessage `json:"-"`
}

// MessageItem returns a message with plain text. role is "user", "system", "developer"
// or "assistant".
func MessageItem(role, text string) ResponsesItem {
	return ResponsesItem{Type: ItemMessage, Role: role, Content: &ResponsesContent{Text: text}}
}

// FunctionOutputItem returns what a function has answered to the call with the given
// id.
func FunctionOutputItem(callID, output string) ResponsesItem {
	return ResponsesItem{Type: ItemFunctionCallOutput, CallID: callID, Output: &ResponsesContent{Text: output}}
}

// MarshalJSON writes Raw if there is one, else the fields, and among them the empty ones
// that the API asks for.
func (it ResponsesItem) MarshalJSON() ([]byte, error) {
	if len(it.Raw) > 0 {
		return it.Raw, nil
	}
	type plain ResponsesItem
	var needed []member
	switch {
	case it.Type == ItemFunctionCall && it.Arguments == "":
		needed = append(needed, member{"arguments", `""`})
	case it.Type == ItemFunctionCallOutput && it.Output == nil:
		needed = append(needed, member{"output", `""`})
	case it.Type == ItemReasoning && it.Summary == nil:
		needed = append(needed, member{"summary", "[]"})
	}
	return writeObject(plain(it), it.Extra, needed...)
}

// UnmarshalJSON reads an item. What it cannot read is kept in Raw or Extra.
func (it *ResponsesItem) UnmarshalJSON(data []byte) error {
	type plain ResponsesItem
	var p plain
	extra, err := readObject(data, &p)
	known := err == nil
	switch p.Type {
	case ItemMessage, ItemReasoning, ItemFunctionCall, ItemFunctionCallOutput, ItemReference:
	case "":
		known = known && p.Role != "" && extra["type"] == nil
	default:
		known = false
	}
	if !known {
		*it = ResponsesItem{Type: p.Type, ID: p.ID, Status: p.Status, Raw: raw(data)}
		return nil
	}
	p.Extra = extra
	*it = ResponsesItem(p)
	return nil
}

// ResponsesContent is the content of an item: text, or parts if Parts is not nil.
type ResponsesContent struct {
	Text  string
	Parts []ResponsesPart
}

// MarshalJSON writes a string or an array of parts.
func (c ResponsesContent) MarshalJSON() ([]byte, error) {
	if c.Parts != nil {
		return json.Marshal(c.Parts)
	}
	return json.Marshal(c.Text)
}

// UnmarshalJSON reads a string or an array of parts.
func (c *ResponsesContent) UnmarshalJSON(data []byte) error {
	*c = ResponsesContent{}
	return textOrList(data, &c.Text, &c.Parts, "content")
}

// PlainText returns the text, or that of all parts. A nil receiver is "".
func (c *ResponsesContent) PlainText() string {
	if c == nil {
		return ""
	}
	return c.text("")
}

// text returns the text of the parts of one type, or of all.
func (c *ResponsesContent) text(typ string) string {
	if c.Parts == nil {
		return c.Text
	}
	var b strings.Builder
	for i := range c.Parts {
		if typ == "" || c.Parts[i].Type == typ {
			b.WriteString(c.Parts[i].Text)
		}
	}
	return b.String()
}

// The types of parts.
const (
	PartInputText     = "input_text"
	PartInputImage    = "input_image"
	PartInputFile     = "input_file"
	PartInputAudio    = "input_audio" // not of every provider
	PartOutputText    = "output_text"
	PartRefusal       = "refusal"
	PartSummaryText   = "summary_text"
	PartReasoningText = "reasoning_text"
)

// ResponsesPart is one part of a content or of a summary. Its Type says which fields it
// has.
type ResponsesPart struct {
	Type    string `json:"type"`
	Text    string `json:"text,omitempty"`
	Refusal string `json:"refusal,omitempty"`

	ImageURL   string `json:"image_url,omitempty"` // an address, or a data: URL
	Detail     string `json:"detail,omitempty"`
	FileID     string `json:"file_id,omitempty"`
	FileData   string `json:"file_data,omitempty"` // a data: URL
	FileURL    string `json:"file_url,omitempty"`
	Filename   string `json:"filename,omitempty"`
	InputAudio *Audio `json:"input_audio,omitempty"`

	Annotations []json.RawMessage `json:"annotations,omitzero"` // of an output_text
	Logprobs    []json.RawMessage `json:"logprobs,omitzero"`    // of an output_text

	Extra map[string]json.RawMessage `json:"-"` // further fields
}

// MarshalJSON writes the fields and Extra's, and among them the empty ones that the API
// asks for.
func (p ResponsesPart) MarshalJSON() ([]byte, error) {
	type plain ResponsesPart
	var needed []member
	switch p.Type {
	case PartInputText, PartSummaryText, PartReasoningText, PartOutputText:
		if p.Text == "" {
			needed = append(needed, member{"text", `""`})
		}
		if p.Type == PartOutputText && p.Annotations == nil {
			needed = append(needed, member{"annotations", "[]"})
		}
	case PartRefusal:
		if p.Refusal == "" {
			needed = append(needed, member{"refusal", `""`})
		}
	}
	return writeObject(plain(p), p.Extra, needed...)
}

// UnmarshalJSON reads a part; see ResponsesResponse.
func (p *ResponsesPart) UnmarshalJSON(data []byte) (err error) {
	type plain ResponsesPart
	var q plain
	q.Extra, err = readObject(data, &q)
	*p = ResponsesPart(q)
	return err
}
