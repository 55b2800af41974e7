package gateway

import (
	"net/http"
	"slices"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// face is one dialect's part of the gateway: where it is served, and in whose shape
// every answer of it is.
type face struct {
	dialect.Surface

	// prefixes are those under which all of it is served.
	prefixes []string

	// checks are the operations whose requests are looked at before they are sent on,
	// by path or, where the path has the model in it, by method.
	checks map[string]check

	// modelInPath tells that the path names the model, and the body does not.
	modelInPath bool

	// requestIDs are the headers in which its clients look for a request's id.
	requestIDs []string
}

var (
	openaiFace = &face{
		Surface:    surface.Of(schemas.DialectOpenAI),
		prefixes:   []string{"/v1", "/openai/v1"},
		checks:     map[string]check{openai.PathChat: checkChat, openai.PathEmbeddings: checkEmbeddings},
		requestIDs: []string{headerRequestID},
	}
	anthropicFace = &face{
		Surface:    surface.Of(schemas.DialectAnthropic),
		prefixes:   []string{"/anthropic/v1"},
		checks:     map[string]check{anthropic.PathMessages: checkChat, anthropic.PathCountTokens: checkChat},
		requestIDs: []string{headerRequestID, headerAnthropicID},
	}
	geminiFace = &face{
		Surface:  surface.Of(schemas.DialectGemini),
		prefixes: []string{"/v1beta", "/genai/v1beta", "/genai/v1"},
		checks: map[string]check{"generateContent": checkContents, "streamGenerateContent": checkContents,
			"countTokens": checkNothing, "embedContent": checkNothing, "batchEmbedContents": checkNothing},
		modelInPath: true,
		requestIDs:  []string{headerRequestID},
	}
)

// methodOf returns the method of a path such as /models/{model}:{method}.
func methodOf(path string) string { return path[strings.LastIndexByte(path, ':')+1:] }

// faceOf returns the face that answers a request, its errors included: by its path,
// or, where clients of two dialects ask at the same one, by a header.
func faceOf(r *http.Request) *face {
	path := r.URL.Path
	switch {
	case strings.HasPrefix(path, "/genai/"), strings.HasPrefix(path, "/v1beta/"), path == "/v1beta",
		r.Method == http.MethodPost && underModels(path, "/v1") && strings.Contains(path, ":"):
		return geminiFace
	case strings.HasPrefix(path, "/anthropic/"), path == "/v1"+anthropic.PathMessages,
		strings.HasPrefix(path, "/v1"+anthropic.PathMessages+"/"):
		return anthropicFace
	case underModels(path, "/v1") && r.Header.Get("Anthropic-Version") != "":
		return anthropicFace
	}
	return openaiFace
}

// underModels reports whether a path is that of the models, or of one, below prefix.
func underModels(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix+"/models")
	return ok && (rest == "" || rest[0] == '/')
}

// watches reports whether the face looks at the requests or answers of an operation.
func (f *face) watches(operation string) bool {
	_, checked := f.checks[operation]
	return checked || slices.Contains([]string{openai.PathModels, openai.PathCompletions, openai.PathResponses}, operation)
}
