package openai

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAChatRequestSurvivesDecodingAndEncoding(t *testing.T) {
	wire := dialecttest.Golden(t, "chat_request.json")
	req, stream, err := DecodeChat(wire)
	if err != nil || !stream || !req.IncludeUsage {
		t.Fatalf("got stream %v, %+v, %v", stream, req, err)
	}
	if len(req.Extra) != 2 || req.Extra["service_tier"] == nil || req.Extra["logit_bias"] == nil {
		t.Fatalf("extra is %v", req.Extra)
	}
	if req.Messages[1].Content.PlainText() != "What is this?" || req.ToolChoice.Function != "look" || *req.Temperature != 0 {
		t.Fatalf("got %+v", req)
	}
	got, err := EncodeChat(req, "", ChatOptions{Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, wire)
}

func TestEncodeChatSendsUsageOptionsOnlyWithAStreamAndObeysQuirks(t *testing.T) {
	limit := 5
	req := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, MaxCompletionTokens: &limit,
		Extra: map[string]json.RawMessage{"stream_options": json.RawMessage(`{"include_obfuscation":false}`)}}
	const head = `"messages":[{"role":"user","content":"hi"}],`
	for name, c := range map[string]struct {
		opts ChatOptions
		want string
	}{
		"whole":  {ChatOptions{}, `{"model":"x",` + head + `"max_completion_tokens":5}`},
		"stream": {ChatOptions{Stream: true}, `{"model":"x",` + head + `"max_completion_tokens":5,"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}`},
		"quirks": {ChatOptions{Stream: true, NoStreamOptions: true, MaxTokensOnly: true}, `{"model":"x",` + head + `"max_tokens":5,"stream":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := EncodeChat(req, "x", c.opts)
			if err != nil {
				t.Fatal(err)
			}
			dialecttest.SameJSON(t, got, []byte(c.want))
		})
	}
	if req.Model != "m" || *req.MaxCompletionTokens != 5 || req.MaxTokens != nil {
		t.Fatalf("the request was modified: %+v", req)
	}
}

func TestAMessagesReasoningIsSentUnderTheNameThatTheProviderTakes(t *testing.T) {
	answer := schemas.AssistantMessage("hello")
	answer.Reasoning = "let me see"
	answer.ToolCalls = []schemas.ToolCall{{ID: "1", Type: "function", Function: schemas.FunctionCall{Name: "f", Arguments: "{}"}}}
	req := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi"), answer}, User: "u",
		Extra: map[string]json.RawMessage{"x": json.RawMessage(`1`)}}
	for name, opts := range map[string]ChatOptions{"reasoning_content": {}, "reasoning": {PlainReasoning: true}} {
		got, err := EncodeChat(req, "", opts)
		if err != nil {
			t.Fatal(err)
		}
		dialecttest.SameJSON(t, got, []byte(`{"model":"m","user":"u","x":1,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello","`+
			name+`":"let me see","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}]}`))
	}
	if req.Messages[1].Reasoning != "let me see" {
		t.Error("the request was modified")
	}
}

func TestExtraNeverOverridesATypedField(t *testing.T) {
	zero := 0.0
	req := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, Temperature: &zero,
		Extra: map[string]json.RawMessage{
			"model": json.RawMessage(`"other"`), "temperature": json.RawMessage(`2`), "stream": json.RawMessage(`true`),
			"messages": json.RawMessage(`[]`), "a\"b": json.RawMessage(`1`), "top_p": json.RawMessage(`0.5`)}}
	got, err := EncodeChat(req, "", ChatOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, []byte(`{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0,"a\"b":1,"top_p":0.5}`))

	req.Extra = map[string]json.RawMessage{"x": json.RawMessage(`{secret`)}
	if _, err := EncodeChat(req, "", ChatOptions{}); !errors.Is(err, schemas.ErrInvalidRequest) ||
		!strings.Contains(err.Error(), `"x"`) || strings.Contains(err.Error(), "secret") {
		t.Fatalf("got %v", err)
	}
}

func TestAFieldOfAnotherCaseIsAnotherField(t *testing.T) {
	const body = `{"Model":"other","model":"m","MESSAGES":[],"messages":[{"role":"user","content":"hi"}],"Temperature":2,"\u017ftream":true,"Stream_Options":{"include_usage":true}}`
	req, stream, err := DecodeChat([]byte(body))
	if err != nil || stream || req.IncludeUsage || req.Model != "m" || len(req.Messages) != 1 || req.Temperature != nil || len(req.Extra) != 5 {
		t.Fatalf("got stream %v, %+v, %v", stream, req, err)
	}
	got, err := EncodeChat(req, "", ChatOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, []byte(body))
	if _, _, err := DecodeChat([]byte(`{"Model":"m","messages":[{"role":"user","content":"hi"}]}`)); err == nil || !strings.Contains(err.Error(), "model is missing") {
		t.Errorf("a chat without a model: got %v", err)
	}
	embedding, err := DecodeEmbedding([]byte(`{"model":"m","Model":"other","input":"a","Input":"b"}`))
	if err != nil || embedding.Model != "m" || embedding.Input[0] != "a" || len(embedding.Extra) != 2 {
		t.Errorf("got %+v, %v", embedding, err)
	}
}

func TestABadChatRequestIsTheCallersFaultAndIsNotQuoted(t *testing.T) {
	for body, says := range map[string]string{
		``:                   "not a json object",
		`null`:               "not a json object",
		`[]`:                 "not a json object",
		`{"model":"secret"`:  "byte",
		`{"messages":[]}`:    "model",
		`{"model":"secret"}`: "messages",
		`{"model":7777}`:     "model",
		`{"model":"m","n":"secret","messages":[{"role":"user"}]}`:                    "field n",
		`{"model":"m","temperature":"secret","messages":[{"role":"user"}]}`:          "number",
		`{"model":"m","messages":[{"role":"user","content":7777}]}`:                  "messages.content has the wrong type (wanted a string or an array of parts)",
		`{"model":"m","messages":[{"role":"user"}],"stream":"secret"}`:               "stream",
		`{"model":"m","messages":[{"role":"user"}],"tool_choice":{"type":"secret"}}`: "field tool_choice has the wrong type",
		`{"model":"m","messages":[{"role":"user"}],"stream_options":["secret"]}`:     "stream_options",
	} {
		_, _, err := DecodeChat([]byte(body))
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", body, err, says)
			continue
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "7777") {
			t.Errorf("%s: quoted in %v", body, err)
		}
	}
}

func TestDecodeChatResponseReadsTheDocumentedAnswers(t *testing.T) {
	resp, err := DecodeChatResponse(dialecttest.Golden(t, "chat_response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	if resp.Text() != "Hello!" || resp.Choices[0].FinishReason != "stop" || resp.Created != 1741569952 ||
		resp.Usage.TotalTokens != 29 || resp.Usage.PromptTokensDetails.CachedTokens != 4 || resp.SystemFingerprint != "fp_1" {
		t.Fatalf("got %+v", resp)
	}
	resp, err = DecodeChatResponse(dialecttest.Golden(t, "chat_response_tools.json"), "")
	if err != nil || resp.Choices[0].Message.Content != nil || resp.Choices[0].Message.ToolCalls[0].Function.Name != "weather" {
		t.Fatalf("got %+v, %v", resp, err)
	}
	resp, err = DecodeChatResponse(dialecttest.Golden(t, "chat_response_openrouter_reasoning.json"), "")
	if err != nil || resp.Choices[0].Message.Reasoning != "2 and 2" || resp.Created != 1741570283 {
		t.Fatalf("got %+v, %v", resp, err)
	}
}

func TestAnEncodedResponseHasContentAndChoicesAlways(t *testing.T) {
	resp, err := DecodeChatResponse(dialecttest.Golden(t, "chat_response_tools.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := EncodeChatResponse(resp)
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, dialecttest.Golden(t, "chat_response_tools.json"))
	got, err = EncodeChatResponse(&schemas.ChatResponse{})
	if err != nil || !strings.Contains(string(got), `"choices":[]`) {
		t.Fatalf("got %s, %v", got, err)
	}
}

func TestAnAnswerThatIsNotTheDialectIsAnUpstreamError(t *testing.T) {
	for _, body := range []string{``, `<html>`, `{}`, `[]`, `{"choices":null}`, `{"choices":"x"}`, `null`, `{"choices":[]`} {
		if _, err := DecodeChatResponse([]byte(body), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("chat %s: got %v", body, err)
		}
		if _, err := DecodeEmbeddingResponse([]byte(body), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("embeddings %s: got %v", body, err)
		}
		if body == "[]" {
			continue // a bare list of no models
		}
		if _, err := DecodeModels([]byte(body), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("models %s: got %v", body, err)
		}
	}
}

func TestAnErrorInsideASuccessfulAnswerIsAnError(t *testing.T) {
	body := []byte(`{"error":{"code":429,"message":"slow down, sk-1"},"choices":[]}`)
	_, err := DecodeChatResponse(body, "sk-1")
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindRateLimited || e.StatusCode != 429 || !e.MayHaveStarted {
		t.Fatalf("got %#v", err)
	}
	if strings.Contains(string(e.Upstream.Body), "sk-1") {
		t.Fatal("the key is in the reply")
	}
}
