package openai

import (
	"fmt"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// sentItem is an item of the input as it is sent; which field is set depends on Type.
type sentItem struct {
	Type             string     `json:"type"`
	ID               string     `json:"id,omitempty"`
	Role             string     `json:"role,omitempty"`
	Content          any        `json:"content,omitempty"` // a text or []sentPart
	Summary          []sentPart `json:"summary,omitzero"`
	EncryptedContent string     `json:"encrypted_content,omitempty"`
	CallID           string     `json:"call_id,omitempty"`
	Name             string     `json:"name,omitempty"`
	Arguments        *string    `json:"arguments,omitempty"`
	Output           any        `json:"output,omitempty"` // a text or []sentPart
	ThoughtSignature string     `json:"thought_signature,omitempty"`
}

// sentPart is a part of an item's content.
type sentPart struct {
	Type       string         `json:"type"`
	Text       *string        `json:"text,omitempty"`
	Refusal    string         `json:"refusal,omitempty"`
	ImageURL   string         `json:"image_url,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	FileID     string         `json:"file_id,omitempty"`
	FileData   string         `json:"file_data,omitempty"`
	FileURL    string         `json:"file_url,omitempty"`
	Filename   string         `json:"filename,omitempty"`
	InputAudio *schemas.Audio `json:"input_audio,omitempty"`
}

const partInput = "input_text"

func textPart(typ, text string) sentPart { return sentPart{Type: typ, Text: &text} }

// messages writes the conversation as items.
func (s *sender) messages() error {
	s.out.Input = make([]sentItem, 0, len(s.chat.Messages))
	for i := range s.chat.Messages {
		m := &s.chat.Messages[i]
		field := fmt.Sprintf("messages[%d]", i)
		if m.Name != "" {
			s.drop("messages.name")
		}
		if m.IsError {
			s.drop("messages.is_error")
		}
		var err error
		switch m.Role {
		case roleAssistant:
			err = s.assistant(field, m)
		case roleTool:
			err = s.toolResult(field, m)
		default:
			var content any
			content, err = s.content(field, m.Content)
			s.out.Input = append(s.out.Input, sentItem{Type: itemMessage, Role: m.Role, Content: content})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sender) toolResult(field string, m *schemas.ChatMessage) error {
	if m.ToolCallID == "" {
		return dialect.BadRequest(field + ".tool_call_id is missing; name the call that this is the result of")
	}
	output, err := s.content(field, m.Content)
	s.out.Input = append(s.out.Input, sentItem{Type: itemCallOutput, CallID: m.ToolCallID, Output: output})
	return err
}

// assistant writes a message of the model: its reasoning, what it said, and its calls.
func (s *sender) assistant(field string, m *schemas.ChatMessage) error {
	s.out.Input = append(s.out.Input, s.thinking(m)...)
	said, err := s.said(field, m)
	if err != nil {
		return err
	}
	if said != "" || len(m.ToolCalls) == 0 {
		s.out.Input = append(s.out.Input, sentItem{Type: itemMessage, Role: roleAssistant, Content: said})
	}
	signatures := signaturesOf(m)
	for i := range m.ToolCalls {
		c := &m.ToolCalls[i]
		switch {
		case c.Type != "" && c.Type != toolFunction:
			return notAResponse(fmt.Sprintf("%s.tool_calls[%d], which is no call of a function,", field, i))
		case c.ID == "" || c.Function.Name == "":
			return dialect.BadRequest(fmt.Sprintf("%s.tool_calls[%d] needs an id and function.name; add them", field, i))
		}
		item := sentItem{Type: itemCall, CallID: c.ID, Name: c.Function.Name, Arguments: &c.Function.Arguments}
		if s.opts.Plain {
			item.ThoughtSignature = signatures[c.ID]
		}
		s.out.Input = append(s.out.Input, item)
	}
	return nil
}

// said returns what a message of the model says: a text, or parts where it has a refusal.
func (s *sender) said(field string, m *schemas.ChatMessage) (any, error) {
	var parts []sentPart
	if m.Content != nil {
		for i := range m.Content.Parts {
			switch p := &m.Content.Parts[i]; p.Type {
			case "text":
				s.uncached(p)
				parts = append(parts, textPart(partText, p.Text))
			case "refusal":
				parts = append(parts, sentPart{Type: partRefusal, Refusal: p.Refusal})
			default:
				return nil, notAResponse(fmt.Sprintf("%s.content[%d], a part %s of the model's,", field, i, ofType(p.Type)))
			}
		}
	}
	text := m.Content.PlainText()
	if m.Refusal != nil && *m.Refusal != "" {
		if text != "" && len(parts) == 0 {
			parts = append(parts, textPart(partText, text))
		}
		parts = append(parts, sentPart{Type: partRefusal, Refusal: *m.Refusal})
	}
	switch {
	case len(parts) == 0:
		return text, nil
	case s.opts.Plain:
		for _, p := range parts {
			text += p.Refusal
		}
		return text, nil
	}
	return parts, nil
}

// thinking returns the items of reasoning that OpenAI's models can take back: those with
// encrypted content, since none is stored.
func (s *sender) thinking(m *schemas.ChatMessage) (items []sentItem) {
	var open *sentItem
	lost := false
	for i := range m.ReasoningDetails {
		d := &m.ReasoningDetails[i]
		switch {
		case s.opts.Plain && d.Format == schemas.FormatPerplexity:
			continue // goes with its call
		case s.opts.Plain || d.Format != schemas.FormatResponses:
			lost = true
			continue
		}
		if open != nil && open.ID != d.ID {
			open, lost = nil, true
		}
		if open == nil {
			open = &sentItem{Type: itemReasoning, ID: d.ID, Summary: []sentPart{}}
		}
		switch d.Type {
		case schemas.ReasoningSummary:
			open.Summary = append(open.Summary, textPart(partSummary, d.Summary))
		case schemas.ReasoningEncrypted:
			open.EncryptedContent = d.Data
			items = append(items, *open)
			open = nil
		default:
			lost = true
		}
	}
	switch {
	case lost || open != nil:
		s.drop("messages.reasoning_details")
	case m.Reasoning != "" && len(items) == 0:
		s.drop("messages.reasoning_content")
	}
	return items
}

// signaturesOf returns what a plain server signed calls with, by their ids; the first of
// several counts.
func signaturesOf(m *schemas.ChatMessage) map[string]string {
	var all map[string]string
	for i := range m.ReasoningDetails {
		d := &m.ReasoningDetails[i]
		if _, twice := all[d.ID]; twice || d.Format != schemas.FormatPerplexity {
			continue
		}
		if all == nil {
			all = map[string]string{}
		}
		all[d.ID] = d.Data
	}
	return all
}

// content returns a text, or parts, of any but the model.
func (s *sender) content(field string, c *schemas.Content) (any, error) {
	if c == nil || c.Parts == nil {
		return c.PlainText(), nil
	}
	parts := make([]sentPart, 0, len(c.Parts))
	texts := true
	for i := range c.Parts {
		p, err := s.part(fmt.Sprintf("%s.content[%d]", field, i), &c.Parts[i])
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		texts = texts && p.Type == partInput
	}
	if texts && s.opts.Plain {
		return c.PlainText(), nil
	}
	return parts, nil
}

func (s *sender) uncached(p *schemas.ContentPart) {
	if p.CacheControl != nil {
		s.drop("messages.content.cache_control")
	}
}

func (s *sender) part(field string, p *schemas.ContentPart) (sentPart, error) {
	s.uncached(p)
	switch {
	case p.Type == "text":
		return textPart(partInput, p.Text), nil
	case p.Type == "image_url" && p.ImageURL != nil:
		out := sentPart{Type: "input_image", ImageURL: p.ImageURL.URL, Detail: p.ImageURL.Detail}
		if s.opts.Plain && out.Detail != "" {
			if out.Detail != "auto" {
				s.drop("messages.content.image_url.detail")
			}
			out.Detail = ""
		}
		return out, nil
	case p.Type == "file" && p.File != nil && !s.opts.Plain:
		return sentPart{Type: "input_file", FileID: p.File.FileID, FileData: p.File.FileData, FileURL: p.File.FileURL,
			Filename: p.File.Filename}, nil
	case p.Type == "input_audio" && p.InputAudio != nil && !s.opts.Plain:
		return sentPart{Type: p.Type, InputAudio: p.InputAudio}, nil
	}
	return sentPart{}, notAResponse(field + ", a part " + ofType(p.Type) + ",")
}
