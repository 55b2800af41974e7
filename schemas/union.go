package schemas

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Content is a message's content: text, or parts if Parts is not nil.
type Content struct {
	Text  string
	Parts []ContentPart
}

// TextContent returns plain text content.
func TextContent(text string) *Content { return &Content{Text: text} }

// PlainText returns the text, or that of all text parts. A nil receiver is "".
func (c *Content) PlainText() string {
	if c == nil {
		return ""
	}
	if c.Parts == nil {
		return c.Text
	}
	var b strings.Builder
	for _, p := range c.Parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// MarshalJSON writes a string or an array of parts.
func (c Content) MarshalJSON() ([]byte, error) {
	if c.Parts != nil {
		return json.Marshal(c.Parts)
	}
	return json.Marshal(c.Text)
}

// UnmarshalJSON reads a string or an array of parts.
func (c *Content) UnmarshalJSON(data []byte) error {
	*c = Content{}
	switch kindOf(data) {
	case '"':
		return json.Unmarshal(data, &c.Text)
	case '[':
		return json.Unmarshal(data, &c.Parts)
	}
	return wrongKind[Content](data)
}

// Strings is a list that the wire may also write as a single string.
type Strings []string

// UnmarshalJSON reads a string, an array of strings, or null.
func (s *Strings) UnmarshalJSON(data []byte) error {
	if kindOf(data) != '"' {
		return json.Unmarshal(data, (*[]string)(s))
	}
	*s = make(Strings, 1)
	return json.Unmarshal(data, &(*s)[0])
}

// ToolChoice is "none", "auto" or "required" in Mode, or one function by name.
type ToolChoice struct {
	Mode     string
	Function string
}

type namedChoice struct {
	Type     string `json:"type"`
	Function struct {
		Name string `json:"name"`
	} `json:"function"`
}

// MarshalJSON writes the mode, or an object that names the function.
func (t ToolChoice) MarshalJSON() ([]byte, error) {
	if t.Function == "" {
		return json.Marshal(t.Mode)
	}
	n := namedChoice{Type: "function"}
	n.Function.Name = t.Function
	return json.Marshal(n)
}

// UnmarshalJSON reads a mode, or an object that names a function.
func (t *ToolChoice) UnmarshalJSON(data []byte) error {
	*t = ToolChoice{}
	if kindOf(data) == '"' {
		return json.Unmarshal(data, &t.Mode)
	}
	var n namedChoice
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	if n.Function.Name == "" {
		return wrongKind[ToolChoice](data)
	}
	t.Function = n.Function.Name
	return nil
}

// wrongKind is the error of a JSON value that is none of a union's. It has encoding/json's
// own type, which says to the reader of the whole document where the value stands.
func wrongKind[Union any](data []byte) error {
	kinds := map[byte]string{'{': "object", '[': "array", '"': "string", 't': "bool", 'f': "bool", 'n': "null"}
	kind, ok := kinds[kindOf(data)]
	if !ok {
		kind = "number"
	}
	return &json.UnmarshalTypeError{Value: kind, Type: reflect.TypeFor[Union]()}
}

// kindOf returns the first byte of a JSON value, which tells its kind.
func kindOf(data []byte) byte {
	if data = bytes.TrimLeft(data, " \t\r\n"); len(data) > 0 {
		return data[0]
	}
	return 0
}
