package openai

import (
	"encoding/json"
	"net/http"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// ErrorReply returns err as an HTTP answer of the dialect; dialect.Refusal says what
// its status and headers are. A provider's error in the dialect keeps its body.
func ErrorReply(err error) (status int, header http.Header, body []byte) {
	r := dialect.NewRefusal(err, nil)
	if body = r.Verbatim(schemas.DialectOpenAI); body != nil && validErrorBody(body) {
		return r.Status, r.Header, withWait(body, r.WaitWords())
	}
	return r.Status, r.Header, errorBody(r.Status, r.Code, r.Message())
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
