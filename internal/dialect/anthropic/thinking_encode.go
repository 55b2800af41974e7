package anthropic

import (
	"slices"
	"strings"

	"bifrost/schemas"
)

// minBudget is the smallest budget for thinking that the dialect allows.
const minBudget = 1024

// budgets are those of the models that know a budget only, for each effort.
var budgets = map[string]int{"minimal": minBudget, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 32768}

// budgetModels are parts of the names of the models that know a budget for thinking
// and no effort; later ones know "adaptive" and an effort.
// https://docs.anthropic.com/en/docs/build-with-claude/adaptive-thinking
var budgetModels = []string{"claude-3", "claude-opus-4-0", "claude-opus-4-1", "claude-opus-4-2", "claude-opus-4@", "claude-opus-4-5",
	"claude-sonnet-4-0", "claude-sonnet-4-2", "claude-sonnet-4@", "claude-sonnet-4-5", "claude-haiku-4-5"}

// knowsBudgetOnly reports whether a model is one of budgetModels.
func knowsBudgetOnly(model string) bool {
	for _, part := range budgetModels {
		if strings.Contains(model, part) {
			return true
		}
	}
	return false
}

// thinking writes whether and how much the model reasons. Beside a choice that forces a
// call it cannot.
// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking
func (e *encoder) thinking() {
	given, effort := e.req.Thinking, e.req.ReasoningEffort
	if given == nil && effort == "" {
		return
	}
	if given == nil {
		given = &schemas.Thinking{Off: effort == "none"}
	}
	if effort == "none" {
		effort = ""
	}
	switch choice := e.out.ToolChoice; {
	case given.Off:
		e.out.Thinking = &thinkingWire{Type: "disabled"}
		return
	case choice != nil && (choice.Type == "any" || choice.Type == "tool"):
		e.leaveThinkingOut()
		return
	case given.Budget > 0:
		e.budget(given.Budget)
		e.effort(effort)
	case knowsBudgetOnly(e.out.Model):
		budget, known := budgets[effort]
		if !known {
			budget = budgets["medium"]
		}
		e.budget(budget)
	default:
		e.out.Thinking = &thinkingWire{Type: "adaptive"}
		e.effort(effort)
	}
	if given.Hidden && e.out.Thinking != nil {
		e.out.Thinking.Display = "omitted"
	}
}

// leaveThinkingOut names what asked for thinking that the model cannot do here.
func (e *encoder) leaveThinkingOut() {
	if e.req.Thinking != nil {
		e.drop("thinking")
	}
	if e.req.ReasoningEffort != "" && e.req.ReasoningEffort != "none" {
		e.drop("reasoning_effort")
	}
}

// effort writes an effort in the dialect's words.
func (e *encoder) effort(effort string) {
	switch {
	case effort == "":
		return
	case knowsBudgetOnly(e.out.Model):
		e.drop("reasoning_effort") // the budget says it
		return
	case effort == "minimal":
		effort = "low"
	}
	if e.out.OutputConfig == nil {
		e.out.OutputConfig = &outputWire{}
	}
	e.out.OutputConfig.Effort = effort
}

// budget writes a budget, which is not below the smallest and below the limit of the
// answer. A limit that leaves no room for it leaves the thinking out, as does a call of a
// tool that came without thinking: the dialect wants to see what led to it.
func (e *encoder) budget(budget int) {
	budget = max(budget, minBudget)
	if limit := e.limit(); limit != nil {
		budget = min(budget, *limit-1)
	}
	if budget < minBudget || e.calledWithoutThinking() {
		e.leaveThinkingOut()
		return
	}
	e.out.Thinking = &thinkingWire{Type: "enabled", Budget: budget}
}

// calledWithoutThinking reports whether the model's last message calls tools and does not
// begin with thinking.
func (e *encoder) calledWithoutThinking() bool {
	for _, m := range slices.Backward(e.out.Messages) {
		if m.Role != roleAssistant {
			continue
		}
		first := m.Content[0].Type
		return first != blockThinking && first != blockRedacted &&
			slices.ContainsFunc(m.Content, func(b blockWire) bool { return b.Type == blockToolUse })
	}
	return false
}

// thinks reports whether the request asks for thinking.
func (e *encoder) thinks() bool { return e.out.Thinking != nil && e.out.Thinking.Type != "disabled" }

// withoutSampling leaves out the sampling parameters that the dialect refuses beside
// thinking.
func (e *encoder) withoutSampling() {
	if t := e.out.Temperature; t != nil && *t != 1 {
		e.out.Temperature = nil
		e.drop("temperature")
	}
	if p := e.out.TopP; p != nil && *p < 0.95 {
		e.out.TopP = nil
		e.drop("top_p")
	}
	if e.out.TopK != nil {
		e.out.TopK = nil
		e.drop("top_k")
	}
}
