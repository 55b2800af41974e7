package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// messages writes the conversation: system messages apart, and successive messages
// of one role as one.
func (e *encoder) messages() error {
	for i := range e.req.Messages {
		m := &e.req.Messages[i]
		blocks, err := e.message(i, m)
		if err != nil {
			return err
		}
		if m.Name != "" {
			e.drop("messages.name")
		}
		switch m.Role {
		case roleSystem, roleDeveloper:
			if len(e.out.Messages) > 0 {
				e.drop("messages.role") // where in the conversation it stood
			}
			e.out.System = append(e.out.System, blocks...)
		case roleAssistant:
			e.add(roleAssistant, blocks)
		default:
			e.add(roleUser, blocks)
		}
	}
	e.flush()
	if len(e.out.Messages) == 0 {
		return dialect.BadRequest("Anthropic's dialect needs a message of the user; add one to messages")
	}
	return nil
}

// add adds blocks to the last message if it is of the same role. The results of tools
// are the first in it, as the dialect wants them.
func (e *encoder) add(role string, blocks []blockWire) {
	if len(blocks) == 0 {
		return // the dialect has no empty messages
	}
	last := len(e.out.Messages) - 1
	if last < 0 || e.out.Messages[last].Role != role {
		e.flush()
		e.out.Messages = append(e.out.Messages, messageWire{Role: role})
		last++
	}
	if blocks[0].Type == blockToolResult {
		e.out.Messages[last].Content = append(e.out.Messages[last].Content, blocks...)
		return
	}
	e.rest = append(e.rest, blocks...)
}

// flush ends the last message with what comes after the results of tools.
func (e *encoder) flush() {
	if last := len(e.out.Messages) - 1; last >= 0 {
		e.out.Messages[last].Content = append(e.out.Messages[last].Content, e.rest...)
	}
	e.rest = nil
}

// message returns a message's blocks.
func (e *encoder) message(i int, m *schemas.ChatMessage) ([]blockWire, error) {
	content, err := e.content(i, m.Content)
	if err != nil {
		return nil, err
	}
	switch m.Role {
	case roleSystem, roleDeveloper:
		if slices.ContainsFunc(content, func(b blockWire) bool { return b.Type != blockText }) {
			return nil, cannot(fmt.Sprintf("messages[%d]: a system message that is not text", i), "put it into a message of the user")
		}
		return content, nil
	case roleUser:
		return content, nil
	case roleTool:
		if m.ToolCallID == "" {
			return nil, dialect.BadRequest(fmt.Sprintf("messages[%d].tool_call_id is missing; name the call that it is the result of", i))
		}
		return []blockWire{{Type: blockToolResult, ToolUseID: m.ToolCallID, Content: content, IsError: m.IsError}}, nil
	case roleAssistant:
		return e.answer(i, m, content)
	}
	return nil, dialect.BadRequest(fmt.Sprintf("messages[%d].role is not known; use system, user, assistant or tool", i))
}

