package anthropic

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// statusOverloaded is the dialect's own status for a server without room.
const statusOverloaded = 529

// The types of an error. https://docs.anthropic.com/en/api/errors
const (
	errInvalid    = "invalid_request_error"
	errAuth       = "authentication_error"
	errBilling    = "billing_error"
	errPermission = "permission_error"
	errNotFound   = "not_found_error"
	errTooLarge   = "request_too_large"
	errRate       = "rate_limit_error"
	errAPI        = "api_error"
	errTimeout    = "timeout_error"
	errOverloaded = "overloaded_error"
)

// DecodeError returns the error for an answer of a status that is no success; see
// dialect.Failure.
func DecodeError(status int, header http.Header, body []byte, key string) *schemas.Error {
	e := dialect.Failure(schemas.DialectAnthropic, status, header, body, key)
	// A spending limit, which no wait lifts, has no other mark.
	e.QuotaSpent = e.Kind == schemas.KindRateLimited && header.Get("X-Should-Retry") == "false"
	return e
}

// ErrorWithin returns the error that a successful answer or an event carries instead
// of a result, or nil. data may be the beginning of a longer answer.
func ErrorWithin(data []byte, key string) error {
	v := gjson.GetManyBytes(data, "type", "error")
	if v[0].Str != "error" && !dialect.Present([]byte(v[1].Raw)) {
		return nil
	}
	return errorWithin(data, key)
}

func errorWithin(data []byte, key string) *schemas.Error {
	return dialect.FailureWithin(schemas.DialectAnthropic, statusOf(gjson.GetBytes(data, "error.type").String()), data, key)
}

// statusOf returns the status that goes with an error's type.
func statusOf(typ string) int {
	switch typ {
	case errInvalid:
		return http.StatusBadRequest
	case errAuth:
		return http.StatusUnauthorized
	case errBilling:
		return http.StatusPaymentRequired
	case errPermission:
		return http.StatusForbidden
	case errNotFound:
		return http.StatusNotFound
	case errTooLarge:
		return http.StatusRequestEntityTooLarge
	case errRate:
		return http.StatusTooManyRequests
	case errTimeout:
		return http.StatusGatewayTimeout
	case errOverloaded:
		return statusOverloaded
	}
	return http.StatusInternalServerError
}

// typeOf returns the dialect's word for a status.
func typeOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return errAuth
	case http.StatusPaymentRequired:
		return errBilling
	case http.StatusForbidden:
		return errPermission
	case http.StatusNotFound:
		return errNotFound
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusTooManyRequests:
		return errRate
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return errTimeout
	case http.StatusServiceUnavailable, statusOverloaded:
		return errOverloaded
	}
	if status >= 500 {
		return errAPI
	}
	return errInvalid
}

// ownStatus returns the status of a kind where the provider gave none.
func ownStatus(e *schemas.Error) int {
	switch status := dialect.OwnStatus(e); status {
	case http.StatusServiceUnavailable:
		return statusOverloaded
	case http.StatusBadGateway:
		return http.StatusInternalServerError
	default:
		return status
	}
}

type errorWire struct {
	Type  string `json:"type"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Code    string `json:"code,omitempty"` // our own
	} `json:"error"`
	RequestID string `json:"request_id,omitempty"`
}

// ErrorReply returns err as an HTTP answer of the dialect. A provider's error in the
// dialect keeps its body.
func ErrorReply(err error) (status int, header http.Header, body []byte) {
	r := dialect.NewRefusal(err, ownStatus)
	if body = r.Verbatim(schemas.DialectAnthropic); body != nil && validErrorBody(body) {
		return r.Status, r.Header, withWait(body, r.WaitWords())
	}
	out := errorWire{Type: "error"}
	out.Error.Type, out.Error.Message, out.Error.Code = typeOf(r.Status), r.Message(), r.Code
	if up := r.Err.Upstream; up != nil && up.Dialect == schemas.DialectAnthropic {
		out.RequestID = up.Header.Get("Request-Id")
	}
	body, err = json.Marshal(&out)
	if err != nil { // texts cannot fail
		panic("bug: " + err.Error())
	}
	return r.Status, r.Header, body
}

// withWait adds the delay to the message of a provider's body.
func withWait(body []byte, words string) []byte {
	if words == "" {
		return body
	}
	out, err := sjson.SetBytes(body, "error.message", gjson.GetBytes(body, "error.message").Str+words)
	if err != nil { // a constant path in a body that has it
		panic("bug: " + err.Error())
	}
	return out
}

// validErrorBody reports whether clients of the dialect understand the body.
func validErrorBody(body []byte) bool {
	v := gjson.GetManyBytes(body, "type", "error.type", "error.message")
	return json.Valid(body) && v[0].Str == "error" && v[1].Type == gjson.String && v[2].Type == gjson.String
}

// AppendStreamError appends err as the last event of a stream to dst and returns it.
// No end mark may follow it.
func AppendStreamError(dst []byte, err error) []byte {
	_, _, body := ErrorReply(err)
	var line bytes.Buffer
	if json.Compact(&line, body) == nil {
		body = line.Bytes()
	}
	return wire.AppendEvent(dst, eventError, body)
}
