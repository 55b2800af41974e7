package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

const (
	roleSystem    = "system"
	roleUser      = "user"
	roleAssistant = "assistant"
	roleTool      = "tool"
)

// Types of the items of a response.
const (
	itemMessage    = "message"
	itemReasoning  = "reasoning"
	itemCall       = "function_call"
	itemCallOutput = "function_call_output"
)

// inputItem is one item of the input; which field is set depends on Type.
type inputItem struct {
	Type             string          `json:"type"`
	ID               string          `json:"id"`
	Role             string          `json:"role"`
	Phase            string          `json:"phase"`
	Content          json.RawMessage `json:"content"`
	CallID           string          `json:"call_id"`
	Name             string          `json:"name"`
	Arguments        string          `json:"arguments"`
	Output           json.RawMessage `json:"output"`
	Summary          []inputPart     `json:"summary"`
	EncryptedContent string          `json:"encrypted_content"`
}

// inputPart is one part of an item's content.
type inputPart struct {
	Type       string         `json:"type"`
	Text       string         `json:"text"`
	Refusal    string         `json:"refusal"`
	ImageURL   string         `json:"image_url"`
	Detail     string         `json:"detail"`
	FileID     string         `json:"file_id"`
	FileData   string         `json:"file_data"`
	FileURL    string         `json:"file_url"`
	Filename   string         `json:"filename"`
	InputAudio *schemas.Audio `json:"input_audio"`
}

// turns puts items together to messages: reasoning, text and calls of the model that
// follow one another are one message.
type turns struct {
	call     *responsesCall
	messages []schemas.ChatMessage
}

// messages returns instructions and input.
func (c *responsesCall) messages(in *responsesRequest) ([]schemas.ChatMessage, error) {
	t := turns{call: c}
	if in.Instructions != nil && *in.Instructions != "" {
		t.add(schemas.SystemMessage(*in.Instructions))
	}
	var text string
	var items []json.RawMessage
	switch {
	case json.Unmarshal(in.Input, &text) == nil && dialect.Present(in.Input):
		t.add(schemas.UserMessage(text))
	case json.Unmarshal(in.Input, &items) != nil:
		return nil, dialect.BadRequest("the field input must be a text or a list of items; correct it")
	}
	for i, raw := range items {
		field := fmt.Sprintf("input[%d]", i)
		var item inputItem
		if err := json.Unmarshal(raw, &item); err != nil {
			return nil, dialect.BadRequest(field + " is not an item: it, or a field of it, has the wrong type; correct it")
		}
		if err := t.item(field, &item); err != nil {
			return nil, err
		}
	}
	t.endTurn()
	if len(t.messages) == 0 {
		return nil, dialect.BadRequest("the field input is missing or empty; send a text or at least one item")
	}
	return t.messages, nil
}

func (t *turns) add(m schemas.ChatMessage) { t.messages = append(t.messages, m) }

// item adds one item.
func (t *turns) item(field string, it *inputItem) error {
	switch it.Type {
	case itemMessage, "":
		return t.message(field, it)
	case itemReasoning:
		return t.reasoning(field, it)
	case itemCall:
		if it.Name == "" || it.CallID == "" {
			return dialect.BadRequest(field + " needs a name and a call_id; add them")
		}
		m := t.ofModel(true)
		m.ToolCalls = append(m.ToolCalls, schemas.ToolCall{ID: it.CallID, Type: toolFunction,
			Function: schemas.FunctionCall{Name: it.Name, Arguments: it.Arguments}})
		return nil
	case itemCallOutput:
		if it.CallID == "" {
			return dialect.BadRequest(field + ".call_id is missing; name the call that this is the output of")
		}
		content, _, err := t.content(field+".output", it.Output)
		if err != nil {
			return err
		}
		t.endTurn()
		t.add(schemas.ChatMessage{Role: roleTool, ToolCallID: it.CallID, Content: content})
		return nil
	case "item_reference":
		return notCarried(field + ", which refers to an item that a provider keeps (with store false clients send the item itself),")
	}
	return notCarried(field + ", an item " + ofType(it.Type) + ",")
}

