package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// chunkOf returns a chunk that adds to the first choice.
func chunkOf(d schemas.Delta) *schemas.ChatChunk {
	return &schemas.ChatChunk{ID: "1", Created: 1750000000, Model: "gpt-5", Choices: []schemas.ChunkChoice{{Delta: d}}}
}

func finished(reason string) *schemas.ChatChunk {
	c := chunkOf(schemas.Delta{})
	c.Choices[0].FinishReason = &reason
	return c
}

func callPiece(index int, id, name, arguments string) schemas.Delta {
	return schemas.Delta{ToolCalls: []schemas.ToolCall{{Index: &index, ID: id, Function: schemas.FunctionCall{Name: name, Arguments: arguments}}}}
}

// written returns the events that chunks become.
func written(t testing.TB, body string, chunks ...*schemas.ChatChunk) []gjson.Result {
	t.Helper()
	w, _ := mustResponses(t, body).Stream()
	var out []byte
	for _, c := range chunks {
		var err error
		if out, err = w.Append(out, c); err != nil {
			t.Fatal(err)
		}
	}
	return eventsOf(t, w.AppendEnd(out))
}

// fataler is a *testing.T, *testing.F or *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func eventsOf(t fataler, stream []byte) []gjson.Result {
	t.Helper()
	var all []gjson.Result
	for r := wire.NewReader(bytes.NewReader(stream)); ; {
		ev, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil || !gjson.ValidBytes(ev.Data) {
			t.Fatalf("%v: %s", err, ev.Data)
		}
		data := gjson.ParseBytes(bytes.Clone(ev.Data))
		if data.Get("type").Str != ev.Name {
			t.Fatalf("an event %q of the type %q", ev.Name, data.Get("type").Str)
		}
		all = append(all, data)
	}
}

const streamCall = `{"model":"m","instructions":"Be brief.","input":"hi","reasoning":{"effort":"low","summary":"auto"},"stream":true}`

func TestAStreamIsWrittenAsTheEventsOfAResponse(t *testing.T) {
	got := written(t, streamCall,
		chunkOf(schemas.Delta{Role: roleAssistant}),
		chunkOf(schemas.Delta{Reasoning: "Let me "}), chunkOf(schemas.Delta{Reasoning: "see."}),
		chunkOf(schemas.Delta{Content: "It "}), chunkOf(schemas.Delta{Content: "rains."}),
		chunkOf(callPiece(0, "call_1", "get_weather", "")), chunkOf(callPiece(0, "", "", `{"city":`)), chunkOf(callPiece(0, "", "", `"Bergen"}`)),
		finished("tool_calls"),
		&schemas.ChatChunk{ID: "1", Usage: &schemas.Usage{PromptTokens: 20, CompletionTokens: 30, TotalTokens: 50,
			PromptTokensDetails:     &schemas.PromptTokensDetails{CachedTokens: 5},
			CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: 10}}})
	want := eventsOf(t, dialecttest.Golden(t, "responses_stream.sse"))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) {
			t.Fatalf("%d events, want %d", len(got), len(want))
		}
		dialecttest.SameJSON(t, []byte(got[i].Raw), []byte(want[i].Raw))
	}
	checkEvents(t, got)
}

// checkEvents holds what clients rely on in every stream, and returns the response that
// it ends with.
func checkEvents(t fataler, events []gjson.Result) gjson.Result {
	t.Helper()
	items := map[int64]*seenItem{}
	var id string
	for i, e := range events {
		if e.Get("sequence_number").Int() != int64(i) {
			t.Fatalf("event %d has another number: %s", i, e.Raw)
		}
		typ := strings.TrimPrefix(e.Get("type").Str, "response.")
		if r := e.Get("response"); r.Exists() {
			if id == "" {
				id = r.Get("id").Str
			}
			if r.Get("id").Str != id || (i < 2) != (r.Get("status").Str == statusInProgress) || i >= 2 && i < len(events)-1 {
				t.Fatalf("event %d: %s", i, e.Raw)
			}
			continue
		}
		at := e.Get("output_index").Int()
		it := items[at]
		if typ == "output_item.added" {
			if it != nil || at != int64(len(items)) {
				t.Fatalf("an item at a place that is not the next: %s", e.Raw)
			}
			items[at] = &seenItem{id: e.Get("item.id").Str, texts: map[string]string{}, parts: map[int64]bool{}}
			continue
		}
		if it == nil || it.done != "" {
			t.Fatalf("nothing is open for %s", e.Raw)
		}
		it.see(t, typ, e)
	}
	last := events[len(events)-1].Get("response")
	if int(last.Get("output.#").Int()) != len(items) {
		t.Fatalf("%d items in %s", len(items), last.Raw)
	}
	for at, it := range items {
		if it.done == "" || it.done != last.Get("output").Array()[at].Raw {
			t.Fatalf("an item ended as %s, not as in %s", it.done, last.Raw)
		}
	}
	return last
}

