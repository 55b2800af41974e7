package gateway

import (
	"net/http"
	pathpkg "path"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// face is one dialect's part of the gateway: where it is served, and in whose shape
// every answer of it is.
type face struct {
	dialect.Surface

	// codec knows what its calls ask for.
	codec dialect.Codec

	// prefixes are those under which all of it is served.
	prefixes []string

	// checks are the operations whose requests are looked at before they are sent on,
	// by path or, where the path has the model in it, by method.
	checks map[string]check

	// open tells that its clients read and delete more than is known here.
	open bool

	// modelInPath tells that the path names the model, and the body does not.
	modelInPath bool

	// requestIDs are the headers in which its clients look for a request's id.
	requestIDs []string
}

var (
	openaiFace = &face{
		Surface:    surface.Of(schemas.DialectOpenAI),
		codec:      openai.Codec{},
		open:       true,
		prefixes:   []string{"/v1", "/openai/v1"},
		checks:     map[string]check{openai.PathChat: checkChat, openai.PathEmbeddings: checkEmbeddings},
		requestIDs: []string{headerRequestID},
	}
	anthropicFace = &face{
		Surface:    surface.Of(schemas.DialectAnthropic),
		codec:      anthropic.Codec{},
		prefixes:   []string{"/anthropic/v1"},
		checks:     map[string]check{anthropic.PathMessages: checkChat, anthropic.PathCountTokens: checkChat},
		requestIDs: []string{headerRequestID, headerAnthropicID},
	}
	geminiFace = &face{
		Surface:  surface.Of(schemas.DialectGemini),
		codec:    gemini.Codec{},
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
	if !plainPath(path) && strings.HasPrefix(path, "/") { // it is refused, in the shape of whose it would be
		path = pathpkg.Clean(path)
	}
	switch {
	case strings.HasPrefix(path, "/genai/"), strings.HasPrefix(path, "/v1beta/"), path == "/v1beta",
		strings.HasPrefix(path, "/upload/v1beta/"), strings.HasPrefix(path, "/v1alpha/"),
		isBelow(path, "/v1/models") && surface.FromGoogle(r.Header),
		r.Method == http.MethodPost && isBelow(path, "/v1/models") && strings.Contains(path, ":"):
		return geminiFace
	case strings.HasPrefix(path, "/anthropic/"), path == "/v1"+anthropic.PathMessages,
		strings.HasPrefix(path, "/v1"+anthropic.PathMessages+"/"):
		return anthropicFace
	case r.Header.Get("Anthropic-Version") != "" && (isBelow(path, "/v1/models") || isBelow(path, "/v1/files")):
		return anthropicFace
	}
	return openaiFace
}

// isBelow reports whether a path is parent, or below it.
func isBelow(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '/')
}

// watches reports whether the face looks at the requests or answers of an operation.
func (f *face) watches(path string) bool {
	_, checked := f.checks[path]
	return checked || f.operationOf(path) != ""
}

// operationOf returns the operation that a path stands for; "" if it is not known.
func (f *face) operationOf(path string) schemas.Operation {
	return f.codec.Look(&schemas.RawRequest{Path: path}).Operation
}
