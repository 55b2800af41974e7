package gemini

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestEveryOperationHasItsPath(t *testing.T) {
	chat := &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
	four := 4
	for _, c := range []struct {
		req               *schemas.Request
		path, query, body string
	}{
		{&schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}, "/models/m:generateContent", "", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`},
		{&schemas.Request{Operation: schemas.OperationChatStream, Model: "models/m", Chat: chat}, "/models/m:streamGenerateContent", "alt=sse", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}`},
		{&schemas.Request{Operation: schemas.OperationCountTokens, Model: "tunedModels/m", Chat: chat}, "/tunedModels/m:countTokens", "",
			`{"generateContentRequest":{"model":"tunedModels/m","contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`},
		{&schemas.Request{Operation: schemas.OperationEmbeddings, Model: "m", Embedding: &schemas.EmbeddingRequest{Input: []string{"a"}, Dimensions: &four,
			Extra: map[string]json.RawMessage{"task_type": []byte(`"RETRIEVAL_QUERY"`), "encoding_format": []byte(`"float"`)}}}, "/models/m:embedContent", "",
			`{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":4}`},
		{&schemas.Request{Operation: schemas.OperationEmbeddings, Embedding: &schemas.EmbeddingRequest{Model: "m", Input: []string{"a", "b"}}}, "/models/m:batchEmbedContents", "",
			`{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}},{"model":"models/m","content":{"parts":[{"text":"b"}]}}]}`},
		{&schemas.Request{Operation: schemas.OperationListModels}, "/models", "pageSize=1000", ""},
	} {
		call, dropped, err := Codec{}.Encode(c.req)
		if err != nil || len(dropped) > 0 || call.Path != c.path || call.Query != c.query {
			t.Errorf("%s: got %+v, dropped %v, %v", c.req, call, dropped, err)
			continue
		}
		if c.body != "" {
			dialecttest.SameJSON(t, call.Body, []byte(c.body))
		} else if call.Method != http.MethodGet || call.Body != nil {
			t.Errorf("%s: got %+v", c.req, call)
		}
	}
	if _, _, err := (Codec{}).Encode(&schemas.Request{Operation: schemas.OperationSpeech}); !errors.Is(err, schemas.ErrUnsupportedOperation) {
		t.Errorf("got %v", err)
	}
	if _, dropped, err := (Codec{}).Encode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: "m", Embedding: &schemas.EmbeddingRequest{Input: []string{"a"}, User: "u",
		Extra: map[string]json.RawMessage{"x": []byte(`1`)}}}); err != nil || strings.Join(dropped, " ") != "x user" {
		t.Errorf("dropped %v, %v", dropped, err)
	}
}

func TestEveryAnswerIsReadForItsOperation(t *testing.T) {
	read := func(op schemas.Operation, body string) (*schemas.Response, error) {
		return Codec{}.Decode(&schemas.Request{Operation: op, Model: "m"}, nil, []byte(body), "")
	}
	if r, err := read(schemas.OperationCountTokens, `{"totalTokens":7,"promptTokensDetails":[]}`); err != nil || r.Tokens.InputTokens != 7 {
		t.Errorf("got %+v, %v", r, err)
	}
	if r, err := read(schemas.OperationEmbeddings, `{"embedding":{"values":[1,2]},"usageMetadata":{"promptTokenCount":3}}`); err != nil || len(r.Embedding.Data[0].Embedding) != 2 ||
		r.Embedding.Model != "m" || r.Embedding.Usage.TotalTokens != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
	for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationCountTokens, schemas.OperationEmbeddings, schemas.OperationListModels} {
		for _, body := range []string{`{`, `{}`, `[]`, `{"choices":[]}`, `{"error":{"code":500,"message":"m"}}`} {
			if _, err := read(op, body); !errors.Is(err, schemas.ErrUpstream) {
				t.Errorf("%s, %s: got %v", op, body, err)
			}
		}
	}
}

