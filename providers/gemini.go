package providers

import (
	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/gemini"
	"bifrost/schemas"
)

// TypeGemini is the type of Google's Gemini API.
const TypeGemini = "gemini"

// geminiVersion is the version prefix of the API.
const geminiVersion = "/v1beta"

// geminiOptions are the options of a provider that speaks Gemini's dialect.
// https://ai.google.dev/api: the key is in a header of its own. Callers may send theirs
// in the query, from which it is taken.
func geminiOptions() adapter.Options {
	return adapter.Options{
		Type: TypeGemini, BaseURL: "https://generativelanguage.googleapis.com",
		Codec:      gemini.Codec{},
		Credential: adapter.HeaderKey{Name: "X-Goog-Api-Key"},
		Route: func(model string, call *dialect.Call) error {
			call.Query = gemini.WithoutKey(call.Query)
			call.Body = gemini.WithoutForeign(call.Body, model)
			return nil
		},
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationCountTokens,
			schemas.OperationEmbeddings, schemas.OperationListModels, schemas.OperationRaw},
	}
}
