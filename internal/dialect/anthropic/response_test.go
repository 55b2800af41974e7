package anthropic

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAnAnswerIsReadIntoTheCanonicalForm(t *testing.T) {
	got, err := DecodeResponse(dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	want := &schemas.ChatResponse{ID: "msg_1", Object: "chat.completion", Model: "claude-sonnet-4-6",
		Choices: []schemas.ChatChoice{{FinishReason: "tool_calls", Message: schemas.ChatMessage{Role: "assistant",
			Content: schemas.TextContent("Let me look."), Reasoning: "Two calls.",
			ReasoningDetails: []schemas.ReasoningDetail{
				{Type: "reasoning.text", Text: "Two calls.", Signature: "c2ln", Format: schemas.FormatAnthropic},
				{Type: "reasoning.encrypted", Data: "aGlkZGVu", Format: schemas.FormatAnthropic, Index: 1}},
			ToolCalls: []schemas.ToolCall{newFunctionCall("toolu_1", "look", `{"at":"a"}`), newFunctionCall("toolu_2", "look", `{}`)}}}},
		Usage: &schemas.Usage{PromptTokens: 60, CompletionTokens: 40, TotalTokens: 100,
			PromptTokensDetails:     &schemas.PromptTokensDetails{CachedTokens: 30, CacheWriteTokens: 20},
			CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: 5}}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

func TestAnAnswerComesBackAsItWas(t *testing.T) {
	want := dialecttest.Golden(t, "response.json")
	resp, err := DecodeResponse(want, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := EncodeResponse(resp)
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, got, want)
}

func TestEveryStopReasonHasItsFinishReason(t *testing.T) {
	for stop, want := range map[string]string{"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls",
		"pause_turn": "stop", "refusal": "content_filter", "model_context_window_exceeded": "length"} {
		resp, err := DecodeResponse([]byte(`{"content":[],"stop_reason":"`+stop+`","stop_sequence":"END"}`), "")
		if err != nil || resp.Choices[0].FinishReason != want || resp.Choices[0].StopSequence != "END" {
			t.Errorf("%s: got %+v, %v", stop, resp, err)
		}
	}
	for _, c := range []struct {
		finish, sequence string
		calls            bool
		want             string
	}{{"stop", "", false, "end_turn"}, {"stop", "END", false, "stop_sequence"}, {"stop", "", true, "tool_use"}, {"length", "", true, "max_tokens"},
		{"tool_calls", "", true, "tool_use"}, {"content_filter", "", false, "refusal"}, {"", "", false, "end_turn"}} {
		if got := stopReason(c.finish, c.sequence, c.calls); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestAnotherProvidersThinkingComesBackUnchanged(t *testing.T) {
	foreign := schemas.ReasoningDetail{Type: "reasoning.encrypted", Data: "x/y", ID: "rs_1", Format: schemas.FormatResponses, Index: 0}
	resp := &schemas.ChatResponse{ID: "r", Model: "m", Choices: []schemas.ChatChoice{{FinishReason: "stop", Message: schemas.ChatMessage{Role: "assistant",
		Content: schemas.TextContent("a"), Reasoning: "seen", ReasoningDetails: []schemas.ReasoningDetail{foreign}}}}}
	body, err := EncodeResponse(resp)
	if err != nil {
		t.Fatal(err)
	}
	content := gjson.GetBytes(body, "content")
	if data := content.Get("1.data").String(); content.Get("0.thinking").String() != "seen" || !strings.HasPrefix(data, "bifrost.") {
		t.Fatalf("got %s", body)
	}
	req, _, err := DecodeRequest([]byte(`{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":` + content.Raw + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if m := req.Messages[0]; m.Reasoning != "seen" || len(m.ReasoningDetails) != 1 || m.ReasoningDetails[0] != foreign {
		t.Fatalf("got %+v", m)
	}
}

func TestArgumentsThatAreNoObjectAreAnUpstreamError(t *testing.T) {
	resp := &schemas.ChatResponse{Choices: []schemas.ChatChoice{{Message: schemas.ChatMessage{
		ToolCalls: []schemas.ToolCall{newFunctionCall("t", "f", `{"secret`)}}}}}
	if _, err := EncodeResponse(resp); !errors.Is(err, schemas.ErrUpstream) || strings.Contains(err.Error(), "secret") {
		t.Fatalf("got %v", err)
	}
	if _, err := EncodeResponse(&schemas.ChatResponse{}); !errors.Is(err, schemas.ErrUpstream) {
		t.Fatalf("without choices: got %v", err)
	}
}

func TestAnAnswerThatIsNoneIsAnUpstreamError(t *testing.T) {
	c := Codec{}
	for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationCountTokens, schemas.OperationListModels} {
		for _, body := range []string{``, `{`, `[]`, `{}`, `{"choices":[]}`, `{"type":"error","error":{"type":"api_error","message":"secret"}}`, `{"content":5,"data":5,"input_tokens":"secret"}`} {
			if _, err := c.Decode(&schemas.Request{Operation: op}, nil, []byte(body), "k"); !errors.Is(err, schemas.ErrUpstream) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s, %s: got %v", op, body, err)
			}
		}
	}
	if _, err := c.Decode(&schemas.Request{Operation: schemas.OperationEmbeddings}, nil, nil, ""); !errors.Is(err, schemas.ErrUnsupportedOperation) {
		t.Errorf("got %v", err)
	}
}

func TestEveryOperationHasItsCall(t *testing.T) {
	chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
	for op, want := range map[schemas.Operation]string{schemas.OperationChat: "POST /messages?", schemas.OperationChatStream: "POST /messages?",
		schemas.OperationCountTokens: "POST /messages/count_tokens?", schemas.OperationListModels: "GET /models?limit=1000"} {
		call, _, err := Codec{}.Encode(&schemas.Request{Operation: op, Model: "m", Chat: chat})
		if err != nil || call.Method+" "+call.Path+"?"+call.Query != want {
			t.Errorf("%s: got %+v, %v", op, call, err)
		}
		if stream := gjson.GetBytes(call.Body, "stream").Bool(); stream != (op == schemas.OperationChatStream) {
			t.Errorf("%s: got stream %v", op, stream)
		}
	}
	if _, _, err := (Codec{}).Encode(&schemas.Request{Operation: schemas.OperationEmbeddings}); !errors.Is(err, schemas.ErrUnsupportedOperation) {
		t.Errorf("got %v", err)
	}
}

func TestAModelListIsReadAndWritten(t *testing.T) {
	list, err := DecodeModels(dialecttest.Golden(t, "models.json"), "")
	if err != nil || len(list.Data) != 1 || list.Data[0].ID != "claude-sonnet-4-6" || list.Data[0].Created != 1771286400 {
		t.Fatalf("got %+v, %v", list, err)
	}
	body, err := EncodeModels(&schemas.ModelList{Data: []schemas.Model{{ID: "a", Created: 1771286400}, {ID: "b", Created: 1 << 60}}})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, body, []byte(`{"data":[{"type":"model","id":"a","display_name":"a","created_at":"2026-02-17T00:00:00Z"},`+
		`{"type":"model","id":"b","display_name":"b","created_at":"1970-01-01T00:00:00Z"}],"has_more":false,"first_id":"a","last_id":"b"}`))
	if body, err = EncodeModels(&schemas.ModelList{}); err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, body, []byte(`{"data":[],"has_more":false,"first_id":null,"last_id":null}`))
	if body, err = (Surface{}).OneModel(schemas.Model{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, body, []byte(`{"type":"model","id":"a","display_name":"a","created_at":"1970-01-01T00:00:00Z"}`))
}

func TestARawCallSaysWhatItAsksFor(t *testing.T) {
	raw := func(path, body string) *schemas.RawRequest {
		return &schemas.RawRequest{Path: path, Body: []byte(body), Header: http.Header{"Content-Type": {"application/json"}}}
	}
	if s := look(raw(PathMessages, `{"stream":true}`)); !s.Stream || s.Whole || !s.Object || s.Operation != schemas.OperationChat {
		t.Errorf("a stream: got %+v", s)
	}
	if s := look(raw(PathMessages, `{"x":{"stream":true}}`)); s.Stream || !s.Whole {
		t.Errorf("no stream: got %+v", s)
	}
	if s := look(raw(PathCountTokens, `{}`)); s.Operation != schemas.OperationCountTokens || !s.Object {
		t.Errorf("a count: got %+v", s)
	}
	if s := look(raw("/models/x", ``)); s.Operation != schemas.OperationListModels {
		t.Errorf("a model: got %+v", s)
	}
	for path, want := range map[string]dialect.Sight{
		"/messages/batches":             {Operation: schemas.OperationBatches},
		"/messages/batches/b/cancel":    {Operation: schemas.OperationBatches},
		"/messages/batches/b/results":   {Operation: schemas.OperationBatches, Stored: true},
		"/files":                        {Operation: schemas.OperationFiles},
		"/files/f/content":              {Operation: schemas.OperationFiles, Stored: true},
		"/messages/batchesandsomething": {},
	} {
		if s := look(raw(path, ``)); s != want {
			t.Errorf("%s: got %+v", path, s)
		}
	}
}
