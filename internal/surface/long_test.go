package surface_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/bedrock"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// A long request has parts of one kind. To read it, and to write it for a provider, takes a
// second or so each; where the time grew with the square of parts, it took minutes.
const (
	parts  = 50_000
	enough = 25 * time.Second
)

// TestALongRequestTakesNoMoreTimeThanItsLength is of requests with very many parts of one
// kind, and a provider that was slow with them.
func TestALongRequestTakesNoMoreTimeThanItsLength(t *testing.T) {
	for name, c := range map[string]struct {
		dialect    schemas.Dialect
		path, body string
		codec      dialect.Codec
	}{
		"results of Gemini's, by name": {schemas.DialectGemini, "/models/m:generateContent",
			`{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[` + times(`{"functionCall":{"name":"f","args":{"a":%[1]d}}}`) +
				`]},{"role":"user","parts":[` + times(`{"functionResponse":{"name":"f","response":{"a":%[1]d}}}`) + `]}]}`, gemini.Codec{}},
		"results of OpenAI's, by id": {schemas.DialectOpenAI, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[` +
			times(`{"id":"%[1]d","type":"function","function":{"name":"f","arguments":"{}"}}`) + `]},` + times(`{"role":"tool","tool_call_id":"%[1]d","content":"x"}`) + `]}`, anthropic.Codec{}},
		"fields that are not known": {schemas.DialectOpenAI, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"a"}],` + times(`"k%[1]d":1`) + `}`, bedrock.Codec{}},
		"fields that a response has not": {schemas.DialectOpenAI, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"a"}],` + times(`"k%[1]d":1`) + `}`,
			openai.Codec{Responses: &openai.ResponsesOptions{}}},
		"documents of one name": {schemas.DialectOpenAI, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":[` +
			times(`{"type":"file","file":{"filename":"%[1]d.txt","file_data":"data:text/plain,a"}},{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain,a"}}`) + `]}]}`, bedrock.Codec{}},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			call, err := surface.Translate(&schemas.RawRequest{Dialect: c.dialect, Method: http.MethodPost, Path: c.path, Body: []byte(c.body)})
			if err != nil {
				t.Fatal(err)
			}
			read := time.Since(began)
			req := *call.Request()
			req.Model = "m"
			began = time.Now()
			if _, _, err := c.codec.Encode(&req); err != nil {
				t.Error(err)
			}
			if written := time.Since(began); read > enough || written > enough {
				t.Errorf("it took %v to read and %v to write", read, written)
			}
		})
	}
}

// times returns as many texts as there are parts, with their number in the place of
// "%[1]d".
func times(text string) string {
	var b strings.Builder
	for i := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		_, _ = fmt.Fprintf(&b, text, i)
	}
	return b.String()
}
