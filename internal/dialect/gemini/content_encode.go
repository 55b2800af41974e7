package gemini

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// messages writes the conversation: system messages apart, and successive messages of
// one role as one content. The results of tools are the user's, in a content of their
// own.
func (e *encoder) messages() error {
	last := ""
	for i := range e.req.Messages {
		m := &e.req.Messages[i]
		parts, err := e.message(i, m)
		if err != nil {
			return err
		}
		if m.Name != "" && m.Role != roleTool {
			e.drop("messages.name")
		}
		role := roleUser
		switch m.Role {
		case roleSystem, roleDeveloper:
			e.system(parts)
			continue
		case roleAssistant:
			role = roleModel
		}
		if len(parts) == 0 {
			continue // the dialect has no empty contents
		}
		if n := len(e.out.Contents); n > 0 && last == m.Role {
			e.out.Contents[n-1].Parts = append(e.out.Contents[n-1].Parts, parts...)
			continue
		}
		e.out.Contents = append(e.out.Contents, contentWire{Role: role, Parts: parts})
		last = m.Role
	}
	if len(e.out.Contents) == 0 {
		return dialect.BadRequest("Gemini's dialect needs a message of the user; add one to messages")
	}
	return nil
}

// system adds to the system's instruction, which stands before the conversation.
func (e *encoder) system(parts []partWire) {
	if len(e.out.Contents) > 0 {
		e.drop("messages.role") // where in the conversation it stood
	}
	if len(parts) == 0 {
		return
	}
	if e.out.SystemInstruction == nil {
		e.out.SystemInstruction = &contentWire{}
	}
	e.out.SystemInstruction.Parts = append(e.out.SystemInstruction.Parts, parts...)
}

// message returns a message's parts.
func (e *encoder) message(i int, m *schemas.ChatMessage) ([]partWire, error) {
	if m.Role == roleTool {
		return e.result(i, m)
	}
	parts, err := e.content(fmt.Sprintf("messages[%d]", i), m.Content)
	if err != nil {
		return nil, err
	}
	switch m.Role {
	case roleUser:
		return parts, nil
	case roleAssistant:
		return e.answer(i, m, parts)
	case roleSystem, roleDeveloper:
		for j := range parts {
			if parts[j].Text == nil {
				return nil, cannot(fmt.Sprintf("messages[%d]: a system message that is not text", i), "put it into a message of the user")
			}
		}
		return parts, nil
	}
	return nil, dialect.BadRequest(fmt.Sprintf("messages[%d].role is not known; use system, user, assistant or tool", i))
}

