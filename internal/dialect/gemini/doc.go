// Package gemini is the codec of Google's Gemini API
// (https://ai.google.dev/api/generate-content): generateContent, its streams, token
// counts, embeddings, model lists and error bodies, to and from the canonical form of
// package schemas. Names and types were read in google.golang.org/genai and
// github.com/googleapis/js-genai.
//
// The model and the method are in a call's path, as in
// "/models/gemini-2.5-flash:generateContent"; the name of a model may have "/" in it,
// escaped or not. Decoders take the names of fields in camelCase and in snake_case, as
// the API does, tolerate unknown fields and refuse what is not the dialect.
package gemini

// PathModels is the path of the list of models, after the version prefix, and begins
// that of every method of a model.
const PathModels = "/models"

// The methods of a model.
const (
	methodGenerate = "generateContent"
	methodStream   = "streamGenerateContent"
	methodCount    = "countTokens"
	methodEmbed    = "embedContent"
	methodEmbedAll = "batchEmbedContents"
)

// asEvents is the query that asks for a stream as server-sent events; without it a
// stream is one JSON array.
const asEvents = "alt=sse"

// The roles of a content, and of a message in the canonical form.
const (
	roleModel     = "model"
	roleUser      = "user"
	roleFunction  = "function" // of results, in older clients
	roleTool      = "tool"
	roleSystem    = "system"
	roleDeveloper = "developer"
	roleAssistant = "assistant"
)
