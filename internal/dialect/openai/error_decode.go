package openai

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

// MaxErrorBody is the most that is kept of a provider's error body, in bytes.
const MaxErrorBody = 64 << 10

// DecodeError returns the error for an answer of a status that is no success.
// body may be the beginning of a longer one. Whatever equals key, the used
// credential, is masked in the reply that the error keeps; its message has
// nothing of the body.
func DecodeError(status int, header http.Header, body []byte, key string) *schemas.Error {
	e := byStatus(status)
	e.StatusCode = status
	e.RetryAfter = retryAfter(header)
	e.QuotaSpent = quotaSpent(e.Kind, gjson.GetBytes(body, "error"))
	e.Upstream = &schemas.UpstreamReply{StatusCode: status, Header: header.Clone(), Body: maskedBody(body, key)}
	MaskHeader(e.Upstream.Header, key)
	return e
}

// byStatus returns an error of the kind that a status stands for.
func byStatus(status int) *schemas.Error {
	switch {
	case status == 401 || status == 402 || status == 403:
		return &schemas.Error{Kind: schemas.KindUnauthorized,
			Message: "the provider refused the key; check its value, rights and credit"}
	case status == 404:
		return &schemas.Error{Kind: schemas.KindNotFound,
			Message: "the provider does not know the model or path; check the model's name and network_config.base_url"}
	case status == 408 || status == 504:
		return &schemas.Error{Kind: schemas.KindTimeout, MayHaveStarted: true,
			Message: "the provider gave up waiting; try again or send a smaller request"}
	case status == 429:
		return &schemas.Error{Kind: schemas.KindRateLimited,
			Message: "the provider's rate limit is reached; slow down or add a key"}
	case status >= 400 && status < 500:
		return &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: "the provider refused the request; see its own message"}
	case status >= 300 && status < 400:
		return &schemas.Error{Kind: schemas.KindUpstream,
			Message: "the provider answered with a redirect, which is not followed; correct network_config.base_url"}
	}
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
		Message: "the provider failed; try again"}
}

// ErrorWithin returns the error that a successful answer carries instead of a
// result, or nil. data may be the beginning of a longer answer. Whatever equals key
// is masked as by DecodeError.
func ErrorWithin(data []byte, key string) error {
	v := gjson.GetBytes(data, "error")
	if !v.Exists() || !present([]byte(v.Raw)) {
		return nil
	}
	return errorInStream(data, key)
}

// errorInStream returns the error that an event or answer of status 200 carries.
// Its own code decides the kind if it is a status.
func errorInStream(data []byte, key string) *schemas.Error {
	v := gjson.GetBytes(data, "error")
	if !v.IsObject() {
		v = gjson.ParseBytes(data) // an older form: {"object":"error","message":...,"code":...}
	}
	status := statusOf(v)
	e := byStatus(status)
	e.MayHaveStarted = true
	e.StatusCode = status
	e.QuotaSpent = quotaSpent(e.Kind, v)
	e.Upstream = &schemas.UpstreamReply{StatusCode: status, Body: maskedBody(data, key)}
	return e
}

// statusOf returns the status that an error object means; 500 if it says none.
func statusOf(v gjson.Result) int {
	for _, name := range []string{"code", "status", "status_code"} {
		if n := v.Get(name).Int(); n >= 400 && n < 600 {
			return int(n)
		}
	}
	for _, name := range []string{"type", "code"} {
		switch word := v.Get(name).String(); {
		case strings.HasPrefix(word, "rate_limit"), word == "insufficient_quota":
			return http.StatusTooManyRequests
		case word == "authentication_error", word == "invalid_api_key":
			return http.StatusUnauthorized
		case word == "invalid_request_error":
			return http.StatusBadRequest
		}
	}
	return http.StatusInternalServerError
}

// quotaSpent reports whether a rate limit is a spending limit, which no wait lifts.
// https://platform.openai.com/docs/guides/error-codes
func quotaSpent(kind schemas.ErrorKind, v gjson.Result) bool {
	return kind == schemas.KindRateLimited &&
		(v.Get("code").String() == "insufficient_quota" || v.Get("type").String() == "insufficient_quota")
}

// present reports whether an "error" member says anything: some providers send
// null or an empty value with every answer.
func present(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "{}", `""`, "false", "0", "[]":
		return false
	}
	return true
}

// retryAfter returns how long a reply asks to wait; 0 if it does not say.
// "Retry-After-Ms" is more exact and comes first. A date counts from the reply's
// own date, so that a wrong clock here does not matter.
func retryAfter(h http.Header) time.Duration {
	if d, ok := number(h.Get("Retry-After-Ms"), time.Millisecond); ok {
		return d
	}
	text := h.Get("Retry-After")
	if d, ok := number(text, time.Second); ok {
		return d
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now))
}

// number reads a positive number of units; a fraction is allowed.
func number(text string, unit time.Duration) (time.Duration, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) {
		return 0, false
	}
	const limit = float64(365 * 24 * time.Hour)
	return time.Duration(min(max(v*float64(unit), 0), limit)), true
}
