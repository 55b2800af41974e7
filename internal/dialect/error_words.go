package dialect

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// maxWords bounds what is taken of an error body.
const maxWords = 2000

// wordPaths are where providers put their message, besides "error.message".
// FastAPI's "detail" is a text or a list of objects with "msg"; Google sends a
// list of one error; Cohere ends a stream with "delta.error".
var wordPaths = []string{"error.message", "error", "message", "detail", "detail.0.msg", "detail.message", "errors.0.message", "errors.0", "0.error.message", "error.error", "error_description", "delta.error"}

// errorWords returns what an error body says; ""
// if it says nothing that a person could read.
func errorWords(body []byte) string {
	if !ValidBytes(body) {
		return plainWords(body)
	}
	v := gjson.ParseBytes(body)
	if v.Type == gjson.String {
		return bounded(v.Str)
	}
	for _, path := range wordPaths {
		if w := v.Get(path); w.Type == gjson.String && strings.TrimSpace(w.Str) != "" {
			return bounded(w.Str)
		}
	}
	return ""
}

// plainWords takes a body of plain text, and no page.
func plainWords(body []byte) string {
	text := bytes.TrimSpace(body)
	odd := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) }
	if len(text) == 0 || text[0] == '<' || text[0] == '{' || text[0] == '[' || bytes.IndexFunc(text, odd) >= 0 {
		return ""
	}
	return bounded(string(text))
}

func bounded(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxWords {
		return text
	}
	return strings.ToValidUTF8(text[:maxWords], "") + "…"
}
