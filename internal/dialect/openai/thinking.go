package openai

import (
	"slices"

	"bifrost/schemas"
)

// hidesThinking reports whether the caller wants no thinking in the answer. The dialect
// cannot be told so: it is left out when the answer is read.
func hidesThinking(req *schemas.ChatRequest) bool {
	return req != nil && req.Thinking != nil && req.Thinking.Hidden
}

// hideWhole leaves the text of the thinking out of a whole answer.
func hideWhole(resp *schemas.ChatResponse) {
	for i := range resp.Choices {
		m := &resp.Choices[i].Message
		m.Reasoning, m.ReasoningDetails = "", unread(m.ReasoningDetails)
	}
}

// hidePiece does so for a chunk of a stream.
func hidePiece(chunk *schemas.ChatChunk) {
	for i := range chunk.Choices {
		d := &chunk.Choices[i].Delta
		d.Reasoning, d.ReasoningDetails = "", unread(d.ReasoningDetails)
	}
}

// unread returns the pieces of thinking that are not there to be read, but to be sent
// back: their provider needs them as they are.
func unread(details []schemas.ReasoningDetail) []schemas.ReasoningDetail {
	return slices.DeleteFunc(details, func(d schemas.ReasoningDetail) bool { return d.Type == schemas.ReasoningSummary })
}
