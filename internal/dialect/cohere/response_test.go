package cohere

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

func TestAnAnswerIsReadAsDocumented(t *testing.T) {
	resp, err := Codec{}.Decode(request(schemas.OperationChat, "command-a"), nil, dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, resp.Chat), dialecttest.Golden(t, "response_canonical.json"))
}

func TestAStreamIsTheSameAnswer(t *testing.T) {
	got, err := accumulated(dialecttest.Golden(t, "stream.sse"), StreamOptions{Model: "command-a", IncludeUsage: true})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, got), dialecttest.Golden(t, "response_canonical.json"))
	if got, err = accumulated(dialecttest.Golden(t, "stream.sse"), StreamOptions{}); err != nil || got.Usage != nil {
		t.Fatalf("usage that nobody asked for: %+v, %v", got.Usage, err)
	}
}

func TestAnAnswerGoesBackAsItCame(t *testing.T) {
	answer := dialecttest.Golden(t, "response.json")
	resp, err := decodeChat(answer, "m", false)
	if err != nil {
		t.Fatal(err)
	}
	body, dropped, err := EncodeRequest(&schemas.ChatRequest{Messages: []schemas.ChatMessage{resp.Choices[0].Message}}, "m", false)
	if err != nil || len(dropped) > 0 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	for _, field := range []string{"role", "content", "tool_plan", "tool_calls"} {
		dialecttest.SameJSON(t, []byte(gjson.GetBytes(body, "messages.0."+field).Raw), []byte(gjson.GetBytes(answer, "message."+field).Raw))
	}
}

func TestThinkingThatIsToBeHiddenIsLeftOut(t *testing.T) {
	req := request(schemas.OperationChat, "m")
	req.Chat.Thinking = &schemas.Thinking{Hidden: true}
	whole, err := Codec{}.Decode(req, nil, dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	streamed, err := accumulated(dialecttest.Golden(t, "stream.sse"), StreamOptions{Model: "m", IncludeUsage: true, HideThinking: true})
	if err != nil {
		t.Fatal(err)
	}
	if m := whole.Chat.Choices[0].Message; m.Reasoning != "" || m.ReasoningDetails != nil || m.Content.Text == "" {
		t.Fatalf("got %+v", m)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, streamed), dialecttest.JSON(t, whole.Chat))
}

func TestEachFinishReasonHasItsWord(t *testing.T) {
	for reason, want := range map[string]string{"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls", "NEW": "stop"} {
		body := []byte(`{"finish_reason":"` + reason + `","message":{"role":"assistant","content":"a"}}`)
		if resp, err := decodeChat(body, "m", false); err != nil || resp.Choices[0].FinishReason != want || resp.Text() != "a" {
			t.Errorf("%s: got %+v, %v", reason, resp, err)
		}
		stream := `data: {"type":"message-end","delta":{"finish_reason":"` + reason + `"}}` + "\n\n"
		if resp, err := accumulated([]byte(stream), StreamOptions{}); err != nil || resp.Choices[0].FinishReason != want {
			t.Errorf("%s, in a stream: got %+v, %v", reason, resp, err)
		}
	}
}

func TestAnAnswerThatFailedIsAnError(t *testing.T) {
	for body, want := range map[string]schemas.ErrorKind{
		`{"finish_reason":"ERROR","message":{"role":"assistant","content":[]}}`:   schemas.KindUpstream,
		`{"finish_reason":"TIMEOUT","message":{"role":"assistant","content":[]}}`: schemas.KindTimeout,
		`{"message":"words","id":"x"}`:                                            schemas.KindUpstream,
		`{"error":"words"}`:                                                       schemas.KindUpstream,
		`{"id":"x"}`:                                                              schemas.KindUpstream,
		`{"message":{"content":[]}}`:                                              schemas.KindUpstream, // no reason
		`[]`:                                                                      schemas.KindUpstream,
		`{"finish_reason":"COMPLETE"}`:                                            schemas.KindUpstream,
		`{"finish_reason":"COMPLETE","message":1}`:                                schemas.KindUpstream,
	} {
		_, err := Codec{}.Decode(request(schemas.OperationChat, "m"), nil, []byte(body), secret)
		if e := wantKind(t, err, want); !e.MayHaveStarted {
			t.Errorf("%s: got %+v", body, e)
		}
	}
}

func TestAFailureInAStreamIsAnError(t *testing.T) {
	const hello = `data: {"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}}` + "\n\n"
	for event, want := range map[string]schemas.ErrorKind{
		`data: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"of ` + secret + `"}}`: schemas.KindUpstream,
		`data: {"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}`:                           schemas.KindTimeout,
		`data: {"message":"words"}`:          schemas.KindUpstream,
		"event: error\ndata: {\"error\":{}}": schemas.KindUpstream, // says nothing, and the stream ends
		`data: <html>`:                       schemas.KindUpstream,
		`data: [DONE]`:                       schemas.KindUpstream,
		`data: {"type":"content-`:            schemas.KindUpstream,
		``:                                   schemas.KindUpstream,
	} {
		resp, err := accumulated([]byte(hello+event+"\n\n"), StreamOptions{Key: secret})
		e := wantKind(t, err, want)
		if resp.Text() != "a" || e.Upstream != nil && dialect.Quotes(e.Upstream.Body, secret) {
			t.Errorf("%s: got %q, %+v", event, resp.Text(), e)
		}
	}
}

