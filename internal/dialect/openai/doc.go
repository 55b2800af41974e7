// Package openai is the codec of the OpenAI dialect: chat completions, their
// streams, embeddings, model lists and error bodies, to and from the canonical
// form of package schemas.
//
// It is pure: no connection, no goroutine, no clock but for a Retry-After given
// as a date. Encoders do not modify what they are given. Decoders tolerate
// unknown fields and refuse what is not the dialect; their errors are
// *schemas.Error, of kind invalid_request for a caller's request and upstream for
// a provider's answer, and never quote what they read.
package openai

import "bifrost/schemas"

// Paths of the operations, after the version prefix.
const (
	PathChat       = "/chat/completions"
	PathEmbeddings = "/embeddings"
	PathModels     = "/models"
	// PathCompletions and PathResponses are known for how their streams end;
	// they are raw operations.
	PathCompletions = "/completions"
	PathResponses   = "/responses"
)

// EndOfStream is the data of a stream's last event.
const EndOfStream = "[DONE]"

// badAnswer is the error for a provider's answer that is not the dialect.
func badAnswer(message string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: message}
}

// badRequest is the error for a caller's request that is not the dialect.
func badRequest(message string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: message}
}
