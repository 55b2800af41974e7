package schemas

import (
	"io"
	"log/slog"
	"net/http"
)

// Operation is what a call asks for.
type Operation string

// The operations of this version. A comment says which field of Request and of
// Response an operation uses where that is not plain from its name.
const (
	OperationChat        Operation = "chat"
	OperationChatStream  Operation = "chat_stream"
	OperationCountTokens Operation = "count_tokens" // Request.Chat, Response.Tokens
	OperationCompletion  Operation = "completion"
	OperationEmbeddings  Operation = "embeddings"
	OperationRerank      Operation = "rerank"
	OperationModeration  Operation = "moderation"
	OperationImage       Operation = "image"
	OperationSpeech      Operation = "speech" // Response.Raw
	// OperationTranscription writes down speech in its language, OperationTranslation
	// in English; both use Request.Transcription and Response.Transcription.
	OperationTranscription Operation = "transcription"
	OperationTranslation   Operation = "translation"
	OperationListModels    Operation = "list_models"

	// OperationRaw is any call in a dialect of the caller's.
	OperationRaw Operation = "raw"

	// Abilities of raw calls. Typed requests for them (ResponsesRequest, FileUploadRequest,
	// BatchCreateRequest and those beside them) are made as raw calls of OpenAI's.
	OperationResponses Operation = "responses" // OpenAI's Responses API
	OperationFiles     Operation = "files"
	OperationBatches   Operation = "batches"
)

// Request is one call of an operation, as it travels to a provider's actors.
// Exactly the field of its operation is set. It is read-only once sent.
type Request struct {
	Operation Operation
	Provider  string
	// Model as the provider knows it. Empty where the operation has none.
	Model string

	Chat          *ChatRequest // OperationChat, OperationChatStream, OperationCountTokens
	Completion    *CompletionRequest
	Embedding     *EmbeddingRequest
	Rerank        *RerankRequest
	Moderation    *ModerationRequest
	Image         *ImageRequest
	Speech        *SpeechRequest
	Transcription *TranscriptionRequest // OperationTranscription, OperationTranslation
	Raw           *RawRequest
}

// For returns the request as addressed to provider, with Model taken from the
// operation's own request if it is empty. The receiver is not modified; it is
// returned itself if nothing is missing.
func (r *Request) For(provider string) *Request {
	model := r.Model
	if model == "" {
		_, model = r.Names()
	}
	if r.Provider == provider && r.Model == model {
		return r
	}
	out := *r
	out.Provider, out.Model = provider, model
	return &out
}

// Names returns the provider and model that the operation's own request names.
func (r *Request) Names() (provider, model string) {
	switch {
	case r.Chat != nil:
		return r.Chat.Provider, r.Chat.Model
	case r.Completion != nil:
		return r.Completion.Provider, r.Completion.Model
	case r.Embedding != nil:
		return r.Embedding.Provider, r.Embedding.Model
	case r.Rerank != nil:
		return r.Rerank.Provider, r.Rerank.Model
	case r.Moderation != nil:
		return r.Moderation.Provider, r.Moderation.Model
	case r.Image != nil:
		return r.Image.Provider, r.Image.Model
	case r.Speech != nil:
		return r.Speech.Provider, r.Speech.Model
	case r.Transcription != nil:
		return r.Transcription.Provider, r.Transcription.Model
	}
	return "", ""
}

// Fallbacks returns those that the operation's own request names.
func (r *Request) Fallbacks() []Fallback {
	switch {
	case r.Chat != nil:
		return r.Chat.Fallbacks
	case r.Completion != nil:
		return r.Completion.Fallbacks
	case r.Embedding != nil:
		return r.Embedding.Fallbacks
	case r.Rerank != nil:
		return r.Rerank.Fallbacks
	case r.Moderation != nil:
		return r.Moderation.Fallbacks
	case r.Image != nil:
		return r.Image.Fallbacks
	case r.Speech != nil:
		return r.Speech.Fallbacks
	case r.Transcription != nil:
		return r.Transcription.Fallbacks
	}
	return nil
}

