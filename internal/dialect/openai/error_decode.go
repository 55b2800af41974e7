package openai

import (
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// DecodeError returns the error for an answer of a status that is no success.
// body may be the beginning of a longer one. Whatever equals key, the used
// credential, is masked in the reply that the error keeps; its message has
// nothing of the body.
func DecodeError(status int, header http.Header, body []byte, key string) *schemas.Error {
	e := dialect.Failure(schemas.DialectOpenAI, status, header, body, key)
	e.QuotaSpent = quotaSpent(e.Kind, gjson.GetBytes(body, "error"))
	return e
}

// ErrorWithin returns the error that a successful answer carries instead of a
// result, or nil. data may be the beginning of a longer answer. Whatever equals key
// is masked as by DecodeError.
func ErrorWithin(data []byte, key string) error {
	v := gjson.GetBytes(data, "error")
	if !v.Exists() || !dialect.Present([]byte(v.Raw)) {
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
	e := dialect.FailureWithin(schemas.DialectOpenAI, statusOf(v), data, key)
	e.QuotaSpent = quotaSpent(e.Kind, v)
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
