package gemini

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

const hi = `{"contents":[{"parts":[{"text":"hi"}]}]}`

func raw(path, query, body string) *schemas.RawRequest {
	return &schemas.RawRequest{Dialect: schemas.DialectGemini, Method: http.MethodPost, Path: path, Query: query, Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}

func TestTheModelIsInThePath(t *testing.T) {
	s := Surface{}
	for path, want := range map[string]struct{ model, other string }{
		"/models/gemini-2.5-flash:generateContent":         {"gemini-2.5-flash", "/models/a/b:generateContent"},
		"/models/openai/gpt-4o-mini:streamGenerateContent": {"openai/gpt-4o-mini", "/models/a/b:streamGenerateContent"},
		"/models/openai%2Fgpt-4o-mini:countTokens":         {"openai/gpt-4o-mini", "/models/a/b:countTokens"},
		"/models/openai%2fft:gpt:x:embedContent":           {"openai/ft:gpt:x", "/models/a/b:embedContent"},
		"/models/m":                                        {"m", "/models/a/b"},
		"/tunedModels/x:generateContent":                   {"tunedModels/x", "/models/a/b:generateContent"},
		"/models":                                          {"", "/models"},
		"/cachedContents":                                  {"", "/cachedContents"},
		"/models/a%20b%3Fc:countTokens":                    {"a b?c", "/models/a/b:countTokens"},
		"/models/tunedModels/y:embedContent":               {"tunedModels/y", "/models/a/b:embedContent"},
	} {
		call := raw(path, "alt=sse", hi)
		got := s.WithModel(call, "a/b")
		if s.Model(call) != want.model || got.Path != want.other || got.Query != "alt=sse" || string(got.Body) != hi || call.Path != path {
			t.Errorf("%s: got %q, %+v", path, s.Model(call), got)
		}
		if same := s.WithModel(call, s.Model(call)); same != call {
			t.Errorf("%s: changed to %s", path, same.Path)
		}
	}
	if got := s.WithModel(raw("/models/m:generateContent", "", hi), "tunedModels/x y"); got.Path != "/tunedModels/x%20y:generateContent" {
		t.Errorf("got %s", got.Path)
	}
}

func TestAColonInACallThatReadsIsTheModelsOwn(t *testing.T) {
	call := raw("/models/bedrock%2Fanthropic.claude-v1:0", "", "")
	call.Method, call.Body = http.MethodGet, nil
	if got := (Surface{}).Model(call); got != "bedrock/anthropic.claude-v1:0" {
		t.Errorf("got %q", got)
	}
	if got := (Surface{}).WithModel(call, "llama3.2:latest"); got.Path != "/models/llama3.2:latest" {
		t.Errorf("got %q", got.Path)
	}
	if got := (Codec{}).Look(call); got.Operation != schemas.OperationListModels {
		t.Errorf("got %q", got.Operation)
	}
}

func TestTheModelInABodyFollowsThatOfThePath(t *testing.T) {
	for method, c := range map[string]struct{ body, want string }{
		"embedContent":       {`{"model":"models/m","content":{}}`, `{"model":"models/n","content":{}}`},
		"batchEmbedContents": {`{"requests":[{"model":"models/m"},{},{"model":"models/m"}]}`, `{"requests":[{"model":"models/n"},{},{"model":"models/n"}]}`},
		"countTokens":        {`{"generateContentRequest":{"model":"models/m"}}`, `{"generateContentRequest":{"model":"models/n"}}`},
		"generateContent":    {`{"contents":[{"model":"m"}]}`, `{"contents":[{"model":"m"}]}`},
	} {
		call := raw("/models/m:"+method, "", c.body)
		if got := (Surface{}).WithModel(call, "n"); string(got.Body) != c.want || string(call.Body) != c.body {
			t.Errorf("%s: got %s", method, got.Body)
		}
	}
}

func TestFallbacksAreInTheBody(t *testing.T) {
	call, list, err := Surface{}.Fallbacks(raw("/models/m:generateContent", "", `{"contents":[],"fallbacks":["p/b"]}`))
	if err != nil || !reflect.DeepEqual(list, []schemas.Fallback{{Model: "p/b"}}) || string(call.Body) != `{"contents":[]}` {
		t.Fatalf("got %+v, %v", list, err)
	}
}

func TestACallIsTranslatedToItsOperation(t *testing.T) {
	for _, c := range []struct {
		path, query, body string
		want              schemas.Operation
	}{
		{"/models/m:generateContent", "", hi, schemas.OperationChat},
		{"/models/m:streamGenerateContent", "alt=sse", hi, schemas.OperationChatStream},
		{"/models/m:streamGenerateContent", "", hi, schemas.OperationChatStream},
		{"/models/m:countTokens", "", hi, schemas.OperationCountTokens},
		{"/models/m:countTokens", "", `{"generateContentRequest":` + hi + `}`, schemas.OperationCountTokens},
		{"/models/m:countTokens", "", `{"generate_content_request":` + hi + `}`, schemas.OperationCountTokens},
		{"/models/m:embedContent", "", `{"content":{"parts":[{"text":"a"}]}}`, schemas.OperationEmbeddings},
		{"/models/m:batchEmbedContents", "", `{"requests":[{"content":{"parts":[{"text":"a"},{"text":"b"}]}}]}`, schemas.OperationEmbeddings},
	} {
		got, err := Surface{}.Translate(raw(c.path, c.query, c.body))
		if err != nil || got.Request().Operation != c.want || got.Request().Model != "m" {
			t.Errorf("%+v: got %+v, %v", c, got, err)
			continue
		}
		if r := got.Request(); c.want == schemas.OperationEmbeddings && strings.Join(r.Embedding.Input, "")[:1] != "a" ||
			c.want != schemas.OperationEmbeddings && r.Chat.Messages[0].Content.PlainText() != "hi" {
			t.Errorf("%+v: got %s", c, dialecttest.JSON(t, r))
		}
	}
	for path, kind := range map[string]error{"/models/m:predict": schemas.ErrUnsupportedOperation, "/models": schemas.ErrUnsupportedOperation,
		"/models/m:generateContent": schemas.ErrInvalidRequest, "/models/m:embedContent": schemas.ErrInvalidRequest} {
		if _, err := (Surface{}).Translate(raw(path, "", `{}`)); !errors.Is(err, kind) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if _, err := (Surface{}).Translate(raw("/models/m:generateContent", "", `{`)); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

func TestACallIsSeenForWhatItAsks(t *testing.T) {
	for _, c := range []struct {
		path, query string
		want        dialect.Sight
	}{
		{"/models/m:generateContent", "", dialect.Sight{Operation: schemas.OperationChat, Object: true, Whole: true}},
		{"/models/m:streamGenerateContent", "alt=sse&key=x", dialect.Sight{Operation: schemas.OperationChat, Stream: true}},
		{"/models/m:streamGenerateContent", "%24alt=sse", dialect.Sight{Operation: schemas.OperationChat, Stream: true}},
		{"/models/m:streamGenerateContent", "alt=json", dialect.Sight{Operation: schemas.OperationChat}},
		{"/models/m:countTokens", "", dialect.Sight{Operation: schemas.OperationCountTokens, Object: true}},
		{"/models/m:batchEmbedContents", "", dialect.Sight{Operation: schemas.OperationEmbeddings, Object: true}},
		{"/models", "", dialect.Sight{Operation: schemas.OperationListModels}},
		{"/models/m", "", dialect.Sight{Operation: schemas.OperationListModels}},
		{"/models/m:predict", "", dialect.Sight{}},
		{"/files", "", dialect.Sight{}},
	} {
		if got := (Codec{}).Look(raw(c.path, c.query, hi)); got != c.want {
			t.Errorf("%s?%s: got %+v", c.path, c.query, got)
		}
	}
}

func TestAKeyInAQueryIsNotSent(t *testing.T) {
	for query, want := range map[string]string{"": "", "key=secret": "", "alt=sse&key=secret": "alt=sse", "key=secret&alt=sse&a=%20b": "alt=sse&a=%20b",
		"k%65y=secret&x=1": "x=1", "%24key=secret": "", "access_token=secret&monkey=1": "monkey=1"} {
		if got := WithoutKey(query); got != want {
			t.Errorf("%s: got %s", query, got)
		}
	}
}

// translated returns what a caller with a request reads of an answer, whole and streamed.
func translated(t *testing.T, body string, answer *schemas.ChatResponse) (whole []byte, streamed []string) {
	t.Helper()
	one, err := Surface{}.Translate(raw("/models/m:generateContent", "", body))
	if err != nil {
		t.Fatal(err)
	}
	_, whole, err = one.Encode(&schemas.Response{Chat: answer})
	if err != nil {
		t.Fatal(err)
	}
	all, err := Surface{}.Translate(raw("/models/m:streamGenerateContent", "alt=sse", body))
	if err != nil {
		t.Fatal(err)
	}
	w, media := all.Stream()
	if media != "text/event-stream" {
		t.Fatalf("got %s", media)
	}
	c := answer.Choices[0]
	calls := c.Message.ToolCalls
	for i := range calls {
		calls[i].Index = &i
	}
	var out []byte
	if no := c.Message.Refusal; no != nil {
		refusal := &schemas.ChatChunk{ID: answer.ID, Model: answer.Model, Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Refusal: *no}}}}
		if out, err = w.Append(nil, refusal); err != nil {
			t.Fatal(err)
		}
	}
	out, err = w.Append(out, &schemas.ChatChunk{ID: answer.ID, Model: answer.Model, Choices: []schemas.ChunkChoice{{FinishReason: &c.FinishReason,
		Delta: schemas.Delta{Content: c.Message.Content.PlainText(), Reasoning: c.Message.Reasoning, ToolCalls: calls, ReasoningDetails: c.Message.ReasoningDetails}}}})
	if err != nil {
		t.Fatal(err)
	}
	return whole, events(t, w.AppendEnd(out))
}

