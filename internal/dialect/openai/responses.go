package openai

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// translatedResponses is a call of the Responses API that is made as a chat
// completion.
type translatedResponses struct {
	req     *schemas.Request
	asked   map[string]json.RawMessage // the fields of the call, which an answer repeats
	dropped []string
}

var _ dialect.Lossy = (*translatedResponses)(nil)

// responsesShape is what is read of a call, and what of it tells nothing to a provider.
var responsesShape = dialect.ShapeOf(reflect.TypeFor[struct {
	Input []struct {
		inputItem
		earlier
		Content []earlierPart `json:"content"`
		Output  []earlierPart `json:"output"`
		Summary []earlierPart `json:"summary"`
	} `json:"input"`
	Tools     []responsesTool `json:"tools"`
	Text      *responsesText  `json:"text"`
	Reasoning *struct {
		responsesReasoning
		Summary  string `json:"summary"`
		Generate string `json:"generate_summary"` // its former name
	} `json:"reasoning"`
}](), nil)

// earlier are the fields of items that an earlier answer had.
type earlier struct {
	Status json.RawMessage `json:"status"`
}

type earlierPart struct {
	inputPart
	Annotations json.RawMessage `json:"annotations"`
	Logprobs    json.RawMessage `json:"logprobs"`
}

func translateResponses(raw *schemas.RawRequest) (dialect.Translation, error) {
	if raw.Method != "" && raw.Method != http.MethodPost {
		return nil, dialect.Untranslatable(raw.Path)
	}
	in, err := decodeResponses(raw.Body)
	if err != nil {
		return nil, err
	}
	req := &schemas.Request{Operation: schemas.OperationChat, Model: in.chat.Model, Chat: in.chat}
	if in.stream {
		req.Operation = schemas.OperationChatStream
	}
	return &translatedResponses{req: req, asked: in.asked, dropped: dialect.Union(in.dropped, responsesShape.Unread(raw.Body))}, nil
}

// Request implements dialect.Translation.
func (t *translatedResponses) Request() *schemas.Request { return t.req }

// Dropped implements dialect.Lossy.
func (t *translatedResponses) Dropped() []string { return t.dropped }

// Encode implements dialect.Translation. A whole answer is what a stream of one chunk
// ends with.
func (t *translatedResponses) Encode(resp *schemas.Response) (http.Header, []byte, error) {
	chat := resp.Chat
	chunk := &schemas.ChatChunk{ID: chat.ID, Created: chat.Created, Model: chat.Model, Usage: chat.Usage}
	if len(chat.Choices) > 0 {
		chunk.Choices = []schemas.ChunkChoice{asChunk(&chat.Choices[0])}
	}
	w := newResponsesWriter(t.asked)
	if _, err := w.Append(nil, chunk); err != nil {
		return nil, nil, err
	}
	w.AppendEnd(nil)
	if w.err != nil {
		return nil, nil, w.err
	}
	body, err := json.Marshal(w.response(w.status()))
	return jsonHeader(), body, err
}

// asChunk returns a whole choice as one piece of a stream.
func asChunk(c *schemas.ChatChoice) schemas.ChunkChoice {
	d := schemas.Delta{Content: c.Message.Content.PlainText(), Reasoning: c.Message.Reasoning,
		ReasoningDetails: slices.Clone(c.Message.ReasoningDetails), ToolCalls: slices.Clone(c.Message.ToolCalls)}
	if c.Message.Refusal != nil {
		d.Refusal = *c.Message.Refusal
	}
	for i := range d.ReasoningDetails {
		d.ReasoningDetails[i].Index = i
	}
	for i := range d.ToolCalls {
		d.ToolCalls[i].Index = &i
	}
	return schemas.ChunkChoice{Delta: d, FinishReason: &c.FinishReason, Logprobs: c.Logprobs}
}

// Stream implements dialect.Translation.
func (t *translatedResponses) Stream() (dialect.ChunkWriter, string) {
	return newResponsesWriter(t.asked), "text/event-stream"
}
