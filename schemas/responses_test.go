package schemas_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"bifrost/schemas"
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// valueOf is a document without its members that are null, with its numbers as they
// are written.
func valueOf(t testing.TB, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not json: %v: %s", err, data)
	}
	return withoutNulls(v)
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
			} else {
				v[name] = withoutNulls(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	}
	return v
}

// again reads a document into a value and writes it.
func again(t testing.TB, data []byte, into any) []byte {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(into)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNothingIsLostOfAnAnswerThatIsReadAndWritten(t *testing.T) {
	for name, into := range map[string]any{
		"responses_response.json": &schemas.ResponsesResponse{},
		"responses_request.json":  &schemas.ResponsesRequest{},
		"file.json":               &schemas.File{},
		"batch.json":              &schemas.Batch{},
	} {
		data := golden(t, name)
		if got, want := valueOf(t, again(t, data, into)), valueOf(t, data); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got, want)
		}
	}
}

func TestAResponseIsReadIntoItsFields(t *testing.T) {
	var r schemas.ResponsesResponse
	if err := json.Unmarshal(golden(t, "responses_response.json"), &r); err != nil {
		t.Fatal(err)
	}
	if got := r.OutputText(); got != "It <rains> in Bergen." {
		t.Errorf("the text is %q", got)
	}
	if r.Status != schemas.ResponseIncomplete || r.IncompleteDetails.Reason != "max_output_tokens" || r.Error != nil || r.Conversation.ID != "conv_1" {
		t.Errorf("got %+v", r)
	}
	if u := r.Usage; u.InputTokens != 20 || u.InputTokensDetails.CachedTokens != 5 || u.OutputTokensDetails.ReasoningTokens != 10 || string(u.Extra["cost"]) != "0.5" {
		t.Errorf("got %+v", u)
	}
	items := r.Output
	if items[0].EncryptedContent != "gAAA" || items[0].Summary[0].Text != "It is in Norway." || items[1].Content.PlainText() != "So." {
		t.Errorf("got %+v", items[:2])
	}
	if it := items[2]; it.Type != "web_search_call" || it.ID != "ws_1" || !strings.Contains(string(it.Raw), "12345678901234567890") {
		t.Errorf("got %+v", it)
	}
	if it := items[3]; it.Name != "get_weather" || it.CallID != "call_1" || it.Raw != nil || string(it.Extra["namespace"]) != `"n"` {
		t.Errorf("got %+v", it)
	}
	if it := items[4]; it.Arguments != "" || string(it.Extra["arguments"]) != `{"city": "Bergen"}` {
		t.Errorf("got %+v", it)
	}
	if string(items[6].Raw) != `"not an item"` {
		t.Errorf("got %+v", items[6])
	}
}

func TestAFieldOfAnotherFormIsKeptAsItCame(t *testing.T) {
	const odd = `{"id":7,"object":"response","created_at":1750000000.7,"output":{"a":1},"usage":[1],"status":["x"],"background":false}`
	var r schemas.ResponsesResponse
	if err := json.Unmarshal([]byte(odd), &r); err != nil {
		t.Fatal(err)
	}
	if r.CreatedAt != 1750000000 || r.ID != "" || r.Output != nil || r.Usage != nil {
		t.Errorf("got %+v", r)
	}
	for name, want := range map[string]string{"id": "7", "output": `{"a":1}`, "usage": "[1]", "status": `["x"]`} {
		if string(r.Extra[name]) != want {
			t.Errorf("%s is %s", name, r.Extra[name])
		}
	}
	want := strings.Replace(odd, ".7", "", 1)
	if got := again(t, []byte(odd), &r); !reflect.DeepEqual(valueOf(t, got), valueOf(t, []byte(want))) {
		t.Errorf("written as %s", got)
	}
}

