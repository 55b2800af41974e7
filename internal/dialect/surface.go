package dialect

import (
	"net/http"

	"bifrost/schemas"
)

// Surface is the caller's side of a dialect. It is safe for concurrent use.
type Surface interface {
	// Dialect names it.
	Dialect() schemas.Dialect

	// Model returns the model that a raw call names; "" if it names none.
	Model(raw *schemas.RawRequest) string

	// WithModel returns the call with another model; nothing else of it changes. It
	// may share what stays the same with raw.
	WithModel(raw *schemas.RawRequest, model string) *schemas.RawRequest

	// Fallbacks returns the fallbacks that a raw call names in its body, as BodyFallbacks
	// reads them, and the call without them.
	Fallbacks(raw *schemas.RawRequest) (*schemas.RawRequest, []schemas.Fallback, error)

	// Translate reads a raw call into the canonical form. The body is not known to be
	// JSON. A call that has no canonical form is of kind unsupported_operation.
	Translate(raw *schemas.RawRequest) (Translation, error)

	// ErrorReply returns err as an answer; dialect.Refusal says what its status and
	// headers are.
	ErrorReply(err error) (status int, header http.Header, body []byte)

	// AppendStreamError appends err as the last event of a stream that breaks off, to
	// dst and returns it.
	AppendStreamError(dst []byte, err error) []byte

	// Models returns a list of models as an answer's body.
	Models(list *schemas.ModelList) ([]byte, error)

	// OneModel returns one model as an answer's body.
	OneModel(model schemas.Model) ([]byte, error)
}

// Translation is one call of a caller on its way through the canonical form. It
// belongs to the goroutine that serves it.
type Translation interface {
	// Request is the call in the canonical form, with the model as the caller names it.
	// Its Operation is OperationChatStream if a stream is asked for.
	Request() *schemas.Request

	// Encode returns the whole answer, as the caller expects it. It is not asked for an
	// answer that streams.
	Encode(resp *schemas.Response) (header http.Header, body []byte, err error)

	// Stream returns what writes the answer to an OperationChatStream, and the type
	// of its content.
	Stream() (w ChunkWriter, contentType string)
}

// Lossy is a Translation that leaves out fields of the call by rule.
type Lossy interface {
	Translation

	// Dropped names them, as the caller does; those that the provider's dialect cannot
	// carry come to them.
	Dropped() []string
}

// ChunkWriter writes the chunks of a streamed answer as events. What it appends may
// be nothing: some events need what comes next. It is not safe for concurrent use.
type ChunkWriter interface {
	// Append appends a chunk to dst and returns it. The chunk is not modified.
	Append(dst []byte, chunk *schemas.ChatChunk) ([]byte, error)

	// AppendEnd appends what the regular end of the stream needs, the end mark
	// included.
	AppendEnd(dst []byte) []byte
}

// FailureWriter is a ChunkWriter whose dialect ends a stream that breaks off with an
// event of its own, beside the error that Surface.AppendStreamError writes.
type FailureWriter interface {
	ChunkWriter

	// AppendFailure appends that event to dst and returns it.
	AppendFailure(dst []byte, err error) []byte
}
