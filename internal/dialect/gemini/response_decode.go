package gemini

import (
	"encoding/json"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// DecodeResponse reads a whole answer. key is the used credential, masked in an error
// that the answer may carry instead.
func DecodeResponse(data []byte, key string) (*schemas.ChatResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in answerWire
	if err := json.Unmarshal(data, &in); err != nil || len(in.Candidates) == 0 && !in.blocked() {
		return nil, dialect.BadAnswer("the answer has no candidates of Gemini's dialect; check network_config.base_url and the provider's type")
	}
	out := &schemas.ChatResponse{ID: in.ResponseID, Object: "chat.completion", Model: in.ModelVersion, Usage: in.Usage.canonical()}
	if len(in.Candidates) == 0 {
		out.Choices = []schemas.ChatChoice{{FinishReason: finishFilter,
			Message: schemas.ChatMessage{Role: roleAssistant, Content: schemas.TextContent("")}}}
		return out, nil
	}
	for i := range in.Candidates {
		choice, err := choiceOf(&in.Candidates[i], in.ResponseID)
		if err != nil {
			return nil, err
		}
		out.Choices = append(out.Choices, choice)
	}
	return out, nil
}

// blocked reports whether the prompt was refused.
func (a *answerWire) blocked() bool {
	return a.PromptFeedback != nil && a.PromptFeedback.BlockReason != ""
}

// parts returns what a candidate says.
func (c *candidateWire) parts() []partWire {
	if c.Content == nil {
		return nil
	}
	return c.Content.Parts
}

// choiceOf returns a candidate in the canonical form.
func choiceOf(c *candidateWire, response string) (schemas.ChatChoice, error) {
	r := reader{response: response, candidate: c.Index}
	m := schemas.ChatMessage{Role: roleAssistant}
	var text, reasoning strings.Builder
	for i := range c.parts() {
		d, err := r.delta(&c.Content.Parts[i])
		if err != nil {
			return schemas.ChatChoice{}, err
		}
		text.WriteString(d.Content)
		reasoning.WriteString(d.Reasoning)
		for _, call := range d.ToolCalls {
			call.Index = nil
			m.ToolCalls = append(m.ToolCalls, call)
		}
		m.ReasoningDetails = append(m.ReasoningDetails, d.ReasoningDetails...)
	}
	finish, fault := finishReason(c.FinishReason, r.calls > 0)
	if fault != nil {
		return schemas.ChatChoice{}, fault
	}
	m.Reasoning = reasoning.String()
	if text.Len() > 0 || len(m.ToolCalls) == 0 {
		m.Content = schemas.TextContent(text.String())
	}
	return schemas.ChatChoice{Index: c.Index, Message: m, FinishReason: finish, Logprobs: c.Logprobs.canonical()}, nil
}

// reader reads the parts of one candidate, in their order.
type reader struct {
	response  string // its id
	candidate int

	calls   int // so far
	details int // so far
}

// delta returns what a part adds to the message. Parts of the provider's own tools have
// no canonical form, and a caller of the canonical form cannot have asked for them.
func (r *reader) delta(p *partWire) (d schemas.Delta, err error) {
	id := ""
	switch {
	case p.InlineData != nil || p.FileData != nil:
		return d, &schemas.Error{Kind: schemas.KindUnsupportedOperation, MayHaveStarted: true,
			Message: "the model answered with media, which is not translated; use a call in Gemini's dialect"}
	case p.FunctionCall != nil:
		call := p.FunctionCall
		if id = call.ID; id == "" {
			id = mintedID(r.response, r.candidate, r.calls, call)
		}
		index := r.calls
		r.calls++
		whole := newFunctionCall(id, call.Name, argumentsOf(call.Args))
		whole.Index = &index
		d.ToolCalls = []schemas.ToolCall{whole}
	case p.Thought:
		d.Reasoning = p.text()
	default:
		d.Content = p.text()
	}
	d.ReasoningDetails = detailsOf(p.ThoughtSignature, id, r.details)
	r.details += len(d.ReasoningDetails)
	return d, nil
}