// seenItem is what was seen of an item.
type seenItem struct {
	id    string
	done  string // the item as it ended
	texts map[string]string
	parts map[int64]bool // true: open
}

func (it *seenItem) see(t fataler, typ string, e gjson.Result) {
	t.Helper()
	if typ == "output_item.done" {
		if e.Get("item.id").Str != it.id {
			t.Fatalf("an item ends under another id: %s", e.Raw)
		}
		for _, open := range it.parts {
			if open {
				t.Fatalf("a part is open at the end of its item: %s", e.Raw)
			}
		}
		it.done = e.Get("item").Raw
		return
	}
	if e.Get("item_id").Str != it.id {
		t.Fatalf("another item's id: %s", e.Raw)
	}
	index := e.Get("content_index")
	if strings.HasPrefix(typ, "reasoning") {
		index = e.Get("summary_index")
	}
	kind, what, _ := strings.Cut(typ, ".")
	switch key := kind + index.Raw; {
	case strings.HasSuffix(kind, "_part"):
		if _, seen := it.parts[index.Int()]; !index.Exists() || seen != (what == "done") {
			t.Fatalf("a part out of turn: %s", e.Raw)
		}
		it.parts[index.Int()] = what == "added"
	case kind != "function_call_arguments" && !it.parts[index.Int()]:
		t.Fatalf("a text without its part: %s", e.Raw)
	case what == "delta":
		it.texts[key] += e.Get("delta").Str
	default:
		whole := e.Get("text").Str + e.Get("refusal").Str + e.Get("arguments").Str
		if whole != it.texts[key] {
			t.Fatalf("%q is not %q: %s", it.texts[key], whole, e.Raw)
		}
	}
}

func typesOf(events []gjson.Result) []string {
	var all []string
	for _, e := range events {
		all = append(all, strings.TrimPrefix(e.Get("type").Str, "response."))
	}
	return all
}

func TestAnItemEndsWhenTheNextOneBegins(t *testing.T) {
	w, _ := mustResponses(t, streamCall).Stream()
	var all []string
	add := func(d schemas.Delta) []string {
		out, err := w.Append(nil, chunkOf(d))
		if err != nil {
			t.Fatal(err)
		}
		types := typesOf(eventsOf(t, out))
		all = append(all, types...)
		return types
	}
	add(schemas.Delta{Reasoning: "r"})
	if got := add(schemas.Delta{Content: "a"}); !slices.Contains(got, "output_item.done") {
		t.Errorf("reasoning goes on: %q", got)
	}
	if got := add(callPiece(0, "c0", "f", `{"a":`)); !slices.Contains(got, "output_item.done") {
		t.Errorf("the message goes on: %q", got)
	}
	if got := add(callPiece(1, "c1", "g", `{}`)); slices.Contains(got, "output_item.done") {
		t.Errorf("a call ended before its arguments: %q", got)
	}
	if got := add(callPiece(0, "", "", `1}`)); slices.Contains(got, "output_item.done") {
		t.Errorf("a call ended without need: %q", got)
	}
	if got := add(schemas.Delta{Content: "b"}); !slices.Contains(got, "output_item.done") {
		t.Errorf("the calls go on: %q", got)
	}
}

