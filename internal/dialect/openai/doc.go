// Package openai is the codec of the OpenAI dialect: chat completions, their
// streams, embeddings and the smaller operations, model lists and error bodies, to
// and from the canonical form of package schemas; the caller's side of the
// Responses API, for providers that only have chat; and its provider's side, for models
// that have nothing else.
//
// It is pure: no connection, no goroutine, no clock but for a Retry-After given
// as a date. Encoders do not modify what they are given. Decoders tolerate
// unknown fields and refuse what is not the dialect; their errors are
// *schemas.Error, of kind invalid_request for a caller's request and upstream for
// a provider's answer, and never quote what they read.
package openai

// Paths of the operations, after the version prefix.
const (
	PathChat       = "/chat/completions"
	PathEmbeddings = "/embeddings"
	PathModels     = "/models"
	// Streams of PathCompletions are raw calls; how they end is known. Calls of
	// PathResponses are raw where a provider has them, and else chat completions.
	PathCompletions    = "/completions"
	PathResponses      = "/responses"
	PathRerank         = "/rerank" // not of OpenAI's own API
	PathModerations    = "/moderations"
	PathImages         = "/images/generations"
	PathSpeech         = "/audio/speech"
	PathTranscriptions = "/audio/transcriptions"
	PathTranslations   = "/audio/translations"

	// Calls of these, and of what is below them, are raw ones; see operationOf.
	pathImageEdits      = "/images/edits"
	pathImageVariations = "/images/variations"
	pathCompact         = "/responses/compact"
	pathFiles           = "/files"
	pathUploads         = "/uploads"
	pathBatches         = "/batches"
)

// EndOfStream is the data of a stream's last event.
const EndOfStream = "[DONE]"
