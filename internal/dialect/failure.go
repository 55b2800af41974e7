package dialect

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bifrost/schemas"
)

// BadAnswer is the error for a provider's answer that is not its dialect.
func BadAnswer(message string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: message}
}

// BadRequest is the error for a caller's request that is not the dialect.
func BadRequest(message string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: message}
}

// Failure returns the error for an answer of a status that is no success, of a
// provider that speaks d. body may be the beginning of a longer one. Whatever
// equals key, the used credential, is masked in the reply that the error keeps; its
// message has nothing of the body.
func Failure(d schemas.Dialect, status int, header http.Header, body []byte, key string) *schemas.Error {
	e := ByStatus(status)
	e.StatusCode = status
	e.RetryAfter = RetryAfter(header)
	e.Upstream = &schemas.UpstreamReply{Dialect: d, StatusCode: status, Header: header.Clone(), Body: MaskedBody(body, key)}
	MaskHeader(e.Upstream.Header, key)
	return e
}

// FailureWithin returns the error that an answer or event of status 200 carries,
// where its words mean status.
func FailureWithin(d schemas.Dialect, status int, body []byte, key string) *schemas.Error {
	e := ByStatus(status)
	e.MayHaveStarted = true
	e.StatusCode = status
	e.Upstream = &schemas.UpstreamReply{Dialect: d, StatusCode: status, Body: MaskedBody(body, key)}
	return e
}

// ByStatus returns an error of the kind that a status stands for.
func ByStatus(status int) *schemas.Error {
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

// Present reports whether an "error" member says anything: some providers send
// null or an empty value with every answer.
func Present(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "{}", `""`, "false", "0", "[]":
		return false
	}
	return true
}

// LongestWait bounds how long a reply may ask to wait.
const LongestWait = 365 * 24 * time.Hour

// RetryAfter returns how long a reply asks to wait, up to LongestWait; 0 if it does not say.
// "Retry-After-Ms" is more exact and comes first. A date counts from the reply's
// own date, so that a wrong clock here does not matter.
func RetryAfter(h http.Header) time.Duration {
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
	return min(max(0, at.Sub(now)), LongestWait)
}

// number reads a positive number of units; a fraction is allowed.
func number(text string, unit time.Duration) (time.Duration, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) {
		return 0, false
	}
	return time.Duration(min(max(v*float64(unit), 0), float64(LongestWait))), true
}
