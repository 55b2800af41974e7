package surface_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/surface"
	"bifrost/schemas"
)

func TestADialectIsKnownByItsPath(t *testing.T) {
	for path, want := range map[string]struct {
		dialect schemas.Dialect
		rest    string
	}{
		"/v1/chat/completions":                                {schemas.DialectOpenAI, "/chat/completions"},
		"/openai/v1/models/ft:gpt-4o:x":                       {schemas.DialectOpenAI, "/models/ft:gpt-4o:x"},
		"/chat/completions":                                   {schemas.DialectOpenAI, "/chat/completions"},
		"/v1/messages":                                        {schemas.DialectAnthropic, "/messages"},
		"/anthropic/v1/messages/count_tokens":                 {schemas.DialectAnthropic, "/messages/count_tokens"},
		"/v1beta/models":                                      {schemas.DialectGemini, "/models"},
		"/v1/models/openai/gpt-4o:generateContent":            {schemas.DialectGemini, "/models/openai/gpt-4o:generateContent"},
		"/genai/v1beta/models/gemini-x:streamGenerateContent": {schemas.DialectGemini, "/models/gemini-x:streamGenerateContent"},
		"/v1/models/generateContent":                          {schemas.DialectOpenAI, "/models/generateContent"},
		"/v1alpha/models/a%2Fb:countTokens":                   {schemas.DialectGemini, "/models/a%2Fb:countTokens"},
		"/v1":                                                 {schemas.DialectOpenAI, "/v1"},
	} {
		if d, rest := surface.Detect(path, nil); d != want.dialect || rest != want.rest {
			t.Errorf("%s: got %s %s", path, d, rest)
		}
	}
	if d, _ := surface.Detect("/v1/models", http.Header{"Anthropic-Version": {"2023-06-01"}}); d != schemas.DialectAnthropic {
		t.Errorf("got %s", d)
	}
}

// FuzzDetect is of a call's path and method: what follows the version is a part of the
// path, and a call that can be read is one for an operation with a request of its own.
func FuzzDetect(f *testing.F) {
	f.Add("POST", "/v1/chat/completions", []byte(`{"model":"m","messages":[{"role":"user","content":"a"}]}`))
	f.Add("POST", "/x/v1beta/models/m:generateContent", []byte(`{"contents":[{"parts":[{"text":"a"}]}]}`))
	f.Add("GET", "/anthropic/v1/models/a%2Fb", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		d, rest := surface.Detect(path, nil)
		if !strings.HasSuffix(path, rest) {
			t.Fatalf("%q is not of %q", rest, path)
		}
		raw := &schemas.RawRequest{Dialect: d, Method: method, Path: rest, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
		call, err := surface.Translate(raw)
		var e *schemas.Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		if req := call.Request(); req.Operation == "" || req.Operation == schemas.OperationRaw {
			t.Fatalf("got %+v", req)
		}
	})
}
