package surface

import (
	"net/http"
	"strings"

	"bifrost/schemas"
)

// Detect returns the dialect that a call is written in, by its escaped path, and what
// follows the version prefix of the path, whatever comes before. A call that could be
// of any is OpenAI's.
func Detect(path string, header http.Header) (d schemas.Dialect, rest string) {
	version, rest := cutVersion(path)
	switch {
	case version == "v1beta" || version == "v1alpha", isGeminiMethod(rest), FromGoogle(header):
		return schemas.DialectGemini, rest
	case rest == "/messages" || strings.HasPrefix(rest, "/messages/"), header.Get("Anthropic-Version") != "":
		return schemas.DialectAnthropic, rest
	}
	return schemas.DialectOpenAI, rest
}

// FromGoogle reports whether a call is from a client of Google's, by the headers of its
// SDKs: the newest ask below /v1 for models, as OpenAI's do.
func FromGoogle(header http.Header) bool {
	return header.Get("X-Goog-Api-Key") != "" || header.Get("X-Goog-Api-Client") != ""
}

// cutVersion splits a path at its first segment that is a version; "" if it has none.
func cutVersion(path string) (version, rest string) {
	for i := 0; i < len(path); i++ {
		if path[i] != '/' {
			continue
		}
		segment, after, ok := strings.Cut(path[i+1:], "/")
		switch segment {
		case "v1", "v1beta", "v1alpha":
			if ok {
				return segment, "/" + after
			}
		}
	}
	return "", path
}

// isGeminiMethod reports whether a path calls a method of a model, as only Gemini's
// do: /models/{model}:{method}.
func isGeminiMethod(rest string) bool {
	model, ok := strings.CutPrefix(rest, "/models/")
	if !ok {
		return false
	}
	switch model[strings.LastIndexByte(model, ':')+1:] {
	case "generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents":
		return strings.Contains(model, ":")
	}
	return false
}