func (t *turns) message(field string, it *inputItem) error {
	content, refusal, err := t.content(field+".content", it.Content)
	if err != nil {
		return err
	}
	if it.Phase != "" {
		t.call.drop("input.phase")
	}
	switch it.Role {
	case roleUser, roleSystem, "developer":
		t.endTurn()
		t.add(schemas.ChatMessage{Role: it.Role, Content: content})
		return nil
	case roleAssistant:
	default:
		return dialect.BadRequest(field + `.role must be "user", "assistant", "system" or "developer"; correct it`)
	}
	m := t.ofModel(false)
	if m.Content == nil {
		m.Content = content
	} else { // text after calls
		m.Content = schemas.TextContent(m.Content.PlainText() + content.PlainText())
	}
	if refusal != "" {
		if m.Refusal != nil {
			refusal = *m.Refusal + refusal
		}
		m.Refusal = &refusal
	}
	return nil
}

// ofModel returns the message of the model that the next item belongs to, which may be a
// new one: a call goes with what is before it, and all goes with a call, since its
// result must follow.
func (t *turns) ofModel(call bool) *schemas.ChatMessage {
	n := len(t.messages)
	if n > 0 && t.messages[n-1].Role == roleAssistant {
		if m := &t.messages[n-1]; call || len(m.ToolCalls) > 0 || m.Content == nil {
			return m
		}
	}
	t.add(schemas.ChatMessage{Role: roleAssistant})
	return &t.messages[n]
}

// endTurn gives reasoning that nothing follows to the message before it, or a message
// an empty text: providers refuse one of the model that says nothing.
func (t *turns) endTurn() {
	n := len(t.messages)
	if n == 0 {
		return
	}
	last := &t.messages[n-1]
	if last.Role != roleAssistant || last.Content != nil || len(last.ToolCalls) > 0 {
		return
	}
	if n == 1 || t.messages[n-2].Role != roleAssistant {
		last.Content = schemas.TextContent("")
		return
	}
	before := &t.messages[n-2]
	before.Reasoning += last.Reasoning
	addDetails(before, last.ReasoningDetails)
	t.messages = t.messages[:n-1]
}

// content reads a text or a list of parts, and the refusals among them.
func (t *turns) content(field string, raw json.RawMessage) (content *schemas.Content, refusal string, err error) {
	var text string
	if len(raw) == 0 || json.Unmarshal(raw, &text) == nil {
		return schemas.TextContent(text), "", nil
	}
	var parts []inputPart
	if json.Unmarshal(raw, &parts) != nil {
		return nil, "", dialect.BadRequest(field + " must be a text or a list of parts; correct it")
	}
	content = &schemas.Content{}
	for i := range parts {
		p := &parts[i]
		if p.Type == "refusal" {
			refusal += p.Refusal
			continue
		}
		part, err := t.part(fmt.Sprintf("%s[%d]", field, i), p)
		if err != nil {
			return nil, "", err
		}
		content.Parts = append(content.Parts, part)
	}
	switch {
	case len(content.Parts) == 0:
		content = schemas.TextContent("")
	case len(content.Parts) == 1 && content.Parts[0].Type == "text":
		content = schemas.TextContent(content.Parts[0].Text) // the form that every provider takes
	}
	return content, refusal, nil
}

func (t *turns) part(field string, p *inputPart) (schemas.ContentPart, error) {
	switch p.Type {
	case "input_text", "output_text", "text":
		return schemas.TextPart(p.Text), nil
	case "input_image":
		if p.ImageURL == "" {
			return schemas.ContentPart{}, notCarried(field + ", an image without image_url,")
		}
		return schemas.ContentPart{Type: "image_url", ImageURL: &schemas.ImageURL{URL: p.ImageURL, Detail: p.Detail}}, nil
	case "input_file":
		if p.Detail != "" {
			t.call.drop("input.content.detail")
		}
		return schemas.ContentPart{Type: "file", File: &schemas.FileInput{FileData: p.FileData, FileURL: p.FileURL,
			FileID: p.FileID, Filename: p.Filename}}, nil
	case "input_audio":
		if p.InputAudio != nil {
			return schemas.ContentPart{Type: p.Type, InputAudio: p.InputAudio}, nil
		}
	}
	return schemas.ContentPart{}, notCarried(field + ", a part " + ofType(p.Type) + ",")
}

// textOfParts joins the texts of parts, each a paragraph.
func textOfParts(parts []inputPart) string {
	var texts []string
	for _, p := range parts {
		if p.Text != "" {
			texts = append(texts, p.Text)
		}
	}
	return strings.Join(texts, "\n\n")
}
