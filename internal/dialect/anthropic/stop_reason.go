package anthropic

import "bifrost/schemas"

// The reasons for which an answer ends, and what they are in the canonical form.
// "pause_turn" asks for the answer to be sent back, so that a tool of the provider's
// own may go on; no such tool has a canonical form.
const (
	stopEndTurn   = "end_turn"
	stopSequence  = "stop_sequence"
	stopMaxTokens = "max_tokens"
	stopToolUse   = "tool_use"
	stopRefusal   = "refusal"
	stopContext   = "model_context_window_exceeded"
)

// The finish reasons of the canonical form.
const (
	finishStop      = "stop"
	finishLength    = "length"
	finishToolCalls = "tool_calls"
	finishFilter    = "content_filter"
)

// finishReason returns the canonical word; one that is not known is a regular end.
func finishReason(stop string) string {
	switch stop {
	case stopMaxTokens, stopContext:
		return finishLength
	case stopToolUse:
		return finishToolCalls
	case stopRefusal:
		return finishFilter
	}
	return finishStop
}

// stopReason returns the dialect's word for the end of an answer. Some providers end
// one that calls tools as any other.
func stopReason(finish, sequence string, callsTools bool) string {
	switch {
	case finish == finishLength:
		return stopMaxTokens
	case finish == finishFilter:
		return stopRefusal
	case finish == finishToolCalls, callsTools:
		return stopToolUse
	case sequence != "":
		return stopSequence
	}
	return stopEndTurn
}

// newFunctionCall returns a call of a function.
func newFunctionCall(id, name, arguments string) schemas.ToolCall {
	return schemas.ToolCall{ID: id, Type: "function", Function: schemas.FunctionCall{Name: name, Arguments: arguments}}
}
