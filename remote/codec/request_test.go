package codec

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

func ptr[T any](v T) *T { return &v }

// The form of a body is what other versions of a node read.
func TestTheBodyOfAChatIsItsJSONAndOneMemberMore(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationChatStream, Model: "gpt", Chat: &schemas.ChatRequest{
		Provider: "p", Model: "gpt", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")},
		Tools:    []schemas.Tool{{Type: "function", Function: schemas.ToolFunction{Name: "f"}}, {Type: "search", Raw: json.RawMessage(`{"type": "search"}`)}},
		Thinking: &schemas.Thinking{Budget: 7}, IncludeUsage: true, Temperature: ptr(0.0),
		Fallbacks: []schemas.Fallback{{Model: "other"}},
		Extra:     map[string]json.RawMessage{"Model": json.RawMessage(`1`), "stream": json.RawMessage(`true`), "verbosity": json.RawMessage(`"low"`)},
	}}
	m, err := EncodeRequestAs(req, bifrostv1.BodyForm_BODY_FORM_JSON)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"model":"gpt","messages":[{"role":"user","content":"hi"}],` +
		`"tools":[{"type":"function","function":{"name":"f"}},{"type":"search","function":{"name":""}}],"temperature":0,"verbosity":"low",` +
		`"bifrost":{"extra":{"Model":1,"stream":true},"thinking":{"budget":7},"include_usage":true,"tools":{"1":{"type":"search"}}}}`
	if got := string(m.GetBody()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(req.Chat.Extra) != 3 {
		t.Error("the request was modified")
	}
}

func TestTheBodyOfATranscriptionHasTheNamesOfItsForm(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationTranslation, Transcription: &schemas.TranscriptionRequest{
		Model: "w", File: []byte{1, 2, 255}, Filename: "a.mp3", ResponseFormat: "text", Temperature: ptr(0.5),
		Extra: map[string]string{"timestamp_granularities[]": "word", "prompt": "x"}}}
	m, err := EncodeRequest(req)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"model":"w","file":"AQL/","filename":"a.mp3","response_format":"text","temperature":0.5,` +
		`"timestamp_granularities[]":"word","bifrost":{"extra":{"prompt":"x"}}}`
	if got := string(m.GetBody()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func decoded(t *testing.T, op schemas.Operation, body string) *schemas.Request {
	t.Helper()
	req, err := DecodeRequest(&bifrostv1.Request{Operation: string(op)}, []byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return req
}

func TestAnActorMaySendAnOrdinaryChatCompletion(t *testing.T) {
	got := decoded(t, schemas.OperationChatStream, ` {"model":"m","stream":true,"stream_options":{"include_usage":true},
		"messages":[{"role":"user","content":[{"type":"text","text":"hi"}],"unknown":1}], "stop":"x",
		"tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search","name":"w", "uses": 3}], "seed":9007199254740993,
		"logit_bias":{"1":0.10}} `).Chat
	want := &schemas.ChatRequest{
		Model: "m", Messages: []schemas.ChatMessage{{Role: "user", Content: &schemas.Content{Parts: []schemas.ContentPart{schemas.TextPart("hi")}}}},
		Stop: schemas.Strings{"x"}, Seed: ptr(int64(9007199254740993)), IncludeUsage: true,
		Tools: []schemas.Tool{{Type: "function", Function: schemas.ToolFunction{Name: "f"}},
			{Type: "web_search", Raw: json.RawMessage(`{"type":"web_search","name":"w", "uses": 3}`)}},
		Extra: map[string]json.RawMessage{"logit_bias": json.RawMessage(`{"1":0.10}`)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
}

func TestFieldsThatAreNotKnownSurvive(t *testing.T) {
	for _, c := range []struct {
		op   schemas.Operation
		body string
		get  func(*schemas.Request) any
		want any
	}{
		{schemas.OperationChat, `{"messages":[],"new":null,"bifrost":{"newer":1}}`,
			func(r *schemas.Request) any { return r.Chat.Extra }, map[string]json.RawMessage{"new": json.RawMessage("null")}},
		{schemas.OperationChat, `{"stream_options":{"include_obfuscation":false}}`,
			func(r *schemas.Request) any { return r.Chat.Extra }, map[string]json.RawMessage{"stream_options": json.RawMessage(`{"include_obfuscation":false}`)}},
		{schemas.OperationChat, `{"stream_options":null,"stream":7}`,
			func(r *schemas.Request) any { return r.Chat.Extra }, map[string]json.RawMessage(nil)},
		{schemas.OperationImage, `{"prompt":"p","seed":12345678901234567890}`,
			func(r *schemas.Request) any { return r.Image.Extra }, map[string]json.RawMessage{"seed": json.RawMessage("12345678901234567890")}},
		{schemas.OperationTranscription, `{"a":"b","n":1.50,"l":["x"]}`,
			func(r *schemas.Request) any { return r.Transcription.Extra }, map[string]string{"a": "b", "n": "1.50", "l": `["x"]`}},
	} {
		if got := c.get(decoded(t, c.op, c.body)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.body, show(got), show(c.want))
		}
	}
}

func TestNamesAtTheTopAreComparedExactly(t *testing.T) {
	got := decoded(t, schemas.OperationChat, `{"model":"m","Model":7,"MESSAGES":"x","mes\u0073ages":[{"role":"user"}],"u\u017fer":{},"\ud800":1}`).Chat
	want := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{{Role: "user"}}, Extra: map[string]json.RawMessage{
		"Model": json.RawMessage("7"), "MESSAGES": json.RawMessage(`"x"`), "uſer": json.RawMessage("{}"), "\uFFFD": json.RawMessage("1")}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", show(got), show(want))
	}
	if got := decoded(t, schemas.OperationModeration, `{"MODEL":1}`).Moderation; got.Model != "" || string(got.Extra["MODEL"]) != "1" {
		t.Errorf("got %s", show(got))
	}
}

func TestNamesThatDifferInCaseAreFoundAsEncodingJSONFindsThem(t *testing.T) {
	n := namesOf[struct {
		Task int `json:"task_is"`
	}]("stream")
	for name, want := range map[string]bool{"Task_is": true, "tas\u212a_is": true, "ta\u017fk_i\u017f": true, "TASK_IS": true,
		"task_i": false, "taskis": false, "täsk_is": false, "STREAM": false, "": false, "\xff": false} {
		var into struct {
			Task int `json:"task_is"`
		}
		quoted, err := json.Marshal(map[string]int{name: 1})
		if err != nil || json.Unmarshal(quoted, &into) != nil {
			t.Fatal(err)
		}
		if got := n.folds(name); got != want || want != (into.Task == 1) {
			t.Errorf("%q: got %t, want %t, and encoding/json has %d", name, got, want, into.Task)
		}
	}
	for op, n := range map[string]names{"chat": chatNames, "transcription": transcriptionNames, "rerank": namesOf[schemas.RerankRequest]()} {
		for name := range n {
			if name != strings.ToLower(name) {
				t.Errorf("%s: the name %q is not in small letters", op, name)
			}
		}
	}
}

func TestTextThatIsNoUTF8ArrivesWithReplacements(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationChat, Model: "m\xff", Chat: &schemas.ChatRequest{
		Messages: []schemas.ChatMessage{schemas.UserMessage("a\xffb")}}}
	for _, as := range bodyForms {
		m, err := EncodeRequestAs(req, as)
		if err != nil {
			t.Fatal(err)
		}
		m = sent(t, m)
		got, err := DecodeRequest(m, m.GetBody())
		if err != nil || got.Model != "m\uFFFD" || got.Chat.Messages[0].Content.Text != "a\uFFFDb" {
			t.Errorf("got %s, %v", show(got), err)
		}
	}
	raw := &schemas.Request{Operation: schemas.OperationRaw, Raw: &schemas.RawRequest{}}
	raw.Raw.Path = "/files/\xff"
	if _, err := EncodeRequest(raw); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Errorf("a path that would be another one is sent: %v", err)
	}
}

