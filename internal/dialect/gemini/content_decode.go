package gemini

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// openCall is a call of the conversation.
type openCall struct {
	id, name string
	answered bool
}

// conversation reads contents. Calls need not have an id in the dialect: they are given
// one by their place, and a result belongs to the first open call of its name.
type conversation struct {
	messages []schemas.ChatMessage
	calls    []openCall

	// byID and byName are the places in calls of those that may be open, the first one
	// first.
	byID, byName map[string][]int
}

// decodeContents reads the system's instruction and the conversation.
func decodeContents(in *requestWire) ([]schemas.ChatMessage, error) {
	c := &conversation{byID: map[string][]int{}, byName: map[string][]int{}}
	if s := in.SystemInstruction; s != nil && len(s.Parts) > 0 {
		content, err := contentOf("systemInstruction", s.Parts)
		if err != nil {
			return nil, err
		}
		c.messages = append(c.messages, schemas.ChatMessage{Role: roleSystem, Content: content})
	}
	for i := range in.Contents {
		field := fmt.Sprintf("contents[%d]", i)
		var err error
		switch content := &in.Contents[i]; content.Role {
		case roleModel:
			err = c.answer(field, content.Parts)
		case roleUser, roleFunction, roleTool, "":
			err = c.user(field, content.Parts)
		default:
			err = dialect.BadRequest(field + `.role must be "user" or "model"; correct it`)
		}
		if err != nil {
			return nil, err
		}
	}
	return c.messages, nil
}

// user reads the results of tools, each as a message of its own, and then the rest.
func (c *conversation) user(field string, parts []partWire) error {
	var rest []partWire
	results := 0
	for i := range parts {
		r := parts[i].FunctionResponse
		if r == nil {
			rest = append(rest, parts[i])
			continue
		}
		results++
		at := fmt.Sprintf("%s.parts[%d].functionResponse", field, i)
		id, ok := c.resolve(r)
		if !ok {
			return dialect.BadRequest(at + " answers no functionCall before it; correct its name or id")
		}
		m := schemas.ChatMessage{Role: roleTool, ToolCallID: id}
		text, failed := resultText(r.Response)
		m.IsError, m.Content = failed, schemas.TextContent(text)
		if len(r.Parts) > 0 {
			media, err := contentOf(at, r.Parts)
			if err != nil {
				return err
			}
			m.Content = &schemas.Content{Parts: append([]schemas.ContentPart{schemas.TextPart(text)}, media.Parts...)}
		}
		c.messages = append(c.messages, m)
	}
	if len(rest) == 0 && results > 0 {
		return nil
	}
	content, err := contentOf(field, rest)
	if err != nil {
		return err
	}
	c.messages = append(c.messages, schemas.ChatMessage{Role: roleUser, Content: content})
	return nil
}

// resolve returns the id of the call that a result belongs to: the one that it names, or
// else the first of its name that has none yet.
func (c *conversation) resolve(r *resultWire) (string, bool) {
	if r.ID != "" {
		if id, ok := c.first(c.byID, r.ID); ok {
			return id, true
		}
	}
	return c.first(c.byName, r.Name)
}

// first returns the id of the first open call of an index's key, which is answered then.
func (c *conversation) first(index map[string][]int, key string) (string, bool) {
	for places := index[key]; len(places) > 0; {
		call := &c.calls[places[0]]
		places = places[1:]
		index[key] = places // an answered one is passed once
		if !call.answered {
			call.answered = true
			return call.id, true
		}
	}
	return "", false
}

