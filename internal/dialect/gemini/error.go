package gemini

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// The words for a status that clients look at.
// https://cloud.google.com/apis/design/errors
const (
	statusInvalid     = "INVALID_ARGUMENT"
	statusNoKey       = "UNAUTHENTICATED"
	statusDenied      = "PERMISSION_DENIED"
	statusNotFound    = "NOT_FOUND"
	statusConflict    = "ABORTED"
	statusExhausted   = "RESOURCE_EXHAUSTED"
	statusCanceled    = "CANCELLED"
	statusInternal    = "INTERNAL"
	statusUnknownCall = "UNIMPLEMENTED"
	statusUnavailable = "UNAVAILABLE"
	statusTimeout     = "DEADLINE_EXCEEDED"
)

// The types of an error's details.
const (
	typePrefix    = "type.googleapis.com/google.rpc."
	typeErrorInfo = typePrefix + "ErrorInfo"
	typeRetryInfo = typePrefix + "RetryInfo"
	typeQuota     = typePrefix + "QuotaFailure"
)

// DecodeError returns the error for an answer of a status that is no success; see
// dialect.Failure. The wait that it asks for may be in the body too; the larger is
// taken. A key that is none is refused with status 400.
func DecodeError(status int, header http.Header, body []byte, key string) *schemas.Error {
	e := dialect.Failure(schemas.DialectGemini, status, header, body, key)
	amend(e, body)
	return e
}

// amend adds to an error what the details in its body say.
func amend(e *schemas.Error, body []byte) {
	for _, d := range errorOf(body).Get("details").Array() {
		switch d.Get("@type").String() {
		case typeRetryInfo:
			if wait, err := time.ParseDuration(d.Get("retryDelay").String()); err == nil {
				e.RetryAfter = max(e.RetryAfter, min(wait, dialect.LongestWait))
			}
		case typeErrorInfo:
			if d.Get("reason").String() == "API_KEY_INVALID" && e.Kind == schemas.KindInvalidRequest {
				refused := dialect.ByStatus(http.StatusUnauthorized)
				e.Kind, e.Message = refused.Kind, refused.Message
			}
		case typeQuota: // that of a day, which no wait that is worth it lifts
			for _, v := range d.Get("violations").Array() {
				e.QuotaSpent = e.QuotaSpent || strings.Contains(v.Get("quotaId").String(), "PerDay")
			}
		}
	}
}

// errorOf returns the error in a body: an object's, or that of the first in a list, as
// a stream has it that is no stream of events.
func errorOf(body []byte) gjson.Result {
	v := gjson.ParseBytes(body)
	if v.IsArray() {
		return v.Get("0.error")
	}
	return v.Get("error")
}

// ErrorWithin returns the error that a successful answer or an event carries instead
// of a result, or nil. data may be the beginning of a longer answer.
func ErrorWithin(data []byte, key string) error {
	if !dialect.Present([]byte(errorOf(data).Raw)) {
		return nil
	}
	return errorWithin(data, key)
}

func errorWithin(data []byte, key string) *schemas.Error {
	v := errorOf(data)
	status := int(v.Get("code").Int())
	if status < 400 || status > 599 {
		status = statusOf(v.Get("status").String())
	}
	e := dialect.FailureWithin(schemas.DialectGemini, status, data, key)
	amend(e, data)
	return e
}

// statusOf returns the status that goes with a word.
func statusOf(word string) int {
	switch word {
	case statusInvalid, "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return http.StatusBadRequest
	case statusNoKey:
		return http.StatusUnauthorized
	case statusDenied:
		return http.StatusForbidden
	case statusNotFound:
		return http.StatusNotFound
	case statusConflict, "ALREADY_EXISTS":
		return http.StatusConflict
	case statusExhausted:
		return http.StatusTooManyRequests
	case statusUnavailable:
		return http.StatusServiceUnavailable
	case statusTimeout:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// wordOf returns the dialect's word for a status.
func wordOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return statusNoKey
	case http.StatusPaymentRequired, http.StatusForbidden:
		return statusDenied
	case http.StatusNotFound:
		return statusNotFound
	case http.StatusConflict:
		return statusConflict
	case http.StatusTooManyRequests:
		return statusExhausted
	case dialect.StatusClientClosed:
		return statusCanceled
	case http.StatusNotImplemented:
		return statusUnknownCall
	case http.StatusBadGateway, http.StatusServiceUnavailable, 529:
		return statusUnavailable
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return statusTimeout
	}
	if status >= 500 {
		return statusInternal
	}
	return statusInvalid
}

type errorWire struct {
	Error struct {
		Code    int          `json:"code"`
		Message string       `json:"message"`
		Status  string       `json:"status"`
		Details []detailWire `json:"details"`
	} `json:"error"`
}

type detailWire struct {
	Type       string `json:"@type"`
	Reason     string `json:"reason,omitempty"` // of an ErrorInfo: our code, in upper case
	Domain     string `json:"domain,omitempty"`
	RetryDelay string `json:"retryDelay,omitempty"` // of a RetryInfo
}

// ErrorReply returns err as an HTTP answer of the dialect. A provider's error in the
// dialect keeps its body.
func ErrorReply(err error) (status int, header http.Header, body []byte) {
	r := dialect.NewRefusal(err, nil)
	if body = r.Verbatim(schemas.DialectGemini); body != nil {
		if body = validErrorBody(body); body != nil {
			return r.Status, r.Header, withWait(body, r.WaitWords())
		}
	}
	var out errorWire
	out.Error.Code, out.Error.Message, out.Error.Status = r.Status, r.Message(), wordOf(r.Status)
	out.Error.Details = []detailWire{{Type: typeErrorInfo, Reason: strings.ToUpper(r.Code), Domain: "bifrost"}}
	if wait := r.Header.Get("Retry-After"); wait != "" {
		out.Error.Details = append(out.Error.Details, detailWire{Type: typeRetryInfo, RetryDelay: wait + "s"})
	}
	body, err = json.Marshal(&out)
	if err != nil { // texts cannot fail
		panic("bug: " + err.Error())
	}
	return r.Status, r.Header, body
}

// validErrorBody returns a body that clients of the dialect understand, or nil: the one
// given, or what is in a list of one.
func validErrorBody(body []byte) []byte {
	v := errorOf(body)
	if code := v.Get("code").Int(); code < 400 || code > 599 || v.Get("message").Type != gjson.String {
		return nil
	}
	if whole := gjson.ParseBytes(body); whole.IsArray() {
		return []byte(whole.Get("0").Raw)
	}
	return body
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

// AppendStreamError appends err as the last event of a stream to dst and returns it.
// Its code is a number: clients raise no other.
func AppendStreamError(dst []byte, err error) []byte {
	_, _, body := ErrorReply(err)
	var line bytes.Buffer
	if json.Compact(&line, []byte(`{"error":`+gjson.GetBytes(body, "error").Raw+`}`)) == nil {
		body = line.Bytes()
	}
	return wire.AppendEvent(dst, "", body)
}