func TestItemsAreWrittenWithTheFieldsThatTheAPIAsksFor(t *testing.T) {
	for want, v := range map[string]any{
		`{"type":"message","role":"user","content":"hi"}`:                  schemas.MessageItem("user", "hi"),
		`{"type":"function_call_output","call_id":"c","output":""}`:        schemas.FunctionOutputItem("c", ""),
		`{"type":"function_call","call_id":"c","name":"f","arguments":""}`: schemas.ResponsesItem{Type: schemas.ItemFunctionCall, CallID: "c", Name: "f"},
		`{"type":"reasoning","id":"r","summary":[]}`:                       schemas.ResponsesItem{Type: schemas.ItemReasoning, ID: "r"},
		`{"type":"item_reference","id":"i"}`:                               schemas.ResponsesItem{Type: schemas.ItemReference, ID: "i"},
		`{"type":"output_text","text":"","annotations":[]}`:                schemas.ResponsesPart{Type: schemas.PartOutputText},
		`{"type":"input_text","text":""}`:                                  schemas.ResponsesPart{Type: schemas.PartInputText},
		`{"type":"refusal","refusal":""}`:                                  schemas.ResponsesPart{Type: schemas.PartRefusal},
		`{"type":"input_image","file_id":"f"}`:                             schemas.ResponsesPart{Type: schemas.PartInputImage, FileID: "f"},
		`"required"`:                                                       schemas.ResponsesToolChoice{Mode: "required"},
		`{"type":"function","name":"f"}`:                                   schemas.ResponsesToolChoice{Mode: "auto", Function: "f"},
		`{"type":"mcp"}`:                                                   schemas.ResponsesToolChoice{Function: "f", Raw: json.RawMessage(`{"type":"mcp"}`)},
		`"hi"`:                                                             schemas.ResponsesInput{Text: "hi"},
		`[]`:                                                               schemas.ResponsesInput{Items: []schemas.ResponsesItem{}},
		`{"id":"r","object":"response","created_at":0,"background":false,"output":[]}`:    schemas.ResponsesResponse{ID: "r", Object: "response"},
		`{"type":"function","name":"f","x":1}`:                                            schemas.ResponsesTool{Type: "function", Name: "f", Extra: map[string]json.RawMessage{"x": json.RawMessage("1"), "name": json.RawMessage(`"g"`)}},
		`{"type":"response.output_text.delta","sequence_number":0,"delta":"d"}`:           schemas.ResponsesEvent{Type: schemas.EventOutputTextDelta, Delta: "d"},
		`{"id":"","object":"","bytes":0,"created_at":0,"filename":"","purpose":"","a":1}`: schemas.File{Extra: map[string]json.RawMessage{"a": json.RawMessage("1")}},
	} {
		got, err := json.Marshal(v)
		if err != nil || !reflect.DeepEqual(valueOf(t, got), valueOf(t, []byte(want))) {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
	if got, err := json.Marshal(schemas.ResponsesRequest{}); err != nil || string(got) != "{}" {
		t.Errorf("an empty request is %s, %v", got, err)
	}
}

func TestAnEventKeepsAllThatItHas(t *testing.T) {
	const unknown = `{"type":"response.image_generation_call.partial_image","sequence_number":3,"partial_image_b64":"AA=="}`
	var e schemas.ResponsesEvent
	if got := again(t, []byte(unknown), &e); string(got) != unknown || e.SequenceNumber != 3 || e.Ends() {
		t.Errorf("got %s, %+v", got, e)
	}
	if err := json.Unmarshal([]byte(`{"type":"response.output_text.delta","delta":"d","output_index":1}`), &e); err != nil || e.OutputText() != "d" || e.OutputIndex != 1 {
		t.Errorf("got %+v, %v", e, err)
	}
	for _, none := range []string{"null", "[]", `"x"`} {
		if err := json.Unmarshal([]byte("["+none+"]"), &[]schemas.ResponsesEvent{}); err == nil {
			t.Errorf("%s is an event", none)
		}
	}
}

// settles fails unless what was read and written once is written the same again.
func settles[T any](t *testing.T, data []byte) {
	var first, second T
	if json.Unmarshal(data, &first) != nil {
		return
	}
	once, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(once, &second); err != nil {
		t.Fatalf("%v: %s", err, once)
	}
	twice, err := json.Marshal(second)
	if err != nil || !reflect.DeepEqual(valueOf(t, once), valueOf(t, twice)) {
		t.Fatalf("%v\nonce:  %s\ntwice: %s", err, once, twice)
	}
}

func FuzzResponsesResponse(f *testing.F) {
	f.Add(golden(f, "responses_response.json"))
	f.Add([]byte(`{"output":[{"type":"message","role":"assistant","content":"x"},null,7],"error":{"code":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		settles[schemas.ResponsesResponse](t, data)
		var r schemas.ResponsesResponse
		if json.Unmarshal(data, &r) == nil {
			_ = r.OutputText()
		}
	})
}

func FuzzResponsesRequest(f *testing.F) {
	f.Add(golden(f, "responses_request.json"))
	f.Add([]byte(`{"input":"hi","tool_choice":"auto"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		settles[schemas.ResponsesRequest](t, data)
		settles[schemas.ResponsesInput](t, data)
	})
}

func FuzzResponsesEvents(f *testing.F) {
	f.Add([]byte(`{"type":"response.output_item.added","output_index":0,"item":{"type":"message","content":[]}}` + "\n" +
		`{"type":"response.output_text.delta","delta":"a","content_index":1}` + "\n" + `{"type":"response.completed","response":{}}`))
	f.Add([]byte(`{"type":"response.output_item.done","output_index":3,"item":{"type":"x"}}` + "\n" + `{"type":"response.refusal.done","output_index":3,"refusal":1}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var all schemas.ResponsesAccumulator
		for line := range bytes.Lines(lines) {
			settles[schemas.ResponsesEvent](t, line)
			var e schemas.ResponsesEvent
			if json.Unmarshal(line, &e) == nil {
				all.Add(&e)
			}
		}
		if out, err := json.Marshal(all.Response()); err != nil || !json.Valid(out) {
			t.Fatalf("%v: %s", err, out)
		}
	})
}

func FuzzStored(f *testing.F) {
	f.Add(golden(f, "file.json"))
	f.Add(golden(f, "batch.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		settles[schemas.File](t, data)
		settles[schemas.Batch](t, data)
	})
}
