package dialect

import (
	"io"
	"net/http"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// Codec is the provider's side of a dialect. It is safe for concurrent use.
type Codec interface {
	// Dialect names it.
	Dialect() schemas.Dialect

	// Encode writes a typed request for its Model. dropped names the fields that
	// were left out by rule. An operation that the dialect has not is of kind
	// unsupported_operation.
	Encode(req *schemas.Request) (call *Call, dropped []string, err error)

	// Decode reads a whole successful answer to req; the result has the field of its
	// operation. key is the used credential, masked in an error that the answer may
	// carry instead.
	Decode(req *schemas.Request, header http.Header, body []byte, key string) (*schemas.Response, error)

	// Stream reads the streamed answer to an OperationChatStream from src. Its usage is in
	// the chunks, whether the request asks for it or not; who reads them leaves it out.
	Stream(req *schemas.Request, src io.Reader, key string) ChunkSource

	// Failure returns the error for an answer of a status that is no success; see the
	// function of that name.
	Failure(status int, header http.Header, body []byte, key string) *schemas.Error

	// FailureWithin returns the error that a successful answer carries instead of a
	// result, or nil. data may be the beginning of a longer answer.
	FailureWithin(data []byte, key string) error

	// Look says what a raw call asks for.
	Look(raw *schemas.RawRequest) Sight

	// Watch follows the streamed answer to a raw call.
	Watch(raw *schemas.RawRequest, key string) Watch

	// Usage returns the tokens that a successful answer to a raw call counts, which is no
	// stream of server-sent events; nil if it does not, or where they are not looked for.
	Usage(header http.Header, answer Ending) *schemas.Usage
}

// Call is one HTTP call of a dialect.
type Call struct {
	Method string
	// Path follows the base URL, which ends in the dialect's version prefix. It is
	// escaped and begins with "/".
	Path string
	// Query is without "?".
	Query string
	// Header has what the dialect itself needs beside Content-Type, which is
	// application/json for a Body unless it is set here.
	Header http.Header
	Body   []byte
}

// ChunkSource reads the chunks of a stream. Next returns io.EOF at the regular end,
// and whatever ended the stream again. It is not safe for concurrent use, and does
// not own the reader that it reads.
type ChunkSource interface {
	Next() (*schemas.ChatChunk, error)
	// Done reports whether the end mark was read, so that nothing more is to come.
	Done() bool
}

// Sight is what an adapter must know of a raw call.
type Sight struct {
	// Operation is the one that the provider must have. Empty: it is not known.
	Operation schemas.Operation
	// Stream tells that a stream of server-sent events is asked for.
	Stream bool
	// Whole tells that none is, and that a stream would be no answer.
	Whole bool
	// Object tells that a successful answer is a JSON object, without an error in it.
	Object bool
	// Stored tells that a successful answer is what somebody has stored, as it is: a
	// page or a stream of events in it is content.
	Stored bool
	// Kept tells that a successful answer is about what another call has made, as a response
	// that the provider keeps: its usage is not this call's.
	Kept bool
}

// Watch follows a stream that is passed on, to tell what a caller must know of it:
// its first content, an error in it, and whether its end is a regular one. It also
// says what to pass on: every event as it is, but for the little that clients of the
// dialect cannot take. It is not safe for concurrent use.
type Watch interface {
	// See looks at the next event. It returns what to pass on of it, which is valid as
	// long as the event is, whether it has content for the caller, the end mark
	// included, and the error if it carries one.
	See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error)

	// Done reports whether the end mark was seen, so that nothing more is to come.
	Done() bool

	// Over reports whether nothing that may follow is for the caller: the end mark was
	// seen, or an error. What End makes of io.EOF is the stream's end then, though the
	// source goes on.
	Over() bool

	// Usage returns the tokens that the events so far have counted; nil if they have not.
	Usage() *schemas.Usage

	// End returns what it means that the source ended with err: io.EOF for a regular
	// end, else an error. missing is to be passed on first.
	End(err error) (missing []byte, end error)
}
