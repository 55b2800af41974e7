package anthropic

import (
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

// thinking writes whether and how much the model reasons.
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
	switch {
	case given.Off:
		e.out.Thinking = &thinkingWire{Type: "disabled"}
		return
	case given.Budget > 0:
		e.out.Thinking = &thinkingWire{Type: "enabled", Budget: given.Budget}
		e.effort(effort)
	case knowsBudgetOnly(e.out.Model):
		e.budget(effort)
	default:
		e.out.Thinking = &thinkingWire{Type: "adaptive"}
		e.effort(effort)
	}
	if given.Hidden && e.out.Thinking != nil {
		e.out.Thinking.Display = "omitted"
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

// budget writes an effort as a budget, which is below the limit of the answer; a
// limit that leaves no room for it leaves the thinking out.
func (e *encoder) budget(effort string) {
	budget := budgets[effort]
	if budget == 0 {
		budget = budgets["medium"]
	}
	if limit := e.limit(); limit != nil {
		budget = min(budget, *limit-1)
	}
	if budget < minBudget {
		e.drop("reasoning_effort")
		return
	}
	e.out.Thinking = &thinkingWire{Type: "enabled", Budget: budget}
}
