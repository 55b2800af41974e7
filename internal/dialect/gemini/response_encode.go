package gemini

import (
	"encoding/json"
	"slices"

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
	var shown, parts []partWire
	if m.Reasoning != "" && thoughts {
		thought := textPart(m.Reasoning)
		thought.Thought = true
		shown = append(shown, thought)
	}
	if text := m.Content.PlainText(); text != "" {
		parts = append(parts, textPart(text))
	}
	if declined(m.Refusal) {
		parts = append(parts, textPart(*m.Refusal))
	}
	calls, err := callParts(m.ToolCalls)
	if err != nil {
		return nil, err
	}
	alone, err := signAnswer(m, parts, calls)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(shown, parts, alone, calls)
	if len(all) == 0 {
		all = []partWire{textPart("")}
	}
	return all, nil
}

// callParts returns the calls.
func callParts(toolCalls []schemas.ToolCall) ([]partWire, error) {
	var calls []partWire
	for _, c := range toolCalls {
		args, ok := argsOf(c.Function.Arguments)
		if !ok {
			return nil, dialect.BadAnswer("the model called a tool with arguments that are no json object; try again, or allow a longer answer")
		}
		calls = append(calls, partWire{FunctionCall: &callWire{ID: idOnWire(c.ID), Name: c.Function.Name, Args: args}})
	}
	return calls, nil
}

// signAnswer puts the signatures of a message where they belong, and the thinking of
// other providers, in one signature, at the first place that is free. It returns those
// for which there is no place, as parts of their own: clients may take such a part for an
// empty answer, and forget the turn.
func signAnswer(m *schemas.ChatMessage, parts, calls []partWire) (alone []partWire, err error) {
	var foreign []schemas.ReasoningDetail
	put := func(p *partWire, signature string) {
		if p == nil {
			alone = append(alone, textPart(""))
			p = &alone[len(alone)-1]
		}
		p.ThoughtSignature = signature
	}
	for i := range m.ReasoningDetails {
		d := &m.ReasoningDetails[i]
		if d.Format != schemas.FormatGemini {
			foreign = append(foreign, *d)
			continue
		}
		if signature := ownSignature(d); signature != "" { // else its text is the message's reasoning
			put(place(d.ID, m.ToolCalls, parts, calls), signature)
		}
	}
	if len(foreign) == 0 {
		return alone, nil
	}
	signature, err := wrap(foreign)
	if err != nil {
		return nil, err
	}
	put(place("", m.ToolCalls, parts, calls), signature)
	return alone, nil
}
