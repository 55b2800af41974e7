package anthropic

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAStreamPutTogetherIsTheWholeAnswer(t *testing.T) {
	all, err := chunks(NewChatStream(bytes.NewReader(dialecttest.Golden(t, "stream.sse")), true, ""))
	if err != nil {
		t.Fatal(err)
	}
	want, err := DecodeResponse(dialecttest.Golden(t, "response.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	if got := whole(all); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
	last := all[len(all)-1]
	if len(last.Choices) != 0 || last.Usage == nil {
		t.Errorf("the last chunk is %+v", last)
	}
}

func TestUsageIsForThoseWhoAskedForIt(t *testing.T) {
	all, err := chunks(NewChatStream(bytes.NewReader(dialecttest.Golden(t, "stream.sse")), false, ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Usage != nil || len(c.Choices) != 1 {
			t.Errorf("got %+v", c)
		}
	}
}

func TestAStreamComesBackWithTheSameContent(t *testing.T) {
	all, err := chunks(NewChatStream(bytes.NewReader(dialecttest.Golden(t, "stream.sse")), true, ""))
	if err != nil {
		t.Fatal(err)
	}
	written := write(t, all)
	orderly(t, written)
	again, err := chunks(NewChatStream(bytes.NewReader(written), true, ""))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := whole(again), whole(all); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

// write writes chunks as a stream of the dialect.
func write(t testing.TB, all []*schemas.ChatChunk) []byte {
	t.Helper()
	w := &chunkWriter{}
	var out []byte
	for _, c := range all {
		var err error
		if out, err = w.Append(out, c); err != nil {
			t.Fatal(err)
		}
	}
	return w.AppendEnd(out)
}

// orderly fails unless a stream has its events in the order that clients rely on:
// one message, blocks counted from 0, one open at a time, the end once.
func orderly(t testing.TB, stream []byte) {
	t.Helper()
	all := events(t, stream)
	open, next := -1, 0
	for i, ev := range all {
		index := int(gjson.Get(ev.data, "index").Int())
		ok := gjson.Get(ev.data, "type").String() == ev.name
		switch ev.name {
		case eventMessageStart:
			ok = ok && i == 0
		case eventBlockStart:
			ok = ok && open < 0 && index == next
			open, next = next, next+1
		case eventBlockDelta:
			ok = ok && open >= 0 && index == open
		case eventBlockStop:
			ok = ok && index == open
			open = -1
		case eventMessageDelta:
			ok = ok && open < 0 && i == len(all)-2
		case eventMessageStop:
			ok = ok && i == len(all)-1
		default:
			ok = false
		}
		if !ok || i == 0 && ev.name != eventMessageStart {
			t.Fatalf("event %d, %s, is out of order in\n%s", i, ev.name, stream)
		}
	}
	if n := len(all); n < 3 || all[n-1].name != eventMessageStop || all[n-2].name != eventMessageDelta {
		t.Fatalf("no end in\n%s", stream)
	}
}

func chunk(d schemas.Delta) *schemas.ChatChunk {
	return &schemas.ChatChunk{ID: "c", Model: "m", Choices: []schemas.ChunkChoice{{Delta: d}}}
}

func callChunk(index int, id, arguments string) *schemas.ChatChunk {
	c := schemas.ToolCall{Index: &index, Function: schemas.FunctionCall{Arguments: arguments}}
	if id != "" {
		c.ID, c.Type, c.Function.Name = id, "function", "f"
	}
	return chunk(schemas.Delta{ToolCalls: []schemas.ToolCall{c}})
}

func endChunk(reason string) *schemas.ChatChunk {
	return &schemas.ChatChunk{ID: "c", Model: "m", Choices: []schemas.ChunkChoice{{FinishReason: &reason}}}
}

// Providers of other dialects may mix the parts of two calls; clients of this one
// know one open block only.
func TestCallsThatAreMixedComeOneAfterTheOther(t *testing.T) {
	stream := write(t, []*schemas.ChatChunk{
		chunk(schemas.Delta{Reasoning: "hm "}), chunk(schemas.Delta{Reasoning: "ok"}), chunk(schemas.Delta{Content: "a"}),
		callChunk(0, "t0", `{"a"`), callChunk(1, "t1", `{"b"`), callChunk(2, "t2", ""), callChunk(0, "", `:1}`), callChunk(1, "", `:2}`), callChunk(0, "", ""),
		endChunk("tool_calls")})
	orderly(t, stream)
	got, err := chunks(NewChatStream(bytes.NewReader(stream), false, ""))
	if err != nil {
		t.Fatal(err)
	}
	m := whole(got).Choices[0].Message
	want := []schemas.ToolCall{newFunctionCall("t0", "f", `{"a":1}`), newFunctionCall("t1", "f", `{"b":2}`), newFunctionCall("t2", "f", `{}`)}
	if m.Reasoning != "hm ok" || m.Content.PlainText() != "a" || !reflect.DeepEqual(m.ToolCalls, want) {
		t.Fatalf("got %+v from\n%s", m, stream)
	}
}

func TestASingleCallIsWrittenAsItComes(t *testing.T) {
	w := &chunkWriter{}
	for _, part := range []string{`{"a"`, `:1`, `}`} {
		id := ""
		if part == `{"a"` {
			id = "t"
		}
		out, err := w.Append(nil, callChunk(0, id, part))
		if err != nil || !strings.Contains(string(out), "input_json_delta") {
			t.Fatalf("%s: got %q, %v", part, out, err)
		}
	}
}

func TestTheEndOfAWrittenStreamSaysWhyAndHowMuch(t *testing.T) {
	usage := &schemas.ChatChunk{ID: "c", Choices: []schemas.ChunkChoice{}, Usage: &schemas.Usage{PromptTokens: 10, CompletionTokens: 3,
		PromptTokensDetails: &schemas.PromptTokensDetails{CachedTokens: 4}}}
	end := endChunk("stop")
	end.Choices[0].StopSequence = "END"
	all := events(t, write(t, []*schemas.ChatChunk{chunk(schemas.Delta{Content: "a"}), end, usage}))
	dialecttest.SameJSON(t, []byte(all[len(all)-2].data), []byte(`{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},`+
		`"usage":{"input_tokens":6,"cache_read_input_tokens":4,"cache_creation_input_tokens":0,"output_tokens":3}}`))
	all = events(t, write(t, []*schemas.ChatChunk{chunk(schemas.Delta{Refusal: "no"}), endChunk("stop")}))
	if got := gjson.Get(all[len(all)-2].data, "delta.stop_reason").String(); got != "refusal" {
		t.Errorf("got %s", got)
	}
	orderly(t, write(t, nil))
}

func TestForeignThinkingIsKeptForTheNextTurn(t *testing.T) {
	part := func(signature string) *schemas.ChatChunk {
		return chunk(schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{{Type: "reasoning.text", Signature: signature, ID: "t", Format: schemas.FormatGemini}}})
	}
	stream := write(t, []*schemas.ChatChunk{part("a"), chunk(schemas.Delta{Content: "x"}), part("b"), endChunk("stop")})
	orderly(t, stream)
	got, err := chunks(NewChatStream(bytes.NewReader(stream), false, ""))
	if err != nil {
		t.Fatal(err)
	}
	want := schemas.ReasoningDetail{Type: "reasoning.text", Signature: "ab", ID: "t", Format: schemas.FormatGemini}
	if details := whole(got).Choices[0].Message.ReasoningDetails; len(details) != 1 || details[0] != want {
		t.Fatalf("got %+v", details)
	}
}

func TestAStreamThatEndsEarlyIsAnUpstreamError(t *testing.T) {
	stream := string(dialecttest.Golden(t, "stream.sse"))
	at := func(mark string) string { return stream[:strings.Index(stream, mark)] }
	for name, sent := range map[string]string{
		"nothing":       "",
		"a beginning":   at("event: content_block_start"),
		"no reason":     at("event: message_delta"),
		"half an event": at(`"stop_reason":"tool_use"`),
		"not json":      "event: message_start\ndata: secret\n\n",
		"an error":      at("event: message_delta") + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"secret\"}}\n\n",
	} {
		s := NewChatStream(strings.NewReader(sent), true, "")
		_, err := chunks(s)
		if !errors.Is(err, schemas.ErrUpstream) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", name, err)
		}
		if _, again := s.Next(); again != err {
			t.Errorf("%s: got %v, then %v", name, err, again)
		}
	}
	s := NewChatStream(strings.NewReader(at("event: message_stop")), true, "")
	if _, err := chunks(s); err != nil || s.Done() {
		t.Errorf("without the end mark: got %v", err)
	}
}

func TestACallWhoseInputIsAllInItsBeginningIsRead(t *testing.T) {
	const sent = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"a\":1}}}\n\n" +
		"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
		"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\n\n"
	all, err := chunks(NewChatStream(strings.NewReader(sent), false, ""))
	if err != nil {
		t.Fatal(err)
	}
	if calls := whole(all).Choices[0].Message.ToolCalls; len(calls) != 1 || calls[0].Function.Arguments != `{"a":1}` {
		t.Fatalf("got %+v", calls)
	}
}

func TestABrokenSourcesErrorIsReturnedAsItIs(t *testing.T) {
	broken := errors.New("reset")
	s := NewChatStream(io.MultiReader(strings.NewReader(": hi\n\n"), errReader{broken}), true, "")
	if _, err := s.Next(); err != broken {
		t.Fatalf("got %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
