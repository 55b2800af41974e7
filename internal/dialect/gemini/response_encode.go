package gemini

import (
	"encoding/json"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// EncodeResponse writes a whole answer. thoughts: the caller wants to see what the model
// thinks.
func EncodeResponse(resp *schemas.ChatResponse, thoughts bool) ([]byte, error) {
	if len(resp.Choices) == 0 {
		return nil, dialect.BadAnswer("the provider's answer has no choices; try again")
	}
	out := answerWire{ModelVersion: resp.Model, ResponseID: resp.ID, Usage: usageOf(resp.Usage)}
	for i := range resp.Choices {
		c := &resp.Choices[i]
		parts, err := partsOf(&c.Message, thoughts)
		if err != nil {
			return nil, err
		}
		reason := reasonOf(c.FinishReason)
		if declined(c.Message.Refusal) {
			reason = reasonSafety
		}
		out.Candidates = append(out.Candidates, candidateWire{Content: &contentWire{Role: roleModel, Parts: parts},
			FinishReason: reason, Index: c.Index, Logprobs: logprobsOf(c.Logprobs)})
	}
	return answer(&out)
}

func answer(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, &schemas.Error{Kind: schemas.KindInternal, Message: "an answer cannot be written as json", Err: err}
	}
	return body, nil
}

func declined(refusal *string) bool { return refusal != nil && *refusal != "" }

// partsOf returns the parts of the model's message; never none.
func partsOf(m *schemas.ChatMessage, thoughts bool) ([]partWire, error) {
	var parts []partWire
	if m.Reasoning != "" && thoughts {
		thought := textPart(m.Reasoning)
		thought.Thought = true
		parts = append(parts, thought)
	}
	if text := m.Content.PlainText(); text != "" {
		parts = append(parts, textPart(text))
	}
	if declined(m.Refusal) {
		parts = append(parts, textPart(*m.Refusal))
	}
	last, err := lastParts(m.ReasoningDetails, m.ToolCalls)
	if err != nil {
		return nil, err
	}
	if parts = append(parts, last...); len(parts) == 0 {
		parts = []partWire{textPart("")}
	}
	return parts, nil
}

// lastParts returns the calls, and before them the signatures that are of none.
func lastParts(details []schemas.ReasoningDetail, toolCalls []schemas.ToolCall) ([]partWire, error) {
	var parts, calls []partWire
	for _, c := range toolCalls {
		args, ok := argsOf(c.Function.Arguments)
		if !ok {
			return nil, dialect.BadAnswer("the model called a tool with arguments that are no json object; try again, or allow a longer answer")
		}
		calls = append(calls, partWire{FunctionCall: &callWire{ID: idOnWire(c.ID), Name: c.Function.Name, Args: args}})
	}
	for i := range details {
		d := &details[i]
		if d.Format != schemas.FormatGemini {
			signature, err := wrap(d)
			if err != nil {
				return nil, err
			}
			parts = append(parts, partWire{Thought: true, ThoughtSignature: signature})
			continue
		}
		signature := ownSignature(d)
		if signature == "" {
			continue // its text is the message's reasoning
		}
		if p := place(d.ID, toolCalls, nil, calls); p != nil {
			p.ThoughtSignature = signature
			continue
		}
		alone := textPart("")
		alone.ThoughtSignature = signature
		parts = append(parts, alone)
	}
	return append(parts, calls...), nil
}
