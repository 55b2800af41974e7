package surface_test

import (
	"net/http"
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
