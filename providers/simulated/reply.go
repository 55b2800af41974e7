package simulated

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// reply is an answer before it is put on either face: a whole body or a stream.
type reply struct {
	status int
	header http.Header
	body   []byte
	stream eventStream

	// stopped is the stop sequence that ended the first choice, which OpenAI's form has
	// no place for; "" if none did.
	stopped string
}

// eventStream is a body that also can be had event by event. next blocks until the
// next event is due; what it returns is valid until the next call.
type eventStream interface {
	io.ReadCloser
	next() ([]byte, error)
}

const (
	typeJSON   = "application/json"
	typeHTML   = "text/html; charset=utf-8"
	typeStream = "text/event-stream"
)

func newReply(status int, contentType string, body []byte) reply {
	return reply{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

// jsonReply is for values of our own types, which always can be marshalled.
func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic("simulated: bug: answer cannot be marshalled: " + err.Error())
	}
	return newReply(status, typeJSON, body)
}

func (r reply) reader() io.ReadCloser {
	if r.stream != nil {
		return r.stream
	}
	return io.NopCloser(bytes.NewReader(r.body))
}

// dress adds the headers that every reply has.
func (u *Upstream) dress(r reply, t ticket) reply {
	h := r.header
	h["X-Request-Id"] = []string{requestID(t)}
	if u.cfg.Concurrency > 0 {
		h["X-Ratelimit-Limit-Requests"] = []string{strconv.Itoa(u.cfg.Concurrency)}
		h["X-Ratelimit-Remaining-Requests"] = []string{strconv.Itoa(t.remaining)}
		h["X-Ratelimit-Reset-Requests"] = []string{"1s"}
	}
	return r
}

func requestID(t ticket) string { return "req-sim-" + strconv.FormatUint(t.number, 10) }

// refusal is an error answer.
type refusal struct {
	status     int
	code       string // "": null
	param      string // "": null
	message    string
	retryAfter string // "": no Retry-After
	allow      string // "": no Allow
	encoded    []byte // nil: not encoded beforehand; shared, never modified
}

var (
	concurrencyRefusal = standing(refusal{status: http.StatusTooManyRequests, code: "concurrency_limit", retryAfter: "1",
		message: "too many concurrent requests for this simulated provider; retry when one has ended"})
	rateRefusal = standing(refusal{status: http.StatusTooManyRequests, code: "rate_limit_exceeded", retryAfter: "1",
		message: "simulated rate limit; retry after one second"})
	errorRefusal = standing(refusal{status: http.StatusInternalServerError,
		message: "simulated server error; retry the request"})
)

// standing encodes a refusal that is given often.
func standing(f refusal) *refusal {
	f.encoded = f.reply().body
	return &f
}

func badRequest(param, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, param: param, message: message}
}

type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func (f *refusal) body() errorBody {
	return errorBody{errorDetail{Message: f.message, Type: errorType(f.status),
		Param: orNull(f.param), Code: orNull(f.code)}}
}

func (f *refusal) reply() reply {
	var r reply
	if f.encoded != nil {
		r = newReply(f.status, typeJSON, f.encoded)
	} else {
		r = jsonReply(f.status, f.body())
	}
	if f.retryAfter != "" {
		r.header.Set("Retry-After", f.retryAfter)
	}
	if f.allow != "" {
		r.header.Set("Allow", f.allow)
	}
	return r
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func errorType(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "authentication_error"
	case status == http.StatusForbidden:
		return "permission_error"
	case status == http.StatusTooManyRequests:
		return "rate_limit_error"
	case status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "invalid_request_error"
}
