package anthropic

import (
	"encoding/json"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// EncodeResponse writes a whole answer; the dialect has one choice only.
func EncodeResponse(resp *schemas.ChatResponse) ([]byte, error) {
	if len(resp.Choices) == 0 {
		return nil, dialect.BadAnswer("the provider's answer has no choices; try again")
	}
	choice := &resp.Choices[0]
	blocks, err := blocksOf(&choice.Message)
	if err != nil {
		return nil, err
	}
	refused := choice.Message.Refusal != nil && *choice.Message.Refusal != ""
	stop := stopReason(choice.FinishReason, choice.StopSequence, len(choice.Message.ToolCalls) > 0)
	if refused {
		stop = stopRefusal
	}
	out := answerWire{ID: resp.ID, Type: "message", Role: roleAssistant, Model: resp.Model, Content: blocks,
		StopReason: &stop, Usage: usageOf(resp.Usage)}
	if stop == stopSequence {
		out.StopSequence = &choice.StopSequence
	}
	body, err := json.Marshal(&out)
	if err != nil {
		return nil, &schemas.Error{Kind: schemas.KindInternal, Message: "an answer cannot be written as json", Err: err}
	}
	return body, nil
}

// blocksOf returns the blocks of the model's message; never nil.
func blocksOf(m *schemas.ChatMessage) ([]blockWire, error) {
	blocks := []blockWire{}
	if m.Reasoning != "" && !ownText(m.ReasoningDetails) {
		blocks = append(blocks, thoughtBlock(m.Reasoning, ""))
	}
	for i := range m.ReasoningDetails {
		b, err := thinkingBlock(&m.ReasoningDetails[i])
		if err != nil {
			return nil, &schemas.Error{Kind: schemas.KindInternal, Message: "a piece of thinking cannot be written as json", Err: err}
		}
		blocks = append(blocks, b)
	}
	if text := m.Content.PlainText(); text != "" {
		blocks = append(blocks, textBlock(text))
	}
	if m.Refusal != nil && *m.Refusal != "" {
		blocks = append(blocks, textBlock(*m.Refusal))
	}
	for _, c := range m.ToolCalls {
		input, ok := inputOf(c.Function.Arguments)
		if !ok {
			return nil, badArguments()
		}
		blocks = append(blocks, blockWire{Type: blockToolUse, ID: c.ID, Name: c.Function.Name, Input: input})
	}
	return blocks, nil
}

func badArguments() *schemas.Error {
	return dialect.BadAnswer("the model called a tool with arguments that are no json object; try again, or allow a longer answer")
}
