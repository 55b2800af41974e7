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
	"bifrost/internal/dialect/cohere"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// A long request has manyParts of one kind and is compared with one of few. Its time may
// grow by ratio, which is between that of their lengths and that of their squares. On a
// busy machine it may grow by more: then it is measured again.
const (
	fewParts, manyParts = 3_000, 24_000
	ratio               = 20
	attempts            = 10
)

// TestALongRequestTakesNoMoreTimeThanItsLength is of requests with very many parts of one
// kind.
func TestALongRequestTakesNoMoreTimeThanItsLength(t *testing.T) {
	for name, c := range map[string]struct {
		dialect schemas.Dialect
		path    string
		body    func(parts int) string
	}{
		"results of Gemini's, by name": {schemas.DialectGemini, "/models/m:generateContent", func(n int) string {
			return `{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[` + times(n, `{"functionCall":{"name":"f","args":{"a":%[1]d}}}`) +
				`]},{"role":"user","parts":[` + times(n, `{"functionResponse":{"name":"f","response":{"a":%[1]d}}}`) + `]}]}`
		}},
		"results of OpenAI's, by id": {schemas.DialectOpenAI, "/chat/completions", func(n int) string {
			return `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[` +
				times(n, `{"id":"%[1]d","type":"function","function":{"name":"f","arguments":"{}"}}`) + `]},` + times(n, `{"role":"tool","tool_call_id":"%[1]d","content":"x"}`) + `]}`
		}},
		"fields that are not known": {schemas.DialectOpenAI, "/chat/completions", func(n int) string {
			return `{"model":"m","messages":[{"role":"user","content":"a"}],` + times(n, `"k%[1]d":1`) + `}`
		}},
	} {
		t.Run(name, func(t *testing.T) {
			few, long := c.body(fewParts), c.body(manyParts)
			for range attempts {
				if measure(t, c.dialect, c.path, long) <= ratio*measure(t, c.dialect, c.path, few) {
					return
				}
			}
			t.Errorf("%d times as many parts always took more than %d times as long", manyParts/fewParts, ratio)
		})
	}
}

// times returns n texts with their number in the place of "%[1]d".
func times(n int, text string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		_, _ = fmt.Fprintf(&b, text, i)
	}
	return b.String()
}

// measure returns how long a call takes to be read, and written for the slowest provider.
func measure(t *testing.T, d schemas.Dialect, path, body string) time.Duration {
	began := time.Now()
	call, err := surface.Translate(&schemas.RawRequest{Dialect: d, Method: http.MethodPost, Path: path, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	for _, codec := range []dialect.Codec{openai.Codec{}, anthropic.Codec{}, gemini.Codec{}, bedrock.Codec{}, cohere.Codec{}} {
		req := *call.Request()
		req.Model = "m"
		began := time.Now()
		if _, _, err := codec.Encode(&req); err != nil {
			t.Errorf("%s: %v", codec.Dialect(), err)
		}
		took = max(took, time.Since(began))
	}
	return took
}
