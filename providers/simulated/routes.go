package simulated

import (
	"net/http"
	"strings"
)

// operation reads a call's body.
type operation func(u *Upstream, c call) (job, *refusal)

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
	case path == "/images/generations":
		op = parseImages
	case path == "/audio/speech":
		op = parseSpeech
	case path == "/audio/transcriptions", path == "/audio/translations":
		op = parseTranscription
	case path == "/files" || strings.HasPrefix(path, "/files/"):
		want, op = routeFiles(method, strings.TrimPrefix(path, "/files"))
	case path == "/models":
		want, op = http.MethodGet, parseModels("")
	default:
		return nil, &refusal{status: http.StatusNotFound, code: "unknown_url",
			message: "unknown path; the simulated provider has OpenAI's chat completions, responses, embeddings, models, images, speech, transcriptions and files, Anthropic's messages and Gemini's generateContent"}
	}
	if method != want {
		return nil, &refusal{status: http.StatusMethodNotAllowed, code: "method_not_allowed", allow: want,
			message: "wrong method; use " + want}
	}
	return op, nil
}
