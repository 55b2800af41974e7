package dialect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bifrost/schemas"
)

// StatusClientClosed is the status of a call whose caller went away. Nobody
// reads it; logs and statistics do.
const StatusClientClosed = 499

// maxRetryAfter is the longest wait that is asked of a client: some SDKs sleep
// as told, however long.
const maxRetryAfter = 59 * time.Second

// A Refusal is an error answer as every dialect begins it: the status, our code, and
// the headers. The body is the dialect's own.
type Refusal struct {
	Err    *schemas.Error
	Status int
	Code   string
	// Header has Content-Type, X-Bifrost-Origin and X-Bifrost-Code, and where they
	// apply Retry-After (whole seconds, 1 to 59), x-should-retry, Connection and the
	// provider's rate-limit headers.
	Header http.Header

	wait time.Duration // over maxRetryAfter: told in the message
}

// Answered is an error that knows of its answer what its kind does not say.
type Answered interface {
	error

	// Answer returns the status and our code; a zero value leaves what the kind means.
	Answer() (status int, code string)
}

// NewRefusal begins the answer for err. own returns the status of a kind where the
// provider gave none; nil means OwnStatus. A provider's error keeps its status, but
// for one about our own key, which is not the caller's fault.
func NewRefusal(err error, own func(*schemas.Error) int) *Refusal {
	if own == nil {
		own = OwnStatus
	}
	r := &Refusal{Err: Canonical(err), Header: http.Header{}}
	r.Status, r.Code = statusAndCode(r.Err, own)
	var known Answered
	if errors.As(err, &known) {
		status, code := known.Answer()
		r.Status, r.Code = cmp.Or(status, r.Status), cmp.Or(code, r.Code)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Bifrost-Origin", origin(r.Err))
	r.Header.Set("X-Bifrost-Code", r.Code)
	r.passLimits()
	r.advise()
	return r
}

// Verbatim returns the provider's own error body if clients of d can read it: what
// it says of our key is not the caller's.
func (r *Refusal) Verbatim(d schemas.Dialect) []byte {
	up := r.Err.Upstream
	if up == nil || r.Err.Kind == schemas.KindUnauthorized || up.Dialect != "" && up.Dialect != d || !json.Valid(up.Body) {
		return nil
	}
	return up.Body
}

// Message says what happened: in the provider's words where they are to be had, and
// with a delay that is too long for a header.
func (r *Refusal) Message() string {
	message := r.Err.Message
	if message == "" {
		message = r.Err.Error()
	}
	if up := r.Err.Upstream; up != nil && r.Err.Kind != schemas.KindUnauthorized {
		if words := errorWords(up.Body); words != "" {
			message = words
		}
	}
	return message + r.WaitWords()
}

// WaitWords tells a delay that is too long for a header; "" if there is none.
func (r *Refusal) WaitWords() string {
	if r.wait <= 0 {
		return ""
	}
	return "; try again in " + r.wait.Round(time.Second).String()
}

// Canonical returns the first *schemas.Error in err, or one for it.
func Canonical(err error) *schemas.Error {
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
func statusAndCode(e *schemas.Error, own func(*schemas.Error) int) (int, string) {
	switch e.Kind {
	case schemas.KindUnauthorized:
		if e.StatusCode != 0 || e.Provider != "" {
			return http.StatusBadGateway, "upstream_credentials"
		}
		return http.StatusUnauthorized, string(e.Kind)
	case schemas.KindInvalidRequest:
		if e.Reason == schemas.ReasonNotPermitted {
			return http.StatusForbidden, string(e.Reason)
		}
	case schemas.KindOverloaded, schemas.KindRateLimited:
		if e.Reason == schemas.ReasonKeysResting {
			return http.StatusTooManyRequests, string(e.Reason)
		}
		if e.Kind == schemas.KindOverloaded && e.Reason != "" {
			return own(e), string(e.Reason)
		}
	}
	if e.Upstream != nil && e.StatusCode >= 400 && e.StatusCode < 600 {
		return e.StatusCode, string(e.Kind)
	}
	return own(e), string(e.Kind)
}

// OwnStatus returns the status of a kind where the provider gave none.
func OwnStatus(e *schemas.Error) int {
	switch e.Kind {
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
func (r *Refusal) passLimits() {
	if r.Err.Upstream == nil {
		return
	}
	for name, values := range r.Err.Upstream.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-ratelimit-") || strings.HasPrefix(lower, "ratelimit") ||
			strings.HasPrefix(lower, "anthropic-ratelimit-") || lower == "x-should-retry" {
			r.Header[name] = values
		}
	}
}

// advise says whether and when to try again.
func (r *Refusal) advise() {
	e := r.Err
	wait := e.RetryAfter
	var dead *schemas.DeadLetter
	if errors.As(e.Err, &dead) && wait == 0 {
		wait = dead.RetryAfter
	}
	switch {
	case e.Kind == schemas.KindUnsupportedOperation,
		dead != nil && dead.Hopeless,
		e.Kind == schemas.KindNodeLost && e.MayHaveStarted,
		e.QuotaSpent:
		r.Header.Set("X-Should-Retry", "false")
		return
	case e.Reason == schemas.ReasonDraining:
		r.Header.Set("Connection", "close")
		wait = time.Second
	case wait == 0 && (e.Kind == schemas.KindOverloaded || e.Kind == schemas.KindNodeLost || e.Reason == schemas.ReasonKeysResting):
		wait = time.Second // no rate is known
	}
	switch {
	case wait > maxRetryAfter:
		r.wait = wait
		r.Header.Set("X-Should-Retry", "false")
	case wait > 0:
		seconds := int64((wait + time.Second - 1) / time.Second)
		r.Header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
}