func TestAnAnswerOfMixedPiecesIsStillWellFormed(t *testing.T) {
	last := checkEvents(t, written(t, streamCall,
		chunkOf(schemas.Delta{Content: "a"}), chunkOf(callPiece(0, "c0", "f", `{"a":`)), chunkOf(callPiece(1, "c1", "g", "")),
		chunkOf(callPiece(0, "", "", `1}`)), chunkOf(schemas.Delta{Content: "b"}), chunkOf(schemas.Delta{Refusal: "no"}),
		chunkOf(schemas.Delta{Reasoning: "r"}), finished("tool_calls")))
	var got []string
	for _, it := range last.Get("output").Array() {
		got = append(got, it.Get("type").Str+it.Get("arguments").Str+it.Get("content.#.text").Raw+it.Get("content.1.refusal").Str)
	}
	want := []string{`message["a"]`, `function_call{"a":1}`, `function_call{}`, `message["b"]no`, `reasoning`}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// Some servers send a call's id after its name, and some send none.
func TestACallWaitsForItsID(t *testing.T) {
	last := checkEvents(t, written(t, streamCall,
		chunkOf(callPiece(0, "", "f", `{"a"`)), chunkOf(callPiece(1, "", "g", "")), chunkOf(callPiece(0, "", "", ":1")),
		chunkOf(callPiece(0, "c0", "", "}")), chunkOf(callPiece(0, "c0", "", " ")), chunkOf(callPiece(1, "", "", "[]")), finished("tool_calls")))
	var got []string
	for _, it := range last.Get("output").Array() {
		got = append(got, it.Get("call_id").Str+" "+it.Get("name").Str+it.Get("arguments").Str)
	}
	if len(got) != 2 || got[0] != `c0 f{"a":1} ` || !strings.HasPrefix(got[1], "call_fc_") || !strings.HasSuffix(got[1], " g[]") {
		t.Fatalf("got %q", got)
	}
}

func TestASignatureWithinATextDoesNotCutIt(t *testing.T) {
	sign := []schemas.ReasoningDetail{{Type: schemas.ReasoningEncrypted, Data: "c2ln", Format: schemas.FormatGemini}}
	last := checkEvents(t, written(t, streamCall, chunkOf(schemas.Delta{Content: "a"}),
		chunkOf(schemas.Delta{ReasoningDetails: sign}), chunkOf(schemas.Delta{Content: "b"}), finished("stop")))
	if got := last.Get("output.0.content.0.text").Str; got != "ab" || last.Get("output.1.type").Str != itemReasoning {
		t.Fatalf("got %s", last.Raw)
	}
	if got, _ := unwrap(last.Get("output.1.encrypted_content").Str); !reflect.DeepEqual(got, sign) {
		t.Fatalf("got %+v", got)
	}
}

func TestHowAnAnswerEndedIsItsStatus(t *testing.T) {
	for reason, want := range map[string][2]string{
		"stop": {"completed", ""}, "tool_calls": {"completed", ""}, "": {"completed", ""},
		"length": {"incomplete", "max_output_tokens"}, "content_filter": {"incomplete", "content_filter"},
	} {
		events := written(t, streamCall, chunkOf(schemas.Delta{Content: "a"}), finished(reason))
		last := checkEvents(t, events)
		if name := events[len(events)-1].Get("type").Str; name != "response."+want[0] || last.Get("status").Str != want[0] ||
			last.Get("incomplete_details.reason").Str != want[1] || last.Get("output.0.status").Str != want[0] {
			t.Errorf("%s: got %s, %s", reason, name, last.Raw)
		}
	}
}

func TestLogprobsAreThoseOfTheText(t *testing.T) {
	with := func(text, token string) *schemas.ChatChunk {
		c := chunkOf(schemas.Delta{Content: text})
		c.Choices[0].Logprobs = json.RawMessage(`{"content":[{"token":"` + token + `","logprob":-0.5,"top_logprobs":[]}],"refusal":null}`)
		return c
	}
	events := written(t, streamCall, with("", "x"), with("a", "a"), with("b", "b"), finished("stop"))
	last := checkEvents(t, events)
	if got := last.Get("output.0.content.0.logprobs.#.token").Raw; got != `["x","a","b"]` {
		t.Fatalf("got %s", got)
	}
	if got := events[4].Get("logprobs.#.token").Raw; got != `["x","a"]` {
		t.Fatalf("got %s", events[4].Raw)
	}
}

func TestAnswersWithoutIDsHaveOnesThatClientsCanSendBack(t *testing.T) {
	long := strings.Repeat("x", 80)
	for _, id := range []string{"", long, "a b", "chatcmpl-1"} {
		c := chunkOf(callPiece(0, "", "f", "{}"))
		c.ID = id
		last := checkEvents(t, written(t, streamCall, c))
		item := last.Get("output.0")
		if n := len(item.Get("id").Str); n < 6 || n > 64 || item.Get("call_id").Str == "" || len(last.Get("id").Str) < 6 {
			t.Errorf("%q: got %s", id, last.Raw)
		}
	}
}

func TestAStreamThatBreaksOffFails(t *testing.T) {
	for status, code := range map[int]string{429: "rate_limit_exceeded", 500: "server_error"} {
		w := newResponsesWriter(nil)
		out, err := w.Append(nil, chunkOf(schemas.Delta{Content: "a"}))
		if err != nil {
			t.Fatal(err)
		}
		events := eventsOf(t, w.AppendFailure(out, DecodeError(status, nil, []byte(`{"error":{"message":"too bad"}}`), "")))
		last := events[len(events)-1]
		if last.Get("type").Str != "response.failed" || last.Get("response.error.code").Str != code ||
			last.Get("response.error.message").Str != "too bad" || last.Get("response.output.0.status").Str != "incomplete" {
			t.Errorf("got %s", last.Raw)
		}
	}
}

func TestArgumentsThatGoOnAfterTheirEndAreAnUpstreamError(t *testing.T) {
	w := newResponsesWriter(nil)
	for _, d := range []schemas.Delta{callPiece(0, "c", "f", "{}"), {Content: "a"}, callPiece(0, "", "", " ")} {
		if _, err := w.Append(nil, chunkOf(d)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.Append(nil, chunkOf(callPiece(0, "", "", "{}")))
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindUpstream {
		t.Fatalf("got %v", err)
	}
}

// cutAnswer draws an answer that is cut somehow, and returns its stream and the whole one,
// as a caller of the Responses API has them.
func cutAnswer(t *rapid.T) (stream, whole []byte) {
	var chunks []*schemas.ChatChunk
	var acc schemas.ChatAccumulator
	add := func(c *schemas.ChatChunk) {
		chunks = append(chunks, c)
		acc.Add(c)
	}
	pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "ö\n", `"`, "{", " b"}), 0, 4)
	for _, s := range pieces.Draw(t, "reasoning") {
		add(chunkOf(schemas.Delta{Reasoning: s, ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningText, Text: s}}}))
	}
	for _, s := range pieces.Draw(t, "text") {
		add(chunkOf(schemas.Delta{Content: s}))
	}
	for _, s := range pieces.Draw(t, "refusal") {
		add(chunkOf(schemas.Delta{Refusal: s}))
	}
	arguments := rapid.OneOf(pieces, rapid.SampledFrom([][]string{{"{}"}, {`{"a"`, `:1}`}, {`{"a`}, nil}))
	for i := range rapid.IntRange(0, 3).Draw(t, "calls") {
		add(chunkOf(callPiece(i, "call_"+string(rune('a'+i)), "f", "")))
		for _, s := range arguments.Draw(t, "arguments") {
			add(chunkOf(callPiece(i, "", "", s)))
		}
	}
	add(finished(rapid.SampledFrom([]string{"stop", "length", "tool_calls", "content_filter"}).Draw(t, "finish")))
	add(&schemas.ChatChunk{ID: "1", Usage: &schemas.Usage{PromptTokens: 3, CompletionTokens: 4, TotalTokens: 7}})

	tr, err := translateResponses(&schemas.RawRequest{Body: []byte(streamCall)})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := tr.Stream()
	for _, c := range chunks {
		if stream, err = w.Append(stream, c); err != nil {
			t.Fatal(err)
		}
	}
	if _, whole, err = tr.Encode(&schemas.Response{Chat: acc.Response()}); err != nil {
		t.Fatal(err)
	}
	return w.AppendEnd(stream), whole
}

