package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tidwall/sjson"

	"bifrost/schemas"
)

// refusal says of an error what HTTP knows and a *schemas.Error does not. The
// zero value of a field leaves what the dialect makes of the error.
type refusal struct {
	status int
	code   string
	param  string // the field at fault
	allow  string // the Allow header
	closes bool   // the connection cannot be used again
	err    error
}

func (f *refusal) Error() string { return f.err.Error() }

func (f *refusal) Unwrap() error { return f.err }

// Answer implements dialect.Answered.
func (f *refusal) Answer() (status int, code string) { return f.status, f.code }

// invalid is the caller's fault.
func invalid(message string) error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: message}
}

// badField is a request whose field is missing or wrong.
func badField(name, message string) error {
	return &refusal{param: name, err: invalid(message)}
}

// unknownPath names the paths that there are.
func (f *face) unknownPath() error {
	there := "POST /v1/chat/completions, POST /v1/embeddings, GET /v1/models, or another operation of OpenAI's below /v1/, with POST, GET or DELETE"
	switch f {
	case geminiFace:
		there = "POST /v1beta/models/{model}:generateContent, :streamGenerateContent, :countTokens, :embedContent or :batchEmbedContents, or GET /v1beta/models"
	case anthropicFace:
		there = "POST /anthropic/v1/messages, POST /anthropic/v1/messages/count_tokens, /anthropic/v1/messages/batches and what is below it, /anthropic/v1/files, or GET /anthropic/v1/models"
	}
	return &refusal{err: &schemas.Error{Kind: schemas.KindNotFound, Message: "unknown path or method; use " + there}}
}

func wrongMethod(allow string) error {
	return &refusal{status: http.StatusMethodNotAllowed, code: "method_not_allowed", allow: allow,
		err: invalid("wrong method for this path; use " + allow)}
}

func wrongMedia(message string) error {
	return &refusal{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", err: invalid(message)}
}

func tooLarge(limit int64) error {
	return &refusal{status: http.StatusRequestEntityTooLarge, code: "body_too_large", closes: true,
		err: invalid(fmt.Sprintf("the body is over %d bytes; send less, or raise max_body_bytes of the gateway", limit))}
}

func bodyTimeout() error {
	return &refusal{status: http.StatusRequestTimeout, code: "body_timeout", closes: true,
		err: invalid("the body did not arrive in time; send it again")}
}

func isDraining() error {
	return &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining,
		Message: "the gateway is stopping; send the request elsewhere or retry after a restart"}
}

func internalError() error {
	return &schemas.Error{Kind: schemas.KindInternal, Message: "internal error; see the gateway's log"}
}

// unreadGrace is how long a refusal waits for a body that nobody reads.
const unreadGrace = time.Second

// refuse answers with an error: by an event if its client has been kept waiting with
// others, and otherwise nothing may have been sent before.
func (x *exchange) refuse(err error) {
	if x.hasBody() && !x.read && x.r.Context().Err() == nil {
		// What was not read of the body is read before the answer, by the server. After the
		// body's end it reads on to see whether the client hangs up, and would take a
		// deadline for that: for all later requests of the connection, too.
		_ = x.control.SetReadDeadline(time.Now().Add(unreadGrace))
	}
	status, header, body := x.reply(err)
	x.giveBack(header, err)
	x.forbidden(header)
	if x.status != 0 {
		x.endBroken(err)
		return
	}
	var f *refusal
	if errors.As(err, &f) {
		body = f.amend(x.face.Dialect(), header, body)
	}
	h := x.Header()
	for name, values := range header {
		h[name] = values
	}
	if x.provider != "" {
		h.Set(headerProvider, x.provider)
	}
	h.Del("Content-Length")
	var upstream *schemas.UpstreamReply
	var e *schemas.Error
	if errors.As(err, &e) && e.Upstream != nil {
		upstream = e.Upstream
		passUpstreamID(h, upstream.Header)
	}
	// Anthropic's clients show the id in the body. One of its own errors is as it came.
	if x.face == anthropicFace && (upstream == nil || upstream.Dialect != "" && upstream.Dialect != schemas.DialectAnthropic) {
		body = withField(body, "request_id", x.id)
	}
	x.WriteHeader(status)
	_, _ = x.Write(body) // the client may be gone; there is nobody to tell
}

// amend puts what the refusal knows into the dialect's answer.
func (f *refusal) amend(d schemas.Dialect, header http.Header, body []byte) []byte {
	if f.allow != "" {
		header.Set("Allow", f.allow)
	}
	if f.closes {
		header.Set("Connection", "close")
	}
	if f.param != "" && d == schemas.DialectOpenAI {
		body = withField(body, "error.param", f.param)
	}
	return body
}

func withField(body []byte, path, value string) []byte {
	out, err := sjson.SetBytes(body, path, value)
	if err != nil { // a constant path in a body that the dialect wrote
		panic("bug: " + err.Error())
	}
	return out
}
