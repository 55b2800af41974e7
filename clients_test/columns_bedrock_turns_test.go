package clients_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// messages reads the conversation: turns that begin with the user's and alternate, with
// a result for each call in the turn after it
// (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html and tool-use-inference-call.html).
func (c *converseReader) messages() error {
	var out []map[string]any
	system, err := c.system()
	if err != nil {
		return err
	}
	if system != nil {
		out = append(out, map[string]any{"role": "system", "content": system})
	}
	if len(c.in.Messages) == 0 {
		return errors.New("messages must have at least 1 item")
	}
	var open []string // calls without a result
	for i, m := range c.in.Messages {
		want := []string{"user", "assistant"}[i%2]
		switch {
		case m.Role != want && i == 0:
			return errors.New("A conversation must start with a user message. Try again with a conversation that starts with a user message.")
		case m.Role != want:
			return errors.New("A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.")
		case len(m.Content) == 0:
			return fmt.Errorf("The content field in the Message object at messages.%d is empty. Add a ContentBlock object to the content field and try again.", i)
		}
		t := &converseTurn{converseReader: c, at: i, role: m.Role}
		if err := t.read(m.Content); err != nil {
			return err
		}
		if !slices.Equal(slices.Sorted(slices.Values(open)), slices.Sorted(slices.Values(t.results))) {
			return fmt.Errorf("Expected toolResult blocks at messages.%d.content for the following Ids: %s", i, strings.Join(open, ", "))
		}
		open = t.calls
		out = append(out, t.messages()...)
	}
	if len(open) > 0 {
		return errors.New("The final turn must not be one of the assistant with a toolUse.")
	}
	c.ask["messages"] = out
	return nil
}

func (c *converseReader) system() ([]map[string]any, error) {
	var parts []map[string]any
	for i, b := range c.in.System {
		kind, err := only(b)
		if err != nil {
			return nil, err
		}
		switch kind {
		case "text":
			var text string
			if json.Unmarshal(b[kind], &text) != nil || blank(text) {
				return nil, fmt.Errorf("The text field in the SystemContentBlock object at system.%d is blank.", i)
			}
			parts = append(parts, map[string]any{"type": "text", "text": text})
		case "cachePoint":
			if parts == nil {
				return nil, errors.New("a cachePoint needs text before it")
			}
			if parts[len(parts)-1]["cache_control"], err = marker(b[kind]); err != nil {
				return nil, err
			}
		}
	}
	return parts, nil
}

// converseTurn reads one message.
type converseTurn struct {
	*converseReader
	at   int
	role string

	tools   []map[string]any // messages of results
	parts   []map[string]any
	uses    []map[string]any
	details []map[string]any
	text    bool
	file    bool
	calls   []string // ids
	results []string
}

func (t *converseTurn) read(content []converseBlock) error {
	for i, b := range content {
		kind, err := only(b)
		if err != nil {
			return err
		}
		if err := t.block(fmt.Sprintf("messages.%d.content.%d", t.at, i), kind, b[kind]); err != nil {
			return err
		}
	}
	if t.file && !t.text { // API_runtime_Message.html
		return fmt.Errorf("messages.%d: a message with a document must have a text, too", t.at)
	}
	return nil
}

