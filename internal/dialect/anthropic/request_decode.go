package anthropic

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// known are the fields of a request. Those that requestWire has not are left out, or
// refused by refused.
var known = map[string]bool{
	"model": true, "max_tokens": true, "system": true, "messages": true, "tools": true, "tool_choice": true, "thinking": true,
	"output_config": true, "output_format": true, "stop_sequences": true, "temperature": true, "top_p": true, "top_k": true, "metadata": true, "stream": true,
	"cache_control": true, "context_management": true, "service_tier": true, "user_profile_id": true,
}

// refused are the fields without which the answer is another one.
var refused = []string{"container", "mcp_servers", "inference_geo"}

// DecodeRequest reads a request and whether it asks for a stream. Unknown fields go
// to Extra.
func DecodeRequest(data []byte) (req *schemas.ChatRequest, stream bool, err error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil || all == nil {
		return nil, false, dialect.BadRequest("the request's body is not a json object; send one with the fields of the Messages API")
	}
	for _, name := range refused {
		if dialect.Present(all[name]) {
			return nil, false, untranslatable(name)
		}
	}
	var in requestWire
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, false, badField(err)
	}
	switch {
	case in.Model == "":
		return nil, false, dialect.BadRequest("the field model is missing; name a model")
	case len(in.Messages) == 0:
		return nil, false, dialect.BadRequest("the field messages is missing or empty; send at least one message")
	}
	req = &schemas.ChatRequest{Model: in.Model, MaxCompletionTokens: in.MaxTokens, Temperature: in.Temperature, TopP: in.TopP,
		TopK: in.TopK, IncludeUsage: in.Stream}
	if len(in.StopSequences) > 0 {
		req.Stop = in.StopSequences
	}
	if in.Metadata != nil {
		req.User = in.Metadata.UserID
	}
	if req.Messages, err = decodeMessages(&in); err != nil {
		return nil, false, err
	}
	if err := decodeTools(&in, req, gjson.GetBytes(data, "tools").Array()); err != nil {
		return nil, false, err
	}
	if err := decodeThinking(&in, req); err != nil {
		return nil, false, err
	}
	for name, v := range all {
		if !known[name] {
			if req.Extra == nil {
				req.Extra = map[string]json.RawMessage{}
			}
			req.Extra[name] = v
		}
	}
	return req, in.Stream, nil
}

// untranslatable is the error for what no other dialect can carry.
func untranslatable(field string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: field + " is not translated to the provider's dialect; leave it out, or use a provider that speaks Anthropic's"}
}

// badField says which field has the wrong type, without quoting its value.
func badField(err error) *schemas.Error {
	if wrong, ok := err.(*json.UnmarshalTypeError); ok && wrong.Field != "" {
		return dialect.BadRequest("the field " + wrong.Field + " has the wrong type; correct it")
	}
	return dialect.BadRequest("a field of the request has the wrong type; compare it with the description of the Messages API")
}

func decodeTools(in *requestWire, req *schemas.ChatRequest, raw []gjson.Result) error {
	for i, t := range in.Tools {
		tool := schemas.Tool{Type: "function", CacheControl: t.CacheControl}
		switch {
		case t.Type != "" && t.Type != "custom":
			tool.Type, tool.Raw = t.Type, json.RawMessage(raw[i].Raw)
		default:
			tool.Function = schemas.ToolFunction{Name: t.Name, Description: t.Description, Parameters: t.InputSchema, Strict: t.Strict}
		}
		if tool.Raw != nil {
			return untranslatable(fmt.Sprintf("tools[%d], a tool of Anthropic's own,", i))
		}
		req.Tools = append(req.Tools, tool)
	}
	c := in.ToolChoice
	if c == nil {
		return nil
	}
	if c.OneAtMax {
		parallel := false
		req.ParallelToolCalls = &parallel
	}
	switch {
	case c.Type == "tool" && c.Name != "":
		req.ToolChoice = &schemas.ToolChoice{Function: c.Name}
	case c.Type == "any":
		req.ToolChoice = &schemas.ToolChoice{Mode: "required"}
	case c.Type == "auto", c.Type == "none":
		req.ToolChoice = &schemas.ToolChoice{Mode: c.Type}
	default:
		return dialect.BadRequest(`tool_choice.type must be "auto", "any", "none" or "tool" with a name; correct it`)
	}
	return nil
}

func decodeThinking(in *requestWire, req *schemas.ChatRequest) error {
	if o := in.OutputConfig; o != nil {
		req.ReasoningEffort = o.Effort
		if o.Format != nil {
			if o.Format.Type != "json_schema" || !dialect.Present(o.Format.Schema) {
				return dialect.BadRequest(`output_config.format must have the type "json_schema" and a schema; correct it`)
			}
			schema, err := json.Marshal(map[string]any{"name": "output", "strict": true, "schema": o.Format.Schema})
			if err != nil { // it was read as json
				panic("bug: " + err.Error())
			}
			req.ResponseFormat = &schemas.ResponseFormat{Type: "json_schema", JSONSchema: schema}
		}
	}
	t := in.Thinking
	if t == nil {
		return nil
	}
	switch t.Type {
	case "disabled":
		req.Thinking = &schemas.Thinking{Off: true}
	case "enabled", "adaptive":
		req.Thinking = &schemas.Thinking{Hidden: t.Display == "omitted"}
		if t.Type == "enabled" {
			req.Thinking.Budget = max(0, t.Budget)
		}
	default:
		return dialect.BadRequest(`thinking.type must be "enabled", "adaptive" or "disabled"; correct it`)
	}
	return nil
}

