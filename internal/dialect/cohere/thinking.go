package cohere

import (
	"regexp"

	"bifrost/schemas"
)

// The types of thinking.
const (
	thinkingOn  = "enabled"
	thinkingOff = "disabled"
)

// noThinking are the models that do not think and refuse the field.
// https://docs.cohere.com/docs/reasoning and https://docs.cohere.com/docs/models
var noThinking = regexp.MustCompile(`command-(r(-|\d|$)|light|nightly|a-(03|vision|translate))|^command$|aya|c4ai`)

// budgets are the tokens of an effort; from "high" on the model takes what it needs.
var budgets = map[string]int{"minimal": 1024, "low": 2048, "medium": 8192, "high": 0, "xhigh": 0, "max": 0}

// thinking writes whether and how much the model reasons. Models that can do so without
// being asked.
func (e *encoder) thinking() {
	given, effort := e.req.Thinking, e.req.ReasoningEffort
	off := effort == "none"
	if given != nil {
		off = given.Off
	}
	switch {
	case noThinking.MatchString(e.out.Model):
		e.cannotThink(off)
	case off:
		e.out.Thinking = &thinkingWire{Type: thinkingOff}
	case given != nil && given.Budget > 0:
		e.out.Thinking = &thinkingWire{Type: thinkingOn, TokenBudget: given.Budget}
		if effort != "" {
			e.drop("reasoning_effort") // the budget says it
		}
	case effort != "":
		budget, known := budgets[effort]
		if !known {
			e.drop("reasoning_effort")
			return
		}
		e.out.Thinking = &thinkingWire{Type: thinkingOn, TokenBudget: budget}
	}
}

// cannotThink names what a model that does not think is not told. That it shall not is
// what it does.
func (e *encoder) cannotThink(off bool) {
	if off {
		return
	}
	if e.req.Thinking != nil && e.req.Thinking.Budget > 0 {
		e.drop("thinking")
	}
	if e.req.ReasoningEffort != "" && e.req.ReasoningEffort != "none" {
		e.drop("reasoning_effort")
	}
}

// hidesThinking reports whether the caller wants no thinking in the answer. The dialect
// cannot be told so: it is left out when the answer is read.
func hidesThinking(req *schemas.ChatRequest) bool {
	return req != nil && req.Thinking != nil && req.Thinking.Hidden
}

// The indexes of the details in an answer.
const (
	thinkingDetail = iota
	planDetail
)

// thought returns a piece of thinking for the canonical form.
func thought(text string) schemas.ReasoningDetail {
	return schemas.ReasoningDetail{Type: schemas.ReasoningText, Text: text, Format: schemas.FormatCohere, Index: thinkingDetail}
}

// plan returns a piece of a plan for the canonical form.
func plan(text string) schemas.ReasoningDetail {
	return schemas.ReasoningDetail{Type: schemas.ReasoningSummary, Summary: text, Format: schemas.FormatCohere, Index: planDetail}
}

// betweenThoughts stands between what was thought and what was planned, where plain
// reasoning has both.
const betweenThoughts = "\n\n"
