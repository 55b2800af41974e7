package cohere

import (
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// DecodeError returns the error for an answer of a status that is no success; see
// dialect.Failure. Its body is {"message": …, "id": …}. Of the limits, those of a trial
// key for a month are a spent quota (https://docs.cohere.com/docs/rate-limits).
func DecodeError(status int, header http.Header, body []byte, key string) *schemas.Error {
	e := dialect.Failure(schemas.DialectCohere, status, header, body, key)
	if e.Kind == schemas.KindRateLimited {
		words := gjson.GetBytes(body, "message").Str
		e.QuotaSpent = strings.Contains(words, "/ month") || strings.Contains(words, "per month")
	}
	return e
}

// ErrorWithin returns the error that a successful answer or an event carries instead of
// a result, or nil. data may be the beginning of a longer answer.
func ErrorWithin(data []byte, key string) error {
	status := statusWithin(data)
	if status == 0 {
		return nil
	}
	return dialect.FailureWithin(schemas.DialectCohere, status, data, key)
}

// statusWithin returns the status that an answer or the end of a message stands for that
// ended with a failure, or an error's body in the place of either; 0 for any other. An
// error's message is a text, that of an answer is an object.
func statusWithin(data []byte) int {
	v := gjson.GetManyBytes(data, "message", "error", "finish_reason", "delta.finish_reason", "delta.error")
	switch {
	case v[2].Str == finishTimeout || v[3].Str == finishTimeout:
		return http.StatusGatewayTimeout
	case v[2].Str == finishError || v[3].Str == finishError,
		v[0].Type == gjson.String, dialect.Present([]byte(v[1].Raw)), v[4].Str != "":
		return http.StatusInternalServerError
	}
	return 0
}
