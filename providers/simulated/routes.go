package simulated

import (
	"net/http"
	"strings"
)

// operation reads a request's body.
type operation func(body []byte) (job, *refusal)

func route(method, path string) (operation, *refusal) {
	want, op := http.MethodPost, operation(nil)
	path = strings.TrimPrefix(path, "/v1")
	switch id, one := strings.CutPrefix(path, "/models/"); {
	case one && id != "":
		want, op = http.MethodGet, parseModels(id)
	case path == "/chat/completions":
		op = parseChat
	case path == "/embeddings":
		op = parseEmbeddings
	case path == "/models":
		want, op = http.MethodGet, parseModels("")
	default:
		return nil, &refusal{status: http.StatusNotFound, code: "unknown_url",
			message: "unknown path; use /v1/chat/completions, /v1/embeddings or /v1/models"}
	}
	if method != want {
		return nil, &refusal{status: http.StatusMethodNotAllowed, code: "method_not_allowed", allow: want,
			message: "wrong method; use " + want}
	}
	return op, nil
}