// Another provider's thinking travels in a signature, and comes back with the message.
func TestAnothersThinkingComesBackUnchanged(t *testing.T) {
	foreign := schemas.ReasoningDetail{Type: schemas.ReasoningText, Text: "let me see", Signature: "EqQB", Format: schemas.FormatAnthropic}
	m := schemas.ChatMessage{Role: roleAssistant, Reasoning: "let me see", ReasoningDetails: []schemas.ReasoningDetail{foreign},
		ToolCalls: []schemas.ToolCall{newFunctionCall("toolu_1", "f", `{"a":1}`)}}
	whole, streamed := translated(t, hi, &schemas.ChatResponse{ID: "r", Model: "m", Choices: []schemas.ChatChoice{{Message: m, FinishReason: "tool_calls"}}})
	for name, answer := range map[string]string{"whole": string(whole), "streamed": streamed[len(streamed)-1]} {
		content := gjson.Get(answer, "candidates.0.content").Raw
		if strings.Contains(content, "let me see") || gjson.Get(answer, "candidates.0.finishReason").String() != "STOP" {
			t.Errorf("%s: got %s", name, answer)
		}
		got, _, err := DecodeRequest([]byte(`{"contents":[{"parts":[{"text":"hi"}]},`+content+`]}`), "m")
		if err != nil || !reflect.DeepEqual(got.Messages[1].ReasoningDetails, []schemas.ReasoningDetail{foreign}) || got.Messages[1].ToolCalls[0].ID != "toolu_1" {
			t.Errorf("%s: got %s, %v", name, dialecttest.JSON(t, got), err)
		}
	}
}

