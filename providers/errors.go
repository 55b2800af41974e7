package providers

import (
	"net/http"

	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// ErrorReply writes an error as an HTTP answer of a dialect: status, headers and
// body as that dialect's SDKs expect them. An unknown dialect is answered as
// OpenAI's, whose shape most clients can read.
func ErrorReply(_ schemas.Dialect, err error) (status int, header http.Header, body []byte) {
	return openai.ErrorReply(err)
}
