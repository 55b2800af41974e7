package surface_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/bedrock"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// BenchmarkALongRequest reads and writes requests with very many parts of one kind, and a
// provider that was slow with them, when the time grew with the square of the parts: ten
// times as many are to take about ten times as long.
func BenchmarkALongRequest(b *testing.B) {
	for _, parts := range []int{5_000, 50_000} {
		all := longRequests(parts)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			c := all[name]
			raw := &schemas.RawRequest{Dialect: c.dialect, Method: http.MethodPost, Path: c.path, Body: []byte(c.body)}
			b.Run(fmt.Sprintf("%s/%d", name, parts), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					call, err := surface.Translate(raw)
					if err != nil {
						b.Fatal(err)
					}
					req := *call.Request()
					req.Model = "m"
					if _, _, err := c.codec.Encode(&req); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

type longRequest struct {
	dialect    schemas.Dialect
	path, body string
	codec      dialect.Codec
}

func longRequests(parts int) map[string]longRequest {
	times := func(text string) string { return times(text, parts) }
	return map[string]longRequest{
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
	}
}

// times returns as many texts as there are parts, with their number in the place of
// "%[1]d".
func times(text string, parts int) string {
	var b strings.Builder
	for i := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		_, _ = fmt.Fprintf(&b, text, i)
	}
	return b.String()
}
