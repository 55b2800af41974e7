package cohere

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// messages writes the conversation, message by message.
func (e *encoder) messages() error {
	if len(e.req.Messages) == 0 {
		return dialect.BadRequest("the field messages is empty; send at least one message")
	}
	for i := range e.req.Messages {
		m := &e.req.Messages[i]
		field := fmt.Sprintf("messages[%d]", i)
		if m.Name != "" {
			e.drop("messages.name")
		}
		out := messageWire{Role: m.Role}
		var err error
		switch m.Role {
		case roleDeveloper:
			out.Role = roleSystem
			fallthrough
		case roleSystem, roleUser:
			out.Content, err = e.content(field, out.Role, m.Content)
		case roleAssistant:
			err = e.answer(field, m, &out)
		case roleTool:
			err = e.result(field, m, &out)
		default:
			err = dialect.BadRequest(field + ".role is not known; use system, user, assistant or tool")
		}
		if err != nil {
			return err
		}
		if out.Content == nil && len(out.ToolCalls) == 0 {
			out.Content = &contentWire{} // the dialect has no message without
		}
		e.out.Messages = append(e.out.Messages, out)
	}
	return nil
}

// content returns what a message of a role says; nil if nothing.
func (e *encoder) content(field, role string, c *schemas.Content) (*contentWire, error) {
	switch {
	case c == nil || c.Parts == nil && c.Text == "":
		return nil, nil
	case c.Parts == nil:
		return &contentWire{Text: c.Text}, nil
	}
	out := &contentWire{}
	for i := range c.Parts {
		item, err := e.item(fmt.Sprintf("%s.content[%d]", field, i), role, &c.Parts[i])
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	if out.Items == nil {
		return nil, nil
	}
	return out, nil
}

// item returns one part of a message: text anywhere, images of the user's, documents of
// a tool's.
func (e *encoder) item(field, role string, p *schemas.ContentPart) (itemWire, error) {
	if p.CacheControl != nil {
		e.drop("messages.content.cache_control")
	}
	switch {
	case p.Type == "text":
		return textItem(p.Text), nil
	case p.Type == "refusal":
		return textItem(p.Refusal), nil
	case p.Type == "image_url" && p.ImageURL != nil && role == roleUser:
		image := &imageWire{URL: p.ImageURL.URL}
		switch p.ImageURL.Detail {
		case "auto", "low", "high":
			image.Detail = p.ImageURL.Detail
		case "":
		default:
			e.drop("messages.content.image_url.detail")
		}
		return itemWire{Type: itemImage, ImageURL: image}, nil
	case p.Type == "file" && p.File != nil && role == roleTool:
		return documentItem(field, p.File)
	}
	return itemWire{}, cannot(fmt.Sprintf("%s: a part of type %q in a message of role %s", field, p.Type, role),
		"send text, an image of the user's, or a text file of a tool's")
}

// documentItem returns a text file as a document, which the model may cite.
func documentItem(field string, f *schemas.FileInput) (itemWire, error) {
	text, ok := textOf(f.FileData)
	if !ok {
		return itemWire{}, cannot(field+": a file that is not a data: URL of text", "send its text")
	}
	data := map[string]string{"text": text}
	if f.Filename != "" {
		data["title"] = f.Filename
	}
	return itemWire{Type: itemDocument, Document: &documentWire{Data: data}}, nil
}

// textOf returns the text in a data: URL; ok is false for one of something else.
func textOf(address string) (text string, ok bool) {
	rest, ok := strings.CutPrefix(address, "data:")
	media, data, found := strings.Cut(rest, ",")
	media, encoded := strings.CutSuffix(media, ";base64")
	if !ok || !found || !encoded || !strings.HasPrefix(media, "text/") && !strings.HasPrefix(media, "application/json") {
		return "", false
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	return string(raw), err == nil && utf8.Valid(raw)
}

// answer writes a message of the model: what it thought, said, planned and called.
func (e *encoder) answer(field string, m *schemas.ChatMessage, out *messageWire) (err error) {
	if out.Content, err = e.content(field, roleAssistant, m.Content); err != nil {
		return err
	}
	if m.Refusal != nil && *m.Refusal != "" {
		addItems(out, nil, []itemWire{textItem(*m.Refusal)})
	}
	for _, c := range m.ToolCalls {
		call := callWire{ID: c.ID, Type: typeFunction}
		call.Function.Name, call.Function.Arguments = c.Function.Name, c.Function.Arguments
		if call.Function.Arguments == "" {
			call.Function.Arguments = "{}"
		}
		out.ToolCalls = append(out.ToolCalls, call)
	}
	e.thoughts(m, out)
	return nil
}

// thoughts writes what the model thought and planned: the dialect's own details as they
// came; else plain reasoning as the plan of the calls that follow it. Any other is of no
// use to the model.
func (e *encoder) thoughts(m *schemas.ChatMessage, out *messageWire) {
	var thinking []itemWire
	own := false
	for _, d := range m.ReasoningDetails {
		switch {
		case d.Format != schemas.FormatCohere:
			e.drop("messages.reasoning_details")
		case d.Type == schemas.ReasoningText:
			own = true
			thinking = append(thinking, thinkingItem(d.Text))
		case d.Type == schemas.ReasoningSummary:
			own = true
			out.ToolPlan += d.Summary
		}
	}
	addItems(out, thinking, nil)
	switch {
	case own || m.Reasoning == "":
	case len(out.ToolCalls) > 0:
		out.ToolPlan = m.Reasoning
	default:
		e.drop("messages.reasoning_content")
	}
}

// addItems puts items before and after what a message says.
func addItems(out *messageWire, before, after []itemWire) {
	if len(before)+len(after) == 0 {
		return
	}
	items := before
	if c := out.Content; c != nil && c.Items != nil {
		items = append(items, c.Items...)
	} else if c != nil {
		items = append(items, textItem(c.Text))
	}
	out.Content = &contentWire{Items: append(items, after...)}
}

// result writes the result of a call. The dialect has no sign that it is a failure: its
// text says so.
func (e *encoder) result(field string, m *schemas.ChatMessage, out *messageWire) (err error) {
	if out.ToolCallID = m.ToolCallID; out.ToolCallID == "" {
		return dialect.BadRequest(field + " of role tool has no tool_call_id; name the call that it answers")
	}
	if m.IsError {
		e.drop("messages.is_error")
	}
	out.Content, err = e.content(field, roleTool, m.Content)
	return err
}
