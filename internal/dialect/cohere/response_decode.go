package cohere

import (
	"encoding/json"

	"bifrost/schemas"
)

// decodeChat reads a whole answer of model. hidden leaves its thinking out.
func decodeChat(data []byte, model string, hidden bool) (*schemas.ChatResponse, error) {
	var in answerWire
	if err := json.Unmarshal(data, &in); err != nil || in.Message == nil || in.FinishReason == "" {
		return nil, notThe("a chat")
	}
	choice := schemas.ChatChoice{Message: in.Message.canonical(hidden), FinishReason: finishReason(in.FinishReason),
		Logprobs: probabilitiesOf(in.Logprobs)}
	return &schemas.ChatResponse{ID: in.ID, Object: "chat.completion", Model: model,
		Choices: []schemas.ChatChoice{choice}, Usage: in.Usage.canonical()}, nil
}

// canonical returns an answer's message.
func (m *messageWire) canonical(hidden bool) schemas.ChatMessage {
	out := schemas.ChatMessage{Role: roleAssistant}
	text, thinking, spoke := "", "", false
	if m.Content != nil {
		text, spoke = m.Content.Text, m.Content.Items == nil
		for _, item := range m.Content.Items {
			if item.Text != nil {
				text += *item.Text
				spoke = true
			}
			if item.Thinking != nil {
				thinking += *item.Thinking
			}
		}
	}
	if !hidden {
		out.Reasoning, out.ReasoningDetails = reasoningOf(thinking, m.ToolPlan)
	}
	for i := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, m.ToolCalls[i].canonical())
	}
	if spoke || len(out.ToolCalls) == 0 {
		out.Content = schemas.TextContent(text)
	}
	return out
}

// reasoningOf returns what was thought and planned, as plain text and as details.
func reasoningOf(thinking, planned string) (text string, details []schemas.ReasoningDetail) {
	text = thinking
	if thinking != "" {
		details = append(details, thought(thinking))
	}
	if planned == "" {
		return text, details
	}
	if text != "" {
		text += betweenThoughts
	}
	return text + planned, append(details, plan(planned))
}

// canonical returns a whole call.
func (c *callWire) canonical() schemas.ToolCall {
	arguments := c.Function.Arguments
	if arguments == "" {
		arguments = "{}"
	}
	return schemas.ToolCall{ID: c.ID, Type: typeFunction, Function: schemas.FunctionCall{Name: c.Function.Name, Arguments: arguments}}
}

// The finish reasons.
const (
	finishComplete  = "COMPLETE"
	finishStop      = "STOP_SEQUENCE"
	finishMaxTokens = "MAX_TOKENS"
	finishToolCall  = "TOOL_CALL"
	finishError     = "ERROR"
	finishTimeout   = "TIMEOUT"
)

// finishReason returns the canonical word; one that is not known is a regular end. Those
// of a failure are errors: see ErrorWithin.
func finishReason(reason string) string {
	switch reason {
	case finishMaxTokens:
		return "length"
	case finishToolCall:
		return "tool_calls"
	}
	return "stop"
}

// usageWire counts tokens: all of them, and those that are billed.
type usageWire struct {
	BilledUnits *unitsWire  `json:"billed_units"`
	Tokens      *tokensWire `json:"tokens"`
	Cached      float64     `json:"cached_tokens"` // those of the prompt that a cache had
}

// tokensWire counts tokens, as numbers that may be written with a fraction.
type tokensWire struct {
	Input  float64 `json:"input_tokens"`
	Output float64 `json:"output_tokens"`
}

// unitsWire counts what is billed. Search units have no canonical form.
type unitsWire struct {
	tokensWire
	ImageTokens float64 `json:"image_tokens"`
}

// canonical returns the counts: of all tokens, or where those are not told of the billed
// ones; nil if none are.
func (u *usageWire) canonical() *schemas.Usage {
	if u == nil || u.Tokens == nil && u.BilledUnits == nil {
		return nil
	}
	var out schemas.Usage
	if u.Tokens != nil {
		out.PromptTokens, out.CompletionTokens = int(u.Tokens.Input), int(u.Tokens.Output)
	} else {
		out.PromptTokens, out.CompletionTokens = int(u.BilledUnits.Input+u.BilledUnits.ImageTokens), int(u.BilledUnits.Output)
	}
	out.TotalTokens = out.PromptTokens + out.CompletionTokens
	if u.Cached > 0 {
		out.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: int(u.Cached)}
	}
	return &out
}

// logprobWire has the probabilities of the tokens of a piece of text.
type logprobWire struct {
	Text     string    `json:"text"`
	Logprobs []float64 `json:"logprobs"`
}

// probability is a token in the canonical form, which is OpenAI's.
type probability struct {
	Token   string   `json:"token"`
	Logprob float64  `json:"logprob"`
	Bytes   []int    `json:"bytes"`
	Top     []string `json:"top_logprobs"` // always empty
}

// probabilitiesOf returns probabilities in the canonical form, or nil. A piece of more
// than one token, whose texts are not told apart, is one token as likely as all of them.
func probabilitiesOf(items []logprobWire) json.RawMessage {
	var out struct {
		Content []probability `json:"content"`
	}
	for _, item := range items {
		if len(item.Logprobs) == 0 {
			continue
		}
		p := probability{Token: item.Text, Bytes: []int{}, Top: []string{}}
		for _, logprob := range item.Logprobs {
			p.Logprob += logprob
		}
		for _, b := range []byte(item.Text) {
			p.Bytes = append(p.Bytes, int(b))
		}
		out.Content = append(out.Content, p)
	}
	if len(out.Content) == 0 {
		return nil
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil // a sum beyond all numbers
	}
	return data
}
