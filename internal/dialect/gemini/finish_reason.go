package gemini

import (
	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// The finish reasons of the canonical form.
const (
	finishStop      = "stop"
	finishLength    = "length"
	finishToolCalls = "tool_calls"
	finishFilter    = "content_filter"
)

// The finish reasons of the dialect that are written.
const (
	reasonStop      = "STOP"
	reasonMaxTokens = "MAX_TOKENS"
	reasonSafety    = "SAFETY"
)

// finishReason returns the canonical word; one that is not known is a regular end. A
// model that could not write its call properly has not answered.
func finishReason(reason string, callsTools bool) (string, *schemas.Error) {
	switch reason {
	case reasonMaxTokens:
		return finishLength, nil
	case reasonSafety, "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "JAILBREAK",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		return finishFilter, nil
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE":
		return "", dialect.BadAnswer("the model called a tool in a way that cannot be read; try again, or describe the tools more simply")
	case "MISSING_THOUGHT_SIGNATURE":
		return "", dialect.BadAnswer("the model misses the signature of an earlier call of a tool; send reasoning_details back with their message")
	}
	if callsTools {
		return finishToolCalls, nil
	}
	return finishStop, nil
}

// reasonOf returns the dialect's word for the end of an answer.
func reasonOf(finish string) string {
	switch finish {
	case finishLength:
		return reasonMaxTokens
	case finishFilter:
		return reasonSafety
	}
	return reasonStop
}