func TestThoughtsAreShownToThoseWhoAskedForThem(t *testing.T) {
	answer := &schemas.ChatResponse{Choices: []schemas.ChatChoice{{FinishReason: "stop",
		Message: schemas.ChatMessage{Role: roleAssistant, Reasoning: "hm", Content: schemas.TextContent("yes")}}}}
	for body, want := range map[string]bool{hi: false, strings.TrimSuffix(hi, "}") + `,"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}`: true} {
		whole, streamed := translated(t, body, answer)
		for _, got := range []string{string(whole), streamed[0]} {
			if shown := gjson.Get(got, `candidates.0.content.parts.#(thought==true).text`).String() == "hm"; shown != want || !strings.Contains(got, "yes") {
				t.Errorf("%s: got %s", body, got)
			}
		}
	}
}

func TestARefusalIsAnEndForSafety(t *testing.T) {
	no := "I cannot"
	for _, finish := range []string{"content_filter", "stop"} { // which OpenAI's models end a refusal with
		whole, streamed := translated(t, hi, &schemas.ChatResponse{Choices: []schemas.ChatChoice{{FinishReason: finish,
			Message: schemas.ChatMessage{Role: roleAssistant, Refusal: &no}}}})
		for _, got := range []string{string(whole), streamed[len(streamed)-1]} {
			if gjson.Get(got, "candidates.0.finishReason").String() != "SAFETY" {
				t.Errorf("%s: got %s", finish, got)
			}
		}
		if gjson.GetBytes(whole, "candidates.0.content.parts.0.text").String() != no {
			t.Errorf("got %s", whole)
		}
	}
}

