package anthropic

import (
	"bytes"
	"encoding/json"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// DecodeResponse reads a whole answer. key is the used credential, masked in an
// error that the answer may carry instead.
func DecodeResponse(data []byte, key string) (*schemas.ChatResponse, error) {
	if err := ErrorWithin(data, key); err != nil {
		return nil, err
	}
	var in answerWire
	if err := json.Unmarshal(data, &in); err != nil || in.Content == nil {
		return nil, dialect.BadAnswer("the answer is not a message of Anthropic's dialect; check network_config.base_url and the provider's type")
	}
	message := messageOf(in.Content)
	choice := schemas.ChatChoice{Message: message, FinishReason: finishReason(value(in.StopReason)), StopSequence: value(in.StopSequence)}
	return &schemas.ChatResponse{ID: in.ID, Object: "chat.completion", Model: in.Model,
		Choices: []schemas.ChatChoice{choice}, Usage: in.Usage.canonical()}, nil
}

// messageOf returns the model's message. Blocks of the provider's own tools have no
// canonical form, and a caller of the canonical form cannot have asked for them.
func messageOf(blocks []blockWire) schemas.ChatMessage {
	m := schemas.ChatMessage{Role: roleAssistant}
	var text, reasoning strings.Builder
	for i := range blocks {
		b := &blocks[i]
		switch b.Type {
		case blockText:
			text.WriteString(b.text())
		case blockThinking, blockRedacted:
			reasoning.WriteString(value(b.Thinking))
			if d, ok := detailOf(b); ok {
				d.Index = len(m.ReasoningDetails)
				m.ReasoningDetails = append(m.ReasoningDetails, d)
			}
		case blockToolUse:
			m.ToolCalls = append(m.ToolCalls, newFunctionCall(b.ID, b.Name, argumentsOf(b.Input)))
		}
	}
	m.Reasoning = reasoning.String()
	if text.Len() > 0 || len(m.ToolCalls) == 0 {
		m.Content = schemas.TextContent(text.String())
	}
	return m
}

// argumentsOf returns a call's input as text.
func argumentsOf(input json.RawMessage) string {
	var text bytes.Buffer
	if len(input) == 0 || json.Compact(&text, input) != nil || text.String() == "null" {
		return "{}"
	}
	return text.String()
}