// decodeMessages reads the system prompt and the conversation.
func decodeMessages(in *requestWire) ([]schemas.ChatMessage, error) {
	var out []schemas.ChatMessage
	if len(in.System) > 0 {
		content, err := contentOf("system", in.System)
		if err != nil {
			return nil, err
		}
		out = append(out, schemas.ChatMessage{Role: roleSystem, Content: content})
	}
	for i := range in.Messages {
		m := &in.Messages[i]
		field := fmt.Sprintf("messages[%d]", i)
		var more []schemas.ChatMessage
		var err error
		switch m.Role {
		case roleUser:
			more, err = userMessages(field, m.Content)
		case roleAssistant:
			more, err = answerMessage(field, m.Content)
		case roleSystem:
			var content *schemas.Content
			content, err = contentOf(field, m.Content)
			more = []schemas.ChatMessage{{Role: roleSystem, Content: content}}
		default:
			err = dialect.BadRequest(field + `.role must be "user" or "assistant"; correct it`)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// userMessages returns the results of tools, each as a message of its own, and then
// the rest.
func userMessages(field string, blocks []blockWire) ([]schemas.ChatMessage, error) {
	var out []schemas.ChatMessage
	var rest []blockWire
	for i := range blocks {
		b := &blocks[i]
		if b.Type != blockToolResult {
			rest = append(rest, *b)
			continue
		}
		content, err := contentOf(fmt.Sprintf("%s.content[%d]", field, i), b.Content)
		if err != nil {
			return nil, err
		}
		out = append(out, schemas.ChatMessage{Role: roleTool, ToolCallID: b.ToolUseID, IsError: b.IsError,
			Content: markedAs(content, b.CacheControl)})
	}
	if len(rest) == 0 && len(out) > 0 {
		return out, nil
	}
	content, err := contentOf(field, rest)
	if err != nil {
		return nil, err
	}
	return append(out, schemas.ChatMessage{Role: roleUser, Content: content}), nil
}

// markedAs returns content whose end is marked for a cache.
func markedAs(c *schemas.Content, mark *schemas.CacheControl) *schemas.Content {
	if mark == nil {
		return c
	}
	if c.Parts == nil {
		c.Parts, c.Text = []schemas.ContentPart{schemas.TextPart(c.Text)}, ""
	}
	c.Parts[len(c.Parts)-1].CacheControl = mark
	return c
}

// answerMessage returns a message of the model.
func answerMessage(field string, blocks []blockWire) ([]schemas.ChatMessage, error) {
	m := schemas.ChatMessage{Role: roleAssistant}
	var rest []blockWire
	var reasoning strings.Builder
	for i := range blocks {
		b := &blocks[i]
		switch b.Type {
		case blockThinking, blockRedacted:
			reasoning.WriteString(value(b.Thinking))
			if d, ok := detailOf(b); ok {
				d.Index = len(m.ReasoningDetails)
				m.ReasoningDetails = append(m.ReasoningDetails, d)
			}
		case blockToolUse:
			m.ToolCalls = append(m.ToolCalls, newFunctionCall(b.ID, b.Name, argumentsOf(b.Input)))
		case blockText:
			rest = append(rest, *b)
		default:
			return nil, untranslatable(fmt.Sprintf("%s.content[%d]: a block of the type given", field, i))
		}
	}
	m.Reasoning = reasoning.String()
	if len(rest) > 0 || len(m.ToolCalls) == 0 {
		content, err := contentOf(field, rest)
		if err != nil {
			return nil, err
		}
		m.Content = content
	}
	return []schemas.ChatMessage{m}, nil
}

// contentOf returns blocks as content: as text if they are no more than one.
func contentOf(field string, blocks []blockWire) (*schemas.Content, error) {
	if len(blocks) == 0 {
		return schemas.TextContent(""), nil
	}
	if len(blocks) == 1 && blocks[0].Type == blockText && blocks[0].CacheControl == nil {
		return schemas.TextContent(blocks[0].text()), nil
	}
	c := &schemas.Content{Parts: []schemas.ContentPart{}}
	for i := range blocks {
		b := &blocks[i]
		at := fmt.Sprintf("%s.content[%d]", field, i)
		if b.Context != "" {
			c.Parts = append(c.Parts, schemas.TextPart(b.Context)) // of a document: what the model is to know of it
		}
		p, err := partOf(at, b)
		if err != nil {
			return nil, err
		}
		p.CacheControl = b.CacheControl
		c.Parts = append(c.Parts, p)
	}
	return c, nil
}

func partOf(field string, b *blockWire) (schemas.ContentPart, error) {
	switch {
	case b.Type == blockText:
		return schemas.TextPart(b.text()), nil
	case b.Type == blockImage && b.Source != nil:
		address, ok := addressOf(b.Source)
		if !ok {
			return schemas.ContentPart{}, untranslatable(field + ".source of this type")
		}
		return schemas.ContentPart{Type: "image_url", ImageURL: &schemas.ImageURL{URL: address}}, nil
	case b.Type == blockDocument && b.Source != nil:
		if b.Citations != nil && b.Citations.Enabled {
			return schemas.ContentPart{}, untranslatable(field + ".citations")
		}
		file, err := fileOf(field, b)
		return schemas.ContentPart{Type: "file", File: file}, err
	}
	return schemas.ContentPart{}, untranslatable(field + ": a block of the type given")
}
