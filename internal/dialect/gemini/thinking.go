package gemini

import (
	"regexp"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Models before Gemini 3 know a budget for thinking, those after it a level too, but
// never both; older ones than Gemini 2.5 do not think. Which effort is which of them is
// said in https://ai.google.dev/gemini-api/docs/openai and
// https://ai.google.dev/gemini-api/docs/thinking.
var (
	budgetModels = regexp.MustCompile(`gemini-2\.5|gemini-robotics-er-1\.5`)
	noThinking   = regexp.MustCompile(`gemini-(1|2\.0)|gemini-pro(-vision)?$|gemma|learnlm|embedding`)
)

// budgets are the tokens of an effort.
var budgets = map[string]int{"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}

// leastOfPro is the smallest budget of Gemini 2.5 Pro, which cannot be off.
const leastOfPro = 128

// thinking writes whether and how much the model reasons.
func (e *encoder) thinking() {
	given, effort := e.req.Thinking, e.req.ReasoningEffort
	if given == nil && effort == "" {
		return
	}
	if noThinking.MatchString(e.model) {
		if effort != "" && effort != "none" {
			e.drop("reasoning_effort")
		}
		return // thinking that is off is what they have
	}
	if given == nil {
		given = &schemas.Thinking{Off: effort == "none"}
	}
	if effort == "none" {
		effort = ""
	}
	out := &thinkingWire{IncludeThoughts: !given.Off && !given.Hidden}
	switch levels := !budgetModels.MatchString(e.model); {
	case given.Off && levels:
		out.ThinkingLevel = level("minimal", e.model) // it cannot be off
	case given.Off:
		off := 0
		if strings.Contains(e.model, "-pro") {
			off = leastOfPro
		}
		out.ThinkingBudget = &off
	case given.Budget > 0:
		out.ThinkingBudget = &given.Budget
		if effort != "" {
			e.drop("reasoning_effort") // the budget says it
		}
	case effort != "" && levels:
		out.ThinkingLevel = level(effort, e.model)
	case effort != "":
		if budget, ok := budgets[effort]; ok {
			out.ThinkingBudget = &budget
		} else {
			e.drop("reasoning_effort")
		}
	}
	e.generation.ThinkingConfig = out
}

// level returns an effort in the dialect's words. Pro models know no "MINIMAL", and the
// first of them no "MEDIUM".
func level(effort, model string) string {
	pro := strings.Contains(model, "-pro")
	switch effort {
	case "minimal":
		if pro {
			return "LOW"
		}
		return "MINIMAL"
	case "low":
		return "LOW"
	case "medium":
		if strings.Contains(model, "gemini-3-pro") {
			return "HIGH"
		}
		return "MEDIUM"
	}
	return "HIGH"
}

// decodeThinking reads how much the model is to reason, and whether the caller wants to
// see it.
func decodeThinking(t *thinkingWire, req *schemas.ChatRequest) (visible bool, err error) {
	if t == nil {
		return false, nil
	}
	switch l := strings.ToLower(t.ThinkingLevel); l {
	case "", "thinking_level_unspecified":
	case "minimal", "low", "medium", "high":
		req.ReasoningEffort = l
	default:
		return false, dialect.BadRequest(`generationConfig.thinkingConfig.thinkingLevel must be "MINIMAL", "LOW", "MEDIUM" or "HIGH"; correct it`)
	}
	req.Thinking = &schemas.Thinking{Hidden: !t.IncludeThoughts}
	switch b := t.ThinkingBudget; {
	case b == nil:
	case *b == 0:
		req.Thinking = &schemas.Thinking{Off: true}
	default:
		req.Thinking.Budget = max(0, *b)
	}
	return t.IncludeThoughts, nil
}