// LogValue names the request without its content.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("operation", string(r.Operation)),
		slog.String("provider", r.Provider), slog.String("model", r.Model))
}

// String names the request without its content.
func (r Request) String() string {
	return string(r.Operation) + " " + r.Provider + "/" + r.Model
}

// IgnoreDeadLetterLogging keeps the engine from printing requests.
func (r Request) IgnoreDeadLetterLogging() {}

// RawRequest is a call in the provider's own dialect. The body goes through
// untouched, unless the client has hooks: then the usage of an OpenAI chat stream is asked
// for in it, where the provider is known to count only if asked. Credentials in Header are
// replaced by the provider's own.
type RawRequest struct {
	// Dialect is that of the call. Empty means the provider's own. The client
	// translates a call whose dialect the provider does not speak; a provider is
	// only given calls of its own.
	Dialect Dialect

	Method string
	// Path is what follows the dialect's version prefix, as in
	// "/chat/completions"; Query is the raw query without "?".
	Path, Query string
	Header      http.Header
	// Body is complete, so that an attempt can be repeated. It is not modified.
	Body []byte
}

// RawResponse is a provider's successful answer, read no further than shows that it
// is one. Who receives it closes Body; the worker is held until Body is read to its end or closed.
type RawResponse struct {
	StatusCode int
	Header     http.Header
	Body       io.ReadCloser
}

// Response is the answer to a Request; exactly the field of the operation is set.
type Response struct {
	Served

	Chat          *ChatResponse
	Stream        ChunkReader // OperationChatStream
	Tokens        *TokenCount
	Completion    *CompletionResponse
	Embedding     *EmbeddingResponse
	Rerank        *RerankResponse
	Moderation    *ModerationResponse
	Image         *ImageResponse
	Transcription *TranscriptionResponse
	Models        *ModelList
	Raw           *RawResponse // OperationRaw, OperationSpeech
}

// Streams reports whether more follows after this value: a stream to read and
// close. A nil response does not.
func (r *Response) Streams() bool {
	return r != nil && (r.Stream != nil || r.Raw != nil)
}

// Answers reports whether the response has what op asks for. A nil response does
// not.
func (r *Response) Answers(op Operation) bool {
	if r == nil {
		return false
	}
	switch op {
	case OperationChat:
		return r.Chat != nil
	case OperationChatStream:
		return r.Stream != nil
	case OperationCountTokens:
		return r.Tokens != nil
	case OperationCompletion:
		return r.Completion != nil
	case OperationEmbeddings:
		return r.Embedding != nil
	case OperationRerank:
		return r.Rerank != nil
	case OperationModeration:
		return r.Moderation != nil
	case OperationImage:
		return r.Image != nil
	case OperationTranscription, OperationTranslation:
		return r.Transcription != nil
	case OperationListModels:
		return r.Models != nil
	case OperationRaw, OperationSpeech:
		return r.Raw != nil && r.Raw.Body != nil
	}
	return true
}

// LogValue names the response without its content.
func (r Response) LogValue() slog.Value {
	return slog.GroupValue(slog.String("provider", r.Provider), slog.String("model", r.Model))
}

// String names the response without its content.
func (r Response) String() string { return "response of " + r.Provider + "/" + r.Model }

// IgnoreDeadLetterLogging keeps the engine from printing responses.
func (r Response) IgnoreDeadLetterLogging() {}

// ChunkReader reads a stream of chat chunks. It is not safe for concurrent use,
// but Close may be called at any time, also more than once.
type ChunkReader interface {
	// Next blocks until the next chunk. At the regular end it returns io.EOF;
	// a stream that breaks returns an *Error instead, and the same one again.
	Next() (*ChatChunk, error)
	// Close gives up the rest and releases the call.
	Close() error
}