// answer reads a message of the model.
func (c *conversation) answer(field string, parts []partWire) error {
	m := schemas.ChatMessage{Role: roleAssistant}
	var rest []partWire
	var reasoning strings.Builder
	for i := range parts {
		p := &parts[i]
		id := ""
		switch {
		case p.Thought:
			reasoning.WriteString(p.text())
		case p.FunctionCall != nil:
			call := p.FunctionCall
			if id = call.ID; id == "" {
				id = minted + strconv.Itoa(len(c.calls))
			}
			c.byID[id] = append(c.byID[id], len(c.calls))
			c.byName[call.Name] = append(c.byName[call.Name], len(c.calls))
			c.calls = append(c.calls, openCall{id: id, name: call.Name})
			m.ToolCalls = append(m.ToolCalls, newFunctionCall(id, call.Name, argumentsOf(call.Args)))
		case p.Text == nil && !isMedia(p):
			if p.ThoughtSignature == "" || !nothingElse(p) {
				return untranslatable(fmt.Sprintf("%s.parts[%d]: a part of this kind", field, i))
			}
		case p.Text == nil || *p.Text != "":
			rest = append(rest, *p)
		}
		m.ReasoningDetails = append(m.ReasoningDetails, detailsOf(p.ThoughtSignature, id, len(m.ReasoningDetails))...)
	}
	m.Reasoning = reasoning.String()
	if len(rest) > 0 || len(m.ToolCalls) == 0 {
		content, err := contentOf(field, rest)
		if err != nil {
			return err
		}
		m.Content = content
	}
	c.messages = append(c.messages, m)
	return nil
}

func isMedia(p *partWire) bool { return p.InlineData != nil || p.FileData != nil }

// nothingElse reports whether a part has nothing but a signature.
func nothingElse(p *partWire) bool {
	return p.FunctionResponse == nil && len(p.ExecutableCode)+len(p.CodeExecutionResult)+len(p.ToolCall)+len(p.ToolResponse) == 0
}

// contentOf returns parts as content: as text if they are no more than one.
func contentOf(field string, parts []partWire) (*schemas.Content, error) {
	if len(parts) == 0 {
		return schemas.TextContent(""), nil
	}
	if len(parts) == 1 && parts[0].Text != nil {
		return schemas.TextContent(parts[0].text()), nil
	}
	c := &schemas.Content{Parts: []schemas.ContentPart{}}
	for i := range parts {
		p, err := contentPart(fmt.Sprintf("%s.parts[%d]", field, i), &parts[i])
		if err != nil {
			return nil, err
		}
		c.Parts = append(c.Parts, p)
	}
	return c, nil
}

func contentPart(field string, p *partWire) (schemas.ContentPart, error) {
	switch {
	case dialect.Present(p.VideoMetadata):
		return schemas.ContentPart{}, untranslatable(field + ".videoMetadata")
	case p.Text != nil:
		return schemas.TextPart(*p.Text), nil
	case p.InlineData != nil:
		part, ok := inlinePart(p.InlineData)
		if !ok {
			return part, dialect.BadRequest(field + ".inlineData.mimeType is not a media type; correct it")
		}
		return part, nil
	case p.FileData != nil:
		return addressPart(p.FileData), nil
	}
	return schemas.ContentPart{}, untranslatable(field + ": a part of this kind")
}

// argumentsOf returns a call's arguments as text.
func argumentsOf(args json.RawMessage) string {
	var text bytes.Buffer
	if len(args) == 0 || json.Compact(&text, args) != nil || text.String() == "null" {
		return "{}"
	}
	return text.String()
}

// resultText returns what a tool said, and whether it failed.
func resultText(response json.RawMessage) (text string, failed bool) {
	v := gjson.ParseBytes(response)
	fields := 0
	var only, value gjson.Result
	if v.IsObject() {
		v.ForEach(func(name, each gjson.Result) bool {
			fields++
			only, value = name, each
			return true
		})
	}
	switch {
	case fields == 1 && only.Str == resultError && value.Type == gjson.String:
		return value.Str, true
	case fields == 1 && only.Str == resultError:
		return argumentsOf(json.RawMessage(value.Raw)), true
	case fields == 1 && only.Str == resultOutput && value.Type == gjson.String:
		return value.Str, false
	}
	return argumentsOf(response), false
}