// block reads a ContentBlock.
func (t *converseTurn) block(at, kind string, data json.RawMessage) error {
	ofUser := t.role == "user"
	switch {
	case kind == "text":
		var text string
		if json.Unmarshal(data, &text) != nil || blank(text) {
			return fmt.Errorf("The text field in the ContentBlock object at %s is blank. Add text to the text field, and try again.", at)
		}
		t.text = true
		t.parts = append(t.parts, map[string]any{"type": "text", "text": text})
	case kind == "cachePoint":
		mark, err := marker(data)
		switch last := t.last(); {
		case err != nil:
			return err
		case last != nil:
			last["cache_control"] = mark
		}
	case kind == "image" && ofUser, kind == "document" && ofUser:
		part, err := bedrockPart(at, kind, data)
		if err != nil {
			return err
		}
		t.file = t.file || kind == "document"
		t.parts = append(t.parts, part)
	case kind == "toolResult" && ofUser:
		return t.result(at, data)
	case kind == "toolUse" && !ofUser:
		return t.use(at, data)
	case kind == "reasoningContent" && !ofUser:
		return t.thought(at, data)
	default:
		return fmt.Errorf("the %s at %s is not supported in a message of the role %s", kind, at, t.role)
	}
	if (kind == "toolUse" || kind == "toolResult") && t.in.ToolConfig == nil {
		return errors.New("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
	}
	return nil
}

// last is the piece of content that a cachePoint follows; nil if it cannot carry one.
func (t *converseTurn) last() map[string]any {
	if len(t.parts) == 0 {
		return nil
	}
	return t.parts[len(t.parts)-1]
}

func (t *converseTurn) use(at string, data json.RawMessage) error {
	var in struct {
		ID    string          `json:"toolUseId"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	}
	if json.Unmarshal(data, &in) != nil || !bedrockID.MatchString(in.ID) || !bedrockName.MatchString(in.Name) || len(in.Input) == 0 || in.Input[0] != '{' {
		return fmt.Errorf("the toolUse at %s is invalid", at)
	}
	if t.in.ToolConfig == nil {
		return errors.New("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
	}
	t.calls = append(t.calls, in.ID)
	t.uses = append(t.uses, map[string]any{"id": in.ID, "type": "function", "function": map[string]any{"name": in.Name, "arguments": string(in.Input)}})
	return nil
}

// result reads a ToolResultBlock (API_runtime_ToolResultBlock.html).
func (t *converseTurn) result(at string, data json.RawMessage) error {
	var in struct {
		ID      string          `json:"toolUseId"`
		Content []converseBlock `json:"content"`
		Status  *string         `json:"status"`
	}
	if json.Unmarshal(data, &in) != nil || !bedrockID.MatchString(in.ID) || in.Content == nil ||
		in.Status != nil && *in.Status != "success" && *in.Status != "error" {
		return fmt.Errorf("the toolResult at %s is invalid", at)
	}
	if t.in.ToolConfig == nil {
		return errors.New("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
	}
	if in.Status != nil && *in.Status == "error" && len(in.Content) == 0 {
		return fmt.Errorf("The content field at %s.toolResult cannot be empty when status value is error.", at)
	}
	var parts []map[string]any
	for i, b := range in.Content {
		kind, err := only(b)
		if err != nil {
			return err
		}
		var text string
		switch kind {
		case "text":
			_ = json.Unmarshal(b[kind], &text)
			parts = append(parts, map[string]any{"type": "text", "text": text})
		case "json":
			parts = append(parts, map[string]any{"type": "text", "text": string(b[kind])})
		case "image", "document":
			part, err := bedrockPart(fmt.Sprintf("%s.toolResult.content.%d", at, i), kind, b[kind])
			if err != nil {
				return err
			}
			parts = append(parts, part)
		default:
			return fmt.Errorf("the %s at %s.toolResult is not supported", kind, at)
		}
	}
	t.results = append(t.results, in.ID)
	t.tools = append(t.tools, map[string]any{"role": "tool", "tool_call_id": in.ID, "content": parts})
	return nil
}

// thought reads a ReasoningContentBlock: it must be as the model gave it
// (API_runtime_ReasoningTextBlock.html).
func (t *converseTurn) thought(at string, data json.RawMessage) error {
	var in struct {
		Text *struct {
			Text      string `json:"text"`
			Signature string `json:"signature"`
		} `json:"reasoningText"`
		Redacted []byte `json:"redactedContent"`
	}
	if json.Unmarshal(data, &in) != nil || (in.Text == nil) == (in.Redacted == nil) {
		return fmt.Errorf("the reasoningContent at %s is invalid", at)
	}
	if in.Text == nil {
		return nil
	}
	if !t.server.genuine(in.Text.Signature, in.Text.Text) {
		return fmt.Errorf("The model returned the following errors: %s: Invalid `signature` in `thinking` block", at)
	}
	t.details = append(t.details, map[string]any{"type": "reasoning.encrypted", "data": in.Text.Signature, "format": "openai-responses-v1"})
	return nil
}

// messages returns the turn in OpenAI's form.
func (t *converseTurn) messages() []map[string]any {
	if t.role == "assistant" {
		m := map[string]any{"role": "assistant", "content": nil}
		if t.parts != nil {
			m["content"] = t.parts
		}
		if t.uses != nil {
			m["tool_calls"] = t.uses
		}
		if t.details != nil {
			m["reasoning_details"] = t.details
		}
		return []map[string]any{m}
	}
	if t.parts == nil {
		return t.tools
	}
	return append(t.tools, map[string]any{"role": "user", "content": t.parts})
}

// bedrockFormats are the media types of the formats
// (API_runtime_ImageBlock.html and API_runtime_DocumentBlock.html).
var bedrockFormats = map[string]map[string]string{
	"image": {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"},
	"document": {"pdf": "application/pdf", "csv": "text/csv", "doc": "application/msword", "xls": "application/vnd.ms-excel", "html": "text/html",
		"txt": "text/plain", "md": "text/markdown", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
}

// bedrockPart reads a file.
func bedrockPart(at, kind string, data json.RawMessage) (map[string]any, error) {
	var in struct {
		Format string `json:"format"`
		Name   string `json:"name"`
		Source struct {
			Bytes []byte `json:"bytes"`
		} `json:"source"`
	}
	media := ""
	if err := json.Unmarshal(data, &in); err == nil {
		media = bedrockFormats[kind][in.Format]
	}
	if media == "" || len(in.Source.Bytes) == 0 || kind == "document" && (!bedrockTitle.MatchString(in.Name) || strings.Contains(in.Name, "  ")) {
		return nil, fmt.Errorf("the %s at %s is invalid", kind, at)
	}
	address := "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(in.Source.Bytes)
	if kind == "image" {
		return map[string]any{"type": "image_url", "image_url": map[string]any{"url": address}}, nil
	}
	return map[string]any{"type": "file", "file": map[string]any{"filename": in.Name, "file_data": address}}, nil
}