// content returns the parts of what a message says. Empty texts are left out.
func (e *encoder) content(field string, c *schemas.Content) ([]partWire, error) {
	if c == nil {
		return nil, nil
	}
	if c.Parts == nil {
		if c.Text == "" {
			return nil, nil
		}
		return []partWire{textPart(c.Text)}, nil
	}
	var parts []partWire
	for i := range c.Parts {
		p, err := e.part(fmt.Sprintf("%s.content[%d]", field, i), &c.Parts[i])
		if err != nil {
			return nil, err
		}
		if p.Text == nil || *p.Text != "" {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// part returns one part of a message.
func (e *encoder) part(field string, p *schemas.ContentPart) (partWire, error) {
	if p.CacheControl != nil {
		e.drop("messages.content.cache_control")
	}
	switch {
	case p.Type == "text":
		return textPart(p.Text), nil
	case p.Type == "refusal":
		return textPart(p.Refusal), nil
	case p.Type == "image_url" && p.ImageURL != nil:
		if p.ImageURL.Detail != "" && p.ImageURL.Detail != "auto" {
			e.drop("messages.content.image_url.detail")
		}
		return mediaPart(field+".image_url.url", p.ImageURL.URL)
	case p.Type == "video_url" && p.VideoURL != nil:
		return mediaPart(field+".video_url.url", p.VideoURL.URL)
	case p.Type == "input_audio" && p.InputAudio != nil:
		return audioPart(field+".input_audio", p.InputAudio)
	case p.Type == "file" && p.File != nil:
		if p.File.Filename != "" {
			e.drop("messages.content.file.filename")
		}
		return filePart(field+".file", p.File)
	}
	return partWire{}, dialect.BadRequest(field + " has no type that is known, or lacks its content; correct it")
}

// answer returns the parts of a message of the model.
func (e *encoder) answer(i int, m *schemas.ChatMessage, parts []partWire) ([]partWire, error) {
	if m.Reasoning != "" {
		e.drop("messages.reasoning_content") // the model does not read it
	}
	if m.Refusal != nil && *m.Refusal != "" {
		parts = append(parts, textPart(*m.Refusal))
	}
	var calls []partWire
	for j, c := range m.ToolCalls {
		args, ok := argsOf(c.Function.Arguments)
		if !ok {
			return nil, dialect.BadRequest(fmt.Sprintf("messages[%d].tool_calls[%d].function.arguments is not a json object; correct it", i, j))
		}
		e.names[c.ID] = c.Function.Name
		calls = append(calls, partWire{FunctionCall: &callWire{ID: idOnWire(c.ID), Name: c.Function.Name, Args: args}})
	}
	parts = e.sign(m, parts, calls)
	if len(calls) > 0 && calls[0].ThoughtSignature == "" && signing.MatchString(e.model) {
		calls[0].ThoughtSignature = noSignature
	}
	return append(parts, calls...), nil
}

// sign puts the signatures of a message where they were: on the call that they name, or
// on the last of the message's texts. One whose place is not there any more goes to the
// first call, or alone. It returns the parts, which come before the calls.
func (e *encoder) sign(m *schemas.ChatMessage, parts, calls []partWire) []partWire {
	for i := range m.ReasoningDetails {
		d := &m.ReasoningDetails[i]
		signature := ownSignature(d)
		if signature == "" {
			e.drop("messages.reasoning_details")
			continue
		}
		if p := place(d.ID, m.ToolCalls, parts, calls); p != nil {
			p.ThoughtSignature = signature
			continue
		}
		alone := textPart("")
		alone.ThoughtSignature = signature
		parts = append(parts, alone)
	}
	return parts
}

// place returns the part that a signature belongs to, or nil. id is that of its call.
func place(id string, ids []schemas.ToolCall, parts, calls []partWire) *partWire {
	if id != "" {
		for i := range ids {
			if ids[i].ID == id && calls[i].ThoughtSignature == "" {
				return &calls[i]
			}
		}
	}
	if n := len(parts); id == "" && n > 0 && parts[n-1].ThoughtSignature == "" {
		return &parts[n-1]
	}
	if len(calls) > 0 && calls[0].ThoughtSignature == "" {
		return &calls[0]
	}
	return nil
}

// argsOf returns arguments as an object; none are an empty one.
func argsOf(arguments string) (json.RawMessage, bool) {
	if strings.TrimSpace(arguments) == "" {
		return json.RawMessage("{}"), true
	}
	return json.RawMessage(arguments), dialect.ValidText(arguments) && gjson.Parse(arguments).IsObject()
}

// The fields of a result that is no object of its own.
// https://ai.google.dev/api/caching#FunctionResponse
const (
	resultOutput = "output"
	resultError  = "error"
)

// result returns the result of a call. One that is a JSON object is sent as it is.
func (e *encoder) result(i int, m *schemas.ChatMessage) ([]partWire, error) {
	field := fmt.Sprintf("messages[%d]", i)
	name, known := e.names[m.ToolCallID]
	if !known {
		name = m.Name
	}
	if name == "" {
		return nil, dialect.BadRequest(field + ".tool_call_id names no call of a message before it; correct it")
	}
	parts, err := e.content(field, m.Content)
	if err != nil {
		return nil, err
	}
	out := &resultWire{ID: idOnWire(m.ToolCallID), Name: name}
	var text strings.Builder
	for _, p := range parts {
		if p.Text == nil {
			out.Parts = append(out.Parts, p)
			continue
		}
		text.WriteString(*p.Text)
	}
	out.Response = responseOf(text.String(), m.IsError)
	return []partWire{{FunctionResponse: out}}, nil
}

// responseOf returns what a tool said as an object.
func responseOf(text string, failed bool) json.RawMessage {
	object := dialect.ValidText(text) && gjson.Parse(text).IsObject()
	if object && !failed {
		return json.RawMessage(text)
	}
	name := resultOutput
	if failed {
		name = resultError
	}
	out := append(gjson.AppendJSONString([]byte{'{'}, name), ':')
	if object {
		out = append(out, text...)
	} else {
		out = gjson.AppendJSONString(out, text)
	}
	return append(out, '}')
}