// However an answer is cut, its stream ends with the same response as a whole one.
func TestAStreamedResponseEndsWithTheWholeOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream, whole := cutAnswer(t)
		if last := checkEvents(t, eventsOf(t, stream)); last.Raw != string(whole) {
			t.Fatalf("stream: %s\nwhole:  %s", last.Raw, whole)
		}
	})
}

func FuzzDecodeResponses(f *testing.F) {
	f.Add(dialecttest.Golden(f, "responses_request.json"))
	f.Add([]byte(`{"model":"m","input":"hi","tool_choice":"auto","text":{"format":{"type":"json_object"}}}`))
	f.Add([]byte(`{"model":"m","input":[{"type":"reasoning","encrypted_content":"bifrost.W10="},{"role":"assistant","content":[]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tr, err := translateResponses(&schemas.RawRequest{Body: data})
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		out, err := EncodeChat(tr.Request().Chat, "", ChatOptions{})
		mustBeOurs(t, err)
		if err == nil && !json.Valid(out) {
			t.Fatalf("not json: %s", out)
		}
		if _, body, err := tr.Encode(&schemas.Response{Chat: &schemas.ChatResponse{}}); err != nil || !json.Valid(body) {
			t.Fatalf("%v: %s", err, body)
		}
	})
}

func FuzzResponsesStream(f *testing.F) {
	for _, name := range []string{"chat_stream.sse", "chat_stream_tools.sse", "chat_stream_openrouter_error.sse", "chat_stream_mistral_parts.sse"} {
		f.Add(dialecttest.Golden(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		chunks := NewChatStream(bytes.NewReader(data), StreamOptions{IncludeUsage: true})
		w := newResponsesWriter(nil)
		var out []byte
		for {
			chunk, err := chunks.Next()
			if err == nil {
				out, err = w.Append(out, chunk)
			}
			if err == io.EOF {
				checkEvents(t, eventsOf(t, w.AppendEnd(out)))
				return
			}
			mustBeOurs(t, err)
			if err != nil {
				eventsOf(t, w.AppendFailure(out, err))
				return
			}
		}
	})
}