func TestAnAnswersEndHasItsCanonicalReason(t *testing.T) {
	for reason, want := range map[string]string{"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter", "LANGUAGE": "content_filter",
		"BLOCKLIST": "content_filter", "PROHIBITED_CONTENT": "content_filter", "SPII": "content_filter", "IMAGE_SAFETY": "content_filter", "OTHER": "stop", "": "stop", "NEW": "stop"} {
		got, err := DecodeResponse([]byte(`{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"`+reason+`"}]}`), "")
		if err != nil || got.Choices[0].FinishReason != want {
			t.Errorf("%s: got %+v, %v", reason, got, err)
		}
	}
	call := `{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"%s"}`
	for reason, want := range map[string]string{"STOP": "tool_calls", "MAX_TOKENS": "length", "SAFETY": "content_filter"} {
		body := `{"candidates":[` + strings.Replace(call, "%s", reason, 1) + `]}`
		got, err := DecodeResponse([]byte(body), "")
		if err != nil || got.Choices[0].FinishReason != want || got.Choices[0].Message.ToolCalls[0].Function.Arguments != "{}" {
			t.Errorf("%s: got %+v, %v", reason, got, err)
		}
		streamed, err := accumulated(NewChatStream(strings.NewReader("data: "+body+"\n\n"), false, ""))
		if err != nil || streamed.Choices[0].FinishReason != want {
			t.Errorf("%s, streamed: got %+v, %v", reason, streamed, err)
		}
	}
	for _, reason := range []string{"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"} {
		body := `{"candidates":[{"finishReason":"` + reason + `"}]}`
		if _, err := DecodeResponse([]byte(body), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("%s: got %v", reason, err)
		}
		if _, err := accumulated(NewChatStream(strings.NewReader("data: "+body+"\n\n"), false, "")); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("%s, streamed: got %v", reason, err)
		}
	}
}

func TestARefusedPromptIsAnAnswerThatIsFiltered(t *testing.T) {
	body := `{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}`
	whole, err := DecodeResponse([]byte(body), "")
	if err != nil || whole.Choices[0].FinishReason != "content_filter" || whole.Usage.PromptTokens != 3 {
		t.Fatalf("got %+v, %v", whole, err)
	}
	streamed, err := accumulated(NewChatStream(strings.NewReader("data: "+body+"\n\n"), true, ""))
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, streamed), dialecttest.JSON(t, whole))
}

// Some models say STOP with every event.
func TestAReasonIsToldOnceAndLast(t *testing.T) {
	event := `data: {"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}` + "\n\n"
	s := NewChatStream(strings.NewReader(event+event), false, "")
	var text string
	reasons := 0
	for {
		c, err := s.Next()
		if err != nil {
			break
		}
		text += c.Text()
		if len(c.Choices) > 0 && c.Choices[0].FinishReason != nil {
			if reasons++; text != "aa" {
				t.Errorf("told after %q", text)
			}
		}
	}
	if reasons != 1 || !s.Done() {
		t.Errorf("told %d times, done %v", reasons, s.Done())
	}
}

func TestMediaInAnAnswerIsNotLostInSilence(t *testing.T) {
	body := `{"candidates":[{"content":{"parts":[{"text":"here"},{"inlineData":{"mimeType":"image/png","data":"aa"}}]},"finishReason":"STOP"}]}`
	if _, err := DecodeResponse([]byte(body), ""); !errors.Is(err, schemas.ErrUnsupportedOperation) {
		t.Errorf("got %v", err)
	}
	if _, err := accumulated(NewChatStream(strings.NewReader("data: "+body+"\n\n"), false, "")); !errors.Is(err, schemas.ErrUnsupportedOperation) {
		t.Errorf("streamed: got %v", err)
	}
}

func TestAddressesAndTypesOfMedia(t *testing.T) {
	for given, want := range map[string]string{
		`{"type":"image_url","image_url":{"url":"https://x/a.JPG?b=c"}}`:               `{"fileData":{"mimeType":"image/jpeg","fileUri":"https://x/a.JPG?b=c"}}`,
		`{"type":"image_url","image_url":{"url":"data:image/svg+xml,%3Csvg%3E"}}`:      `{"inlineData":{"mimeType":"image/svg+xml","data":"PHN2Zz4="}}`,
		`{"type":"video_url","video_url":{"url":"https://www.youtube.com/watch?v=a"}}`: `{"fileData":{"fileUri":"https://www.youtube.com/watch?v=a"}}`,
		`{"type":"file","file":{"file_url":"gs://b/a.pdf"}}`:                           `{"fileData":{"mimeType":"application/pdf","fileUri":"gs://b/a.pdf"}}`,
		`{"type":"input_audio","input_audio":{"data":"aa","format":"mp3"}}`:            `{"inlineData":{"mimeType":"audio/mp3","data":"aa"}}`,
	} {
		body, _, err := EncodeRequest(request(t, `{"messages":[{"role":"user","content":[`+given+`,{"type":"text","text":"see"}]}]}`), "m")
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: got %s, %v", given, body, err)
		}
		got, _, err := DecodeRequest(body, "m")
		if err != nil {
			t.Fatal(err)
		}
		if part := string(dialecttest.JSON(t, got.Messages[0].Content.Parts[0])); part != given && !strings.Contains(given, "svg") && !strings.Contains(given, "b=c") {
			t.Errorf("%s comes back as %s", given, part)
		}
	}
	id := request(t, `{"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"https://generativelanguage.googleapis.com/v1beta/files/a"}}]}]}`)
	if body, _, err := EncodeRequest(id, "m"); err != nil || !strings.Contains(string(body), `{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/a"}}`) {
		t.Errorf("got %s, %v", body, err)
	}
}