func TestAQuotaOfAMonthIsSpent(t *testing.T) {
	header := http.Header{"Retry-After": {"3"}}
	e := DecodeError(429, header, dialecttest.Golden(t, "error_429.json"), "")
	if e.Kind != schemas.KindRateLimited || e.QuotaSpent || e.RetryAfter != 3*time.Second || e.Upstream.Dialect != schemas.DialectCohere {
		t.Fatalf("got %+v", e)
	}
	monthly := []byte(`{"message":"You are using a Trial key, which is limited to 1000 API calls / month."}`)
	if e := DecodeError(429, nil, monthly, ""); !e.QuotaSpent {
		t.Fatalf("got %+v", e)
	}
	if e := DecodeError(400, nil, monthly, ""); e.QuotaSpent || e.Kind != schemas.KindInvalidRequest {
		t.Fatalf("got %+v", e)
	}
}

func TestModelsAreReadAsDocumented(t *testing.T) {
	resp, err := Codec{}.Decode(&schemas.Request{Operation: schemas.OperationListModels}, nil, dialecttest.Golden(t, "models.json"), "")
	want := []schemas.Model{{ID: "command-a-03-2025", Object: "model", OwnedBy: "cohere", ContextLength: 256000},
		{ID: "embed-v4.0", Object: "model", OwnedBy: "cohere", ContextLength: 128000}}
	if err != nil || !slices.Equal(resp.Models.Data, want) {
		t.Fatalf("got %+v, %v", resp, err)
	}
}

func TestACallIsSeenForWhatItAsks(t *testing.T) {
	for _, c := range []struct {
		path, body string
		want       dialect.Sight
	}{
		{PathChat, `{"stream":true}`, dialect.Sight{Operation: schemas.OperationChat, Stream: true}},
		{PathChat, `{"stream":false}`, dialect.Sight{Operation: schemas.OperationChat, Object: true, Whole: true}},
		{PathChat, ``, dialect.Sight{Operation: schemas.OperationChat, Object: true}},
		{"/v1/chat", `{"stream":true}`, dialect.Sight{Operation: schemas.OperationChat}},
		{PathEmbed, `{}`, dialect.Sight{Operation: schemas.OperationEmbeddings, Object: true}},
		{PathRerank, `{}`, dialect.Sight{Operation: schemas.OperationRerank, Object: true}},
		{PathModels + "/m", ``, dialect.Sight{Operation: schemas.OperationListModels, Object: true}},
		{"/v1/tokenize", `{}`, dialect.Sight{}},
	} {
		if got := (Codec{}).Look(&schemas.RawRequest{Path: c.path, Body: []byte(c.body)}); got != c.want {
			t.Errorf("%s %s: got %+v", c.path, c.body, got)
		}
	}
}

func TestOtherOperationsAreRefused(t *testing.T) {
	for _, op := range []schemas.Operation{schemas.OperationImage, schemas.OperationCountTokens, schemas.OperationSpeech} {
		_, _, err := Codec{}.Encode(request(op, "m"))
		wantKind(t, err, schemas.KindUnsupportedOperation)
		_, err = Codec{}.Decode(request(op, "m"), nil, []byte(`{}`), "")
		wantKind(t, err, schemas.KindUnsupportedOperation)
	}
}

// watched passes a stream through a StreamWatch.
func watched(stream, key string) (passed string, end error) {
	w := NewStreamWatch(PathChat, key)
	r := wire.NewReader(strings.NewReader(stream))
	for {
		ev, err := r.Next()
		if err != nil {
			missing, end := w.End(err)
			return passed + string(missing), end
		}
		pass, _, _ := w.See(ev)
		passed += string(pass)
		if w.Over() {
			missing, end := w.End(nil)
			return passed + string(missing), end
		}
	}
}

func TestAnErrorInAPassedStreamHasNoKey(t *testing.T) {
	const hello = "event: content-delta\ndata: {\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\n\n"
	for key, want := range map[string]string{
		secret:        hello + "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\",\"error\":\"of ***\"}}\n\n",
		"message-end": hello + string(appendError(nil, dialect.ByStatus(500))),
	} {
		stream := hello + "event: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\",\"error\":\"of " + key + "\"}}\n\n"
		got, err := watched(stream, key)
		if e := wantKind(t, err, schemas.KindUpstream); got != want || dialect.Quotes(e.Upstream.Body, key) {
			t.Errorf("%s: passed %q, %+v", key, got, e)
		}
	}
}

func TestWhatFollowsTheEndOfAMessageIsNotPassedOn(t *testing.T) {
	stream := string(dialecttest.Golden(t, "stream.sse"))
	got, err := watched(stream, secret)
	if want := stream[:len(stream)-len("data: [DONE]\n\n")]; err.Error() != "EOF" || got != want {
		t.Fatalf("passed %q, %v", got, err)
	}
}

func TestReasonsOfBothKindsAreToldApart(t *testing.T) {
	for _, c := range []struct{ thinking, plan, text string }{{"", "", ""}, {"a", "", "a"}, {"", "b", "b"}, {"a", "b", "a\n\nb"}} {
		text, details := reasoningOf(c.thinking, c.plan)
		var want []schemas.ReasoningDetail
		if c.thinking != "" {
			want = append(want, thought(c.thinking))
		}
		if c.plan != "" {
			want = append(want, plan(c.plan))
		}
		if text != c.text || !reflect.DeepEqual(details, want) {
			t.Errorf("%+v: got %q, %+v", c, text, details)
		}
	}
}