// answer returns the blocks of a message of the model: its thinking first.
func (e *encoder) answer(i int, m *schemas.ChatMessage, content []blockWire) ([]blockWire, error) {
	var blocks []blockWire
	for j := range m.ReasoningDetails {
		d := &m.ReasoningDetails[j]
		if d.Format != schemas.FormatAnthropic || d.Type != schemas.ReasoningEncrypted && d.Signature == "" {
			e.drop("messages.reasoning_details")
			continue
		}
		b, err := thinkingBlock(d)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	if m.Reasoning != "" && !ownText(m.ReasoningDetails) {
		e.drop("messages.reasoning_content") // without a signature it is refused
	}
	blocks = append(blocks, content...)
	if m.Refusal != nil && *m.Refusal != "" {
		blocks = append(blocks, textBlock(*m.Refusal))
	}
	for j, c := range m.ToolCalls {
		input, ok := inputOf(c.Function.Arguments)
		if !ok {
			return nil, dialect.BadRequest(fmt.Sprintf("messages[%d].tool_calls[%d].function.arguments is not a json object; correct it", i, j))
		}
		blocks = append(blocks, blockWire{Type: blockToolUse, ID: c.ID, Name: c.Function.Name, Input: input})
	}
	return blocks, nil
}

// inputOf returns arguments as an object; none are an empty one.
func inputOf(arguments string) (json.RawMessage, bool) {
	if strings.TrimSpace(arguments) == "" {
		return json.RawMessage("{}"), true
	}
	return json.RawMessage(arguments), dialect.ValidText(arguments) && gjson.Parse(arguments).IsObject()
}

// content returns the blocks of what a message says. Empty texts, which the dialect
// refuses, are left out.
func (e *encoder) content(i int, c *schemas.Content) ([]blockWire, error) {
	if c == nil {
		return nil, nil
	}
	if c.Parts == nil {
		if c.Text == "" {
			return nil, nil
		}
		return []blockWire{textBlock(c.Text)}, nil
	}
	var blocks []blockWire
	for j := range c.Parts {
		p := &c.Parts[j]
		field := fmt.Sprintf("messages[%d].content[%d]", i, j)
		b, err := e.part(field, p)
		if err != nil {
			return nil, err
		}
		if b.Type == blockText && b.text() == "" {
			continue
		}
		b.CacheControl = p.CacheControl
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// part returns the block of one part.
func (e *encoder) part(field string, p *schemas.ContentPart) (blockWire, error) {
	switch {
	case p.Type == "text":
		return textBlock(p.Text), nil
	case p.Type == "refusal":
		return textBlock(p.Refusal), nil
	case p.Type == "image_url" && p.ImageURL != nil:
		if p.ImageURL.Detail != "" && p.ImageURL.Detail != "auto" {
			e.drop("messages.content.image_url.detail")
		}
		source, err := sourceOf(field+".image_url.url", p.ImageURL.URL)
		return blockWire{Type: blockImage, Source: source}, err
	case p.Type == "file" && p.File != nil:
		source, err := documentSource(field+".file", p.File)
		return blockWire{Type: blockDocument, Source: source, Title: p.File.Filename}, err
	case p.Type == "input_audio", p.Type == "video_url":
		return blockWire{}, cannot(field+": "+p.Type, "use a provider that has it")
	}
	return blockWire{}, dialect.BadRequest(field + " has no type that is known, or lacks its content; correct it")
}

func documentSource(field string, f *schemas.FileInput) (*sourceWire, error) {
	switch {
	case f.FileID != "":
		return &sourceWire{Type: "file", FileID: f.FileID}, nil
	case f.FileURL != "":
		return &sourceWire{Type: "url", URL: f.FileURL}, nil
	}
	source, err := sourceOf(field+".file_data", f.FileData)
	if err != nil || source.MediaType != "text/plain" {
		return source, err
	}
	text, err := base64.StdEncoding.DecodeString(source.Data)
	if err != nil {
		return nil, dialect.BadRequest(field + ".file_data is not base64; correct it")
	}
	return &sourceWire{Type: "text", MediaType: "text/plain", Data: string(text)}, nil
}

// sourceOf returns an address or a data: URL as a source.
func sourceOf(field, address string) (*sourceWire, error) {
	rest, isData := strings.CutPrefix(address, "data:")
	if !isData {
		if address == "" {
			return nil, dialect.BadRequest(field + " is empty; set it")
		}
		return &sourceWire{Type: "url", URL: address}, nil
	}
	head, data, found := strings.Cut(rest, ",")
	head, coded := strings.CutSuffix(head, ";base64")
	media, _, err := mime.ParseMediaType(head)
	if !found || err != nil {
		return nil, dialect.BadRequest(field + " is not a data: URL with a media type; correct it")
	}
	if !coded {
		text, err := url.PathUnescape(data)
		if err != nil {
			return nil, dialect.BadRequest(field + " is not a valid data: URL; correct it")
		}
		data = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return &sourceWire{Type: "base64", MediaType: media, Data: data}, nil
}