func TestArgumentsThatAreNoObjectAreTheProvidersFault(t *testing.T) {
	m := schemas.ChatMessage{Role: roleAssistant, ToolCalls: []schemas.ToolCall{newFunctionCall("a", "f", `{"cut`)}}
	if _, err := EncodeResponse(&schemas.ChatResponse{Choices: []schemas.ChatChoice{{Message: m}}}, false); !errors.Is(err, schemas.ErrUpstream) {
		t.Errorf("got %v", err)
	}
	w := &chunkWriter{}
	out, err := w.Append(nil, &schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{ToolCalls: m.ToolCalls}}}})
	if err != nil {
		t.Fatal(err)
	}
	if all := events(t, w.AppendEnd(out)); len(all) != 1 || gjson.Get(all[0], "error.code").Int() != 502 {
		t.Errorf("got %v", all)
	}
}

func TestCountsAndVectorsAreAnsweredAsTheDialectHasThem(t *testing.T) {
	vectors := &schemas.EmbeddingResponse{Data: []schemas.Embedding{{Index: 1, Embedding: []float64{2}}, {Index: 0, Embedding: []float64{1}}}}
	for _, c := range []struct {
		path, body string
		answer     schemas.Response
		want       string
	}{
		{"/models/m:countTokens", hi, schemas.Response{Tokens: &schemas.TokenCount{InputTokens: 7}}, `{"totalTokens":7}`},
		{"/models/m:batchEmbedContents", `{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"b"}]}}]}`, schemas.Response{Embedding: vectors},
			`{"embeddings":[{"values":[1]},{"values":[2]}]}`},
		{"/models/m:embedContent", `{"content":{"parts":[{"text":"a"}]}}`, schemas.Response{Embedding: &schemas.EmbeddingResponse{Data: vectors.Data[1:], Usage: &schemas.Usage{PromptTokens: 2, TotalTokens: 2}}},
			`{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":2,"totalTokenCount":2}}`},
	} {
		call, err := Surface{}.Translate(raw(c.path, "", c.body))
		if err != nil {
			t.Fatal(err)
		}
		header, body, err := call.Encode(&c.answer)
		if err != nil || header.Get("Content-Type") != "application/json" {
			t.Fatalf("got %v, %v", header, err)
		}
		dialecttest.SameJSON(t, body, []byte(c.want))
	}
}

func TestWhatHasNoCanonicalFormIsNamed(t *testing.T) {
	for body, want := range map[string][]string{
		`"safetySettings":[],"labels":{"a":"b"}`: {"safetySettings", "labels"},
		`"service_tier":"flex","store":null`:     {"service_tier"},
		`"generationConfig":{}`:                  nil,
		`"generationConfig":{"mediaResolution":"MEDIA_RESOLUTION_LOW","audioTimestamp":true,"responseMimeType":"application/json","responseJsonSchema":{"x":1}}`: {
			"generationConfig.audioTimestamp", "generationConfig.mediaResolution"},
		`"tools":[{"functionDeclarations":[{"name":"f","parameters":{"x":1},"behavior":"NON_BLOCKING"}]}],"tool_config":{"retrieval_config":{"languageCode":"en"}}`: {
			"toolConfig.retrievalConfig", "tools.functionDeclarations.behavior"},
		`"systemInstruction":{"parts":[{"text":"a","mediaResolution":{"level":"x"}}]}`: {"systemInstruction.parts.mediaResolution"},
	} {
		tr, err := (Surface{}).Translate(&schemas.RawRequest{Method: "POST", Path: "/models/m:generateContent",
			Body: []byte(`{"contents":[{"parts":[{"text":"a"}]}],` + body + `}`)})
		if err != nil {
			t.Fatal(err)
		}
		if got := tr.(dialect.Lossy).Dropped(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", body, got)
		}
	}
}
