package bedrock

import (
	"encoding/base64"
	"strings"

	"bifrost/schemas"
)

// leastBudget is the smallest budget that Claude takes, in tokens.
// https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html
const leastBudget = 1024

// budgets are what the efforts stand for, in tokens.
var budgets = map[string]int{"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 32768}

// thinking asks the model to reason, in its own fields: Converse has none for it.
func (e *chatEncoder) thinking() {
	t, effort := e.req.Thinking, e.req.ReasoningEffort
	off := effort == "none" || t != nil && t.Off
	switch {
	case t == nil && effort == "":
	case isClaude(e.model):
		if off {
			return // the default
		}
		if t != nil && t.Hidden {
			e.drop("thinking.hidden")
		}
		e.claudeThinks(budgetOf(t, effort))
	case strings.Contains(e.model, "openai.") && effort != "" && !off:
		e.own("reasoning_effort", effort)
	case effort != "":
		e.drop("reasoning_effort")
	default:
		e.drop("thinking")
	}
}

// budgetOf returns how many tokens of thinking are asked for.
func budgetOf(t *schemas.Thinking, effort string) int {
	if t != nil && t.Budget > 0 {
		return max(t.Budget, leastBudget)
	}
	if n := budgets[effort]; n > 0 {
		return n
	}
	return budgets["medium"]
}

// claudeThinks turns thinking on. It has to be less than the answer may be long, and
// goes with no sampling parameter.
func (e *chatEncoder) claudeThinks(budget int) {
	in := e.out.InferenceConfig
	if in != nil && in.MaxTokens != nil {
		budget = min(budget, *in.MaxTokens-1)
	}
	if budget < leastBudget {
		e.drop("reasoning_effort") // the answer is too short for it
		return
	}
	e.own("thinking", struct {
		Type   string `json:"type"`
		Budget int    `json:"budget_tokens"`
	}{"enabled", budget})
	if e.req.TopK != nil {
		delete(e.out.AdditionalModelRequestFields, "top_k")
		e.drop("top_k")
	}
	if in == nil {
		return
	}
	if in.Temperature != nil && *in.Temperature != 1 {
		in.Temperature = nil
		e.drop("temperature")
	}
	if in.TopP != nil && *in.TopP < 0.95 {
		in.TopP = nil
		e.drop("top_p")
	}
}

// reasoningOf returns the thinking of an earlier answer that the model can take back:
// Claude's, with its signature, whichever service it came from.
func (e *chatEncoder) reasoningOf(m schemas.ChatMessage) []block {
	var blocks []block
	for _, d := range m.ReasoningDetails {
		switch {
		case d.Format != schemas.FormatAnthropic:
			e.drop("messages.reasoning_details")
		case d.Type == schemas.ReasoningEncrypted && d.Data != "":
			blocks = append(blocks, block{Reasoning: &reasoning{RedactedContent: blob(d.Data)}})
		case d.Signature != "":
			blocks = append(blocks, block{Reasoning: &reasoning{ReasoningText: &reasoningText{Text: d.Text, Signature: d.Signature}}})
		default:
			e.drop("messages.reasoning_details")
		}
	}
	if len(m.ReasoningDetails) == 0 && m.Reasoning != "" {
		e.drop("messages.reasoning_content")
	}
	return blocks
}

// blob returns data as a field of bytes has it: base64, as it came from Bedrock; what
// another service gave in another form is encoded.
func blob(data string) string {
	if _, err := base64.StdEncoding.DecodeString(data); err == nil {
		return data
	}
	return base64.StdEncoding.EncodeToString([]byte(data))
}
