package bedrock

import (
	"encoding/base64"
	"slices"
	"strings"

	"bifrost/schemas"
)

// leastBudget is the smallest budget that Claude takes, in tokens.
// https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html
const leastBudget = 1024

// budgets are those of the models that know a budget only, for each effort.
var budgets = map[string]int{"minimal": leastBudget, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 32768}

// budgetModels are parts of the ids of the Claude models that know a budget for
// thinking and no effort; later ones know "adaptive" and an effort.
// https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking
var budgetModels = []string{"claude-3", "claude-opus-4-1", "claude-opus-4-2", "claude-opus-4-5",
	"claude-sonnet-4-2", "claude-sonnet-4-5", "claude-haiku-4-5"}

func knowsBudgetOnly(model string) bool {
	return slices.ContainsFunc(budgetModels, func(part string) bool { return strings.Contains(model, part) })
}

// thinking says whether and how much the model reasons. Converse has an effort; the
// rest goes into the model's own fields.
func (e *chatEncoder) thinking() {
	t, effort := e.req.Thinking, e.req.ReasoningEffort
	if t == nil && effort == "" {
		return
	}
	if t == nil {
		t = &schemas.Thinking{Off: effort == "none"}
	}
	if effort == "none" {
		effort = ""
	}
	switch {
	case isClaude(e.model):
		e.claudeThinks(*t, effort)
	case t.Off: // other models are not told so
		e.drop("reasoning_effort")
	case strings.Contains(e.model, "openai.") && effort != "":
		e.own("reasoning_effort", effort)
	case effort != "":
		e.drop("reasoning_effort")
	default:
		e.drop("thinking")
	}
}

// thinkingConfig is Claude's field "thinking".
type thinkingConfig struct {
	Type    string `json:"type"`
	Budget  int    `json:"budget_tokens,omitempty"`
	Display string `json:"display,omitempty"`
}

// claudeThinks writes Claude's own field. Beside a choice that forces a call it cannot
// think, nor where there is no room for a budget.
func (e *chatEncoder) claudeThinks(t schemas.Thinking, effort string) {
	cfg := thinkingConfig{Type: "adaptive"}
	if t.Off {
		e.own("thinking", thinkingConfig{Type: "disabled"})
		return
	}
	if t.Budget > 0 || knowsBudgetOnly(e.model) {
		cfg = thinkingConfig{Type: "enabled", Budget: e.budget(t, effort)}
	}
	if e.callForced() || cfg.Type == "enabled" && (cfg.Budget < leastBudget || e.calledWithoutThinking()) {
		e.leaveThinkingOut()
		return
	}
	if t.Hidden {
		cfg.Display = "omitted"
	}
	e.own("thinking", cfg)
	e.effort(effort)
	e.withoutSampling()
}

// budget returns the tokens to think with: at least as many as the model wants, and fewer
// than the answer may have.
func (e *chatEncoder) budget(t schemas.Thinking, effort string) int {
	budget := max(t.Budget, leastBudget)
	if t.Budget == 0 {
		budget = budgets[effort]
	}
	if budget == 0 {
		budget = budgets["medium"]
	}
	if in := e.out.InferenceConfig; in != nil && in.MaxTokens != nil {
		budget = min(budget, *in.MaxTokens-1)
	}
	return budget
}

// callForced reports whether the model must call a tool.
func (e *chatEncoder) callForced() bool {
	cfg := e.out.ToolConfig
	return cfg != nil && cfg.ToolChoice != nil && cfg.ToolChoice.Auto == nil
}

// calledWithoutThinking reports whether the model's last message calls tools and does not
// begin with thinking, which Claude wants to see with a budget.
func (e *chatEncoder) calledWithoutThinking() bool {
	for _, m := range slices.Backward(e.out.Messages) {
		if m.Role == "assistant" {
			return m.Content[0].Reasoning == nil && slices.ContainsFunc(m.Content, func(b block) bool { return b.ToolUse != nil })
		}
	}
	return false
}

// leaveThinkingOut names what asked for thinking that the model cannot do here.
func (e *chatEncoder) leaveThinkingOut() {
	if e.req.Thinking != nil {
		e.drop("thinking")
	}
	if e.req.ReasoningEffort != "" && e.req.ReasoningEffort != "none" {
		e.drop("reasoning_effort")
	}
}

// effort writes an effort where the model knows one beside its thinking.
func (e *chatEncoder) effort(effort string) {
	switch {
	case effort == "":
		return
	case knowsBudgetOnly(e.model):
		if e.req.Thinking != nil && e.req.Thinking.Budget > 0 {
			e.drop("reasoning_effort") // the budget says it
		}
		return
	case effort == "minimal":
		effort = "low"
	}
	if e.out.OutputConfig == nil {
		e.out.OutputConfig = &outputConfig{}
	}
	e.out.OutputConfig.Effort = effort
}

// withoutSampling leaves out the sampling parameters that Claude refuses beside
// thinking.
func (e *chatEncoder) withoutSampling() {
	if e.req.TopK != nil {
		delete(e.out.AdditionalModelRequestFields, "top_k")
		e.drop("top_k")
	}
	in := e.out.InferenceConfig
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
	if in.MaxTokens == nil && in.Temperature == nil && in.TopP == nil && len(in.StopSequences) == 0 {
		e.out.InferenceConfig = nil
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
