package bedrock

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// messages translates the conversation. Converse has system text apart, and takes
// turns: messages of one role in a row become one, and a tool's result is the user's.
func (e *chatEncoder) messages() error {
	for _, m := range e.req.Messages {
		if m.Name != "" {
			e.drop("messages.name")
		}
		var blocks []block
		var err error
		role := "user"
		switch m.Role {
		case "system", "developer":
			if blocks, err = e.content(m.Content); err != nil {
				return err
			}
			if err := textOnly(blocks); err != nil {
				return err
			}
			e.out.System = append(e.out.System, blocks...)
			continue
		case "user":
			blocks, err = e.content(m.Content)
		case "assistant":
			role = "assistant"
			blocks, err = e.answer(m)
		case "tool":
			blocks, err = e.result(m)
		default:
			err = dialect.BadRequest(`a message's role must be system, developer, user, assistant or tool; correct it`)
		}
		if err != nil {
			return err
		}
		e.add(role, blocks)
	}
	for i := range e.out.Messages {
		m := &e.out.Messages[i]
		m.Content = withText(m.Content)
	}
	if len(e.out.Messages) == 0 {
		return dialect.BadRequest("the messages have no content for the model; send at least one of the user")
	}
	return nil
}

// withText returns the blocks of a message. Converse wants text beside a document
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html):
// where there is none, a word of it goes before the first one.
func withText(blocks []block) []block {
	first := slices.IndexFunc(blocks, func(b block) bool { return b.Document != nil })
	if first < 0 || slices.ContainsFunc(blocks, func(b block) bool { return b.Text != nil }) {
		return blocks
	}
	return slices.Insert(blocks, first, textBlock("document"))
}

// add appends blocks to the conversation.
func (e *chatEncoder) add(role string, blocks []block) {
	if len(blocks) == 0 {
		return
	}
	if n := len(e.out.Messages); n > 0 && e.out.Messages[n-1].Role == role {
		last := &e.out.Messages[n-1]
		last.Content = append(last.Content, blocks...)
		return
	}
	e.out.Messages = append(e.out.Messages, message{Role: role, Content: blocks})
}

func textOnly(blocks []block) error {
	for _, b := range blocks {
		if b.Text == nil && b.CachePoint == nil {
			return refused("messages.content", "Bedrock takes text only in a system message; put other parts into one of the user")
		}
	}
	return nil
}

// content translates a message's content. Empty and blank text, which Converse refuses, is
// left out.
func (e *chatEncoder) content(c *schemas.Content) ([]block, error) {
	if c == nil {
		return nil, nil
	}
	if c.Parts == nil {
		if blank(c.Text) {
			return nil, nil
		}
		return []block{textBlock(c.Text)}, nil
	}
	var blocks []block
	for _, p := range c.Parts {
		b, err := e.part(p)
		if err != nil {
			return nil, err
		}
		if b != nil {
			blocks = append(blocks, *b)
		}
		if p.CacheControl != nil && len(blocks) > 0 {
			blocks = append(blocks, block{CachePoint: pointOf(p.CacheControl)})
		}
	}
	return blocks, nil
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// part translates a part; nil if it is blank text.
func (e *chatEncoder) part(p schemas.ContentPart) (*block, error) {
	switch {
	case p.Type == "text" || p.Type == "refusal":
		text := p.Text + p.Refusal
		if blank(text) {
			return nil, nil
		}
		b := textBlock(text)
		return &b, nil
	case p.Type == "image_url" && p.ImageURL != nil:
		if p.ImageURL.Detail != "" && p.ImageURL.Detail != "auto" {
			e.drop("messages.content.image_url.detail")
		}
		m, err := mediaOf("image_url", p.ImageURL.URL, imageFormats)
		return &block{Image: m}, err
	case p.Type == "video_url" && p.VideoURL != nil:
		m, err := mediaOf("video_url", p.VideoURL.URL, videoFormats)
		return &block{Video: m}, err
	case p.Type == "input_audio" && p.InputAudio != nil:
		return &block{Audio: &media{Format: p.InputAudio.Format, Source: source{Bytes: p.InputAudio.Data}}}, nil
	case p.Type == "file" && p.File != nil:
		m, err := e.document(p.File)
		return &block{Document: m}, err
	}
	return nil, refused("messages.content", "Bedrock takes parts of text, image_url, video_url, input_audio and file")
}

// answer translates a message of the model: thinking first, then text, then calls.
func (e *chatEncoder) answer(m schemas.ChatMessage) ([]block, error) {
	blocks := e.reasoningOf(m)
	text, err := e.content(m.Content)
	if err != nil {
		return nil, err
	}
	blocks = append(blocks, text...)
	if m.Refusal != nil && !blank(*m.Refusal) {
		blocks = append(blocks, textBlock(*m.Refusal))
	}
	for _, c := range m.ToolCalls {
		input, err := inputOf(c.Function.Arguments)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block{ToolUse: &toolUse{ToolUseID: c.ID, Name: c.Function.Name, Input: input}})
	}
	return blocks, nil
}

// inputOf returns a call's arguments as Converse has them: an object.
func inputOf(arguments string) (json.RawMessage, error) {
	if arguments == "" {
		return json.RawMessage("{}"), nil
	}
	if !dialect.ValidText(arguments) || !gjson.Parse(arguments).IsObject() {
		return nil, dialect.BadRequest("a tool call's arguments are not a json object; correct them in messages.tool_calls")
	}
	return json.RawMessage(arguments), nil
}

// result translates a tool's result.
func (e *chatEncoder) result(m schemas.ChatMessage) ([]block, error) {
	if m.ToolCallID == "" {
		return nil, dialect.BadRequest("a message of role tool has no tool_call_id; name the call that it answers")
	}
	inner, err := e.content(m.Content)
	if err != nil {
		return nil, err
	}
	r := &toolResult{ToolUseID: m.ToolCallID, Content: []block{}}
	out := []block{{ToolResult: r}}
	for _, b := range inner {
		if b.CachePoint != nil { // none within a result: it ends what is cached all the same
			out = append(out, b)
			continue
		}
		if b.Audio != nil {
			return nil, refused("messages.content", "Bedrock takes no sound in a tool's result; put it into a message of the user")
		}
		r.Content = append(r.Content, b)
	}
	if m.IsError {
		r.Status = "error"
		if len(r.Content) == 0 { // which Converse refuses with this status
			r.Content = append(r.Content, textBlock(r.Status))
		}
	}
	return out, nil
}
