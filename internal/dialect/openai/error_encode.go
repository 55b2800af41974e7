package openai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/schemas"
)

// StatusClientClosed is the status of a call whose caller went away. Nobody
// reads it; logs and statistics do.
const StatusClientClosed = 499

// maxRetryAfter is the longest wait that is asked of a client: some SDKs sleep
// as told, however long.
const maxRetryAfter = 59 * time.Second

// ErrorReply returns err as an HTTP answer of the dialect. The header has
// Content-Type, X-Bifrost-Origin and X-Bifrost-Code, and where they apply
// Retry-After (whole seconds, 1 to 59), x-should-retry, Connection and the
// provider's rate-limit headers. A provider's error keeps its status and body,
// but for one about our own key, which is not the caller's fault.
func ErrorReply(err error) (status int, header http.Header, body []byte) {
	e := canonicalError(err)
	r := reply{err: e, header: http.Header{}}
	r.status, r.code = statusAndCode(e)
	r.header.Set("Content-Type", "application/json")
	r.header.Set("X-Bifrost-Origin", origin(e))
	r.header.Set("X-Bifrost-Code", r.code)
	r.passLimits()
	r.advise()
	return r.status, r.header, r.body()
}

// reply is an error answer in the making.
type reply struct {
	err    *schemas.Error
	status int
	code   string
	header http.Header
	wait   time.Duration // over maxRetryAfter: told in the message
}

// canonicalError returns the first *schemas.Error in err, or one for it.
func canonicalError(err error) *schemas.Error {
	var e *schemas.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return &schemas.Error{Kind: schemas.KindCanceled, Message: "the caller went away"}
	case errors.Is(err, context.DeadlineExceeded):
		return &schemas.Error{Kind: schemas.KindTimeout, Message: "the deadline ended before the answer; allow more time"}
	}
	// Its text is not ours and may say anything.
	return &schemas.Error{Kind: schemas.KindInternal, Message: "internal error; see the log"}
}

// statusAndCode returns the status and our code of an error.
func statusAndCode(e *schemas.Error) (int, string) {
	switch e.Kind {
	case schemas.KindUnauthorized:
		if e.StatusCode != 0 || e.Provider != "" {
			return http.StatusBadGateway, "upstream_credentials"
		}
		return http.StatusUnauthorized, string(e.Kind)
	case schemas.KindOverloaded, schemas.KindRateLimited:
		if e.Reason == schemas.ReasonKeysResting {
			return http.StatusTooManyRequests, string(e.Reason)
		}
		if e.Kind == schemas.KindOverloaded && e.Reason != "" {
			return ownStatus(e.Kind), string(e.Reason)
		}
	}
	if e.Upstream != nil && e.StatusCode >= 400 && e.StatusCode < 600 {
		return e.StatusCode, string(e.Kind)
	}
	return ownStatus(e.Kind), string(e.Kind)
}

// ownStatus returns the status of a kind where the provider gave none.
func ownStatus(kind schemas.ErrorKind) int {
	switch kind {
	case schemas.KindInvalidRequest, schemas.KindUnsupportedOperation:
		return http.StatusBadRequest
	case schemas.KindNotFound:
		return http.StatusNotFound
	case schemas.KindRateLimited:
		return http.StatusTooManyRequests
	case schemas.KindOverloaded:
		return http.StatusServiceUnavailable
	case schemas.KindTimeout:
		return http.StatusGatewayTimeout
	case schemas.KindCanceled:
		return StatusClientClosed
	case schemas.KindUpstream, schemas.KindNodeLost:
		return http.StatusBadGateway
	}
	return http.StatusInternalServerError
}

// origin says who refused.
func origin(e *schemas.Error) string {
	if e.StatusCode != 0 || e.Upstream != nil || e.Kind == schemas.KindUpstream {
		return "upstream"
	}
	return "gateway"
}

// passLimits copies the provider's rate-limit headers.
func (r *reply) passLimits() {
	if r.err.Upstream == nil {
		return
	}
	for name, values := range r.err.Upstream.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-ratelimit-") || strings.HasPrefix(lower, "ratelimit") || lower == "x-should-retry" {
			r.header[name] = values
		}
	}
}

// advise says whether and when to try again.
func (r *reply) advise() {
	e := r.err
	wait := e.RetryAfter
	var dead *schemas.DeadLetter
	if wait == 0 && errors.As(e.Err, &dead) {
		wait = dead.RetryAfter
	}
	switch {
	case e.Kind == schemas.KindUnsupportedOperation,
		e.Kind == schemas.KindNodeLost && e.MayHaveStarted,
		e.QuotaSpent:
		r.header.Set("X-Should-Retry", "false")
		return
	case e.Reason == schemas.ReasonDraining:
		r.header.Set("Connection", "close")
		wait = time.Second
	case wait == 0 && (e.Kind == schemas.KindOverloaded || e.Kind == schemas.KindNodeLost || e.Reason == schemas.ReasonKeysResting):
		wait = time.Second // no rate is known
	}
	switch {
	case wait > maxRetryAfter:
		r.wait = wait
		r.header.Set("X-Should-Retry", "false")
	case wait > 0:
		seconds := int64((wait + time.Second - 1) / time.Second)
		r.header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
}

// body returns the provider's own error body, or one of ours, with the provider's
// words where they are to be had: what it says of our key is not the caller's.
func (r *reply) body() []byte {
	message := r.err.Message
	if message == "" {
		message = r.err.Error()
	}
	if up := r.err.Upstream; up != nil && r.err.Kind != schemas.KindUnauthorized {
		if validErrorBody(up.Body) {
			return r.withWait(up.Body)
		}
		if words := errorWords(up.Body); words != "" {
			message = words
		}
	}
	return errorBody(r.status, r.code, message+r.waitWords())
}

// waitWords tells a delay that is too long for a header; "" if there is none.
func (r *reply) waitWords() string {
	if r.wait <= 0 {
		return ""
	}
	return "; try again in " + r.wait.Round(time.Second).String()
}

// withWait adds the delay to the message of a provider's body.
func (r *reply) withWait(body []byte) []byte {
	if r.wait <= 0 {
		return body
	}
	out, err := sjson.SetBytes(body, "error.message", gjson.GetBytes(body, "error.message").Str+r.waitWords())
	if err != nil { // a constant path in a body that has it
		panic("bug: " + err.Error())
	}
	return out
}

// validErrorBody reports whether clients of the dialect understand the body.
func validErrorBody(body []byte) bool {
	return json.Valid(body) && gjson.GetBytes(body, "error.message").Type == gjson.String
}

func errorBody(status int, code, message string) []byte {
	type errorWire struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    string  `json:"code"`
	}
	body, err := json.Marshal(map[string]errorWire{"error": {Message: message, Type: errorType(status), Code: code}})
	if err != nil { // three strings cannot fail
		panic("bug: " + err.Error())
	}
	return body
}

// errorType returns the dialect's word for a status.
func errorType(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= 500:
		return "server_error"
	}
	return "invalid_request_error"
}