func TestARequestThatCannotBeSentIsRefused(t *testing.T) {
	secret := json.RawMessage(`s3cret`)
	for want, req := range map[string]*schemas.Request{
		"no content":       {Operation: schemas.OperationChat},
		"no raw call":      {Operation: schemas.OperationRaw},
		"raw JSON field":   {Operation: schemas.OperationModeration, Moderation: &schemas.ModerationRequest{Input: secret}},
		"no valid JSON":    {Operation: schemas.OperationImage, Image: &schemas.ImageRequest{Extra: map[string]json.RawMessage{"s3cret": secret}}},
		"is no valid JSON": {Operation: schemas.OperationImage, Image: &schemas.ImageRequest{Extra: map[string]json.RawMessage{"Prompt": secret}}},
		"no number":        {Operation: schemas.OperationChat, Chat: &schemas.ChatRequest{Temperature: ptr(math.NaN())}},
		"in it is no":      {Operation: schemas.OperationChat, Chat: &schemas.ChatRequest{Tools: []schemas.Tool{{Raw: secret}}}},
	} {
		_, err := EncodeRequestAs(req, bifrostv1.BodyForm_BODY_FORM_JSON)
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	for _, op := range []schemas.Operation{"", "files", "\xff"} {
		if _, err := EncodeRequest(&schemas.Request{Operation: op}); !errors.Is(err, schemas.ErrUnsupportedOperation) {
			t.Errorf("%q: got %v", op, err)
		}
		if _, err := DecodeRequest(&bifrostv1.Request{Operation: string(op)}, nil); !errors.Is(err, schemas.ErrUnsupportedOperation) {
			t.Errorf("%q: got %v", op, err)
		}
	}
}

func TestARequestThatCannotBeReadIsRefusedWithoutItsContent(t *testing.T) {
	for body, want := range map[string]string{
		``:                                  "no JSON from byte 0 on",
		`{"model":"m","messages":[{"s3cret`: "no JSON from byte 33 on",
		`{} s3cret`:                         "no JSON from byte 4 on",
		`null`:                              "no JSON object",
		`["s3cret"]`:                        "no JSON object",
		`"s3cret"`:                          "no JSON object",
		`{"messages":[{"role":7}]}`:         "its field messages.role has another form",
		`{"messages":[{"content":{"s3cret":1}}]}`: "its field messages.content has another form",
		`{"seed":12345678901234567890}`:           "its field seed has another form",
		`{"tool_choice":["s3cret"]}`:              "its field tool_choice has another form",
		`{"bifrost":{"thinking":"s3cret"}}`:       "its field bifrost has another form",
		`{"stream_options":"s3cret"}`:             "its field stream_options has another form",
		`{"s3cret":` + strings.Repeat("[", 20000): "no JSON from byte",
		`{"model":"m","s3cret":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + "}": "no JSON from byte",
	} {
		_, err := DecodeRequest(&bifrostv1.Request{Operation: "chat"}, []byte(body))
		if !errors.Is(err, schemas.ErrInvalidRequest) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%.60s: want %q, got %v", body, want, err)
		}
	}
	if _, err := DecodeRequest(&bifrostv1.Request{Operation: "raw"}, nil); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

func TestFieldsThatAreNotSentExist(t *testing.T) {
	there := map[string]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				there[typ.Name()+"."+typ.Field(i).Name] = true
				visit(typ.Field(i).Type)
			}
		}
	}
	visit(reflect.TypeFor[schemas.Request]())
	visit(reflect.TypeFor[schemas.Response]())
	for name, why := range notSent {
		if !there[name] || why == "" {
			t.Errorf("%s does not exist, or has no reason", name)
		}
	}
}
