package openai

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

// readStream returns the chunks of a stream of the Responses API, and what ended it.
func readStream(stream string) (all []*schemas.ChatChunk, end error) {
	s := NewResponsesStream(strings.NewReader(stream), StreamOptions{IncludeUsage: true, Key: "sk-1"})
	for {
		chunk, err := s.Next()
		if err != nil {
			if _, again := s.Next(); again != err {
				err = errors.Join(err, again)
			}
			return all, err
		}
		all = append(all, chunk)
	}
}

// joined returns the chunks of a stream that ends well as one answer.
func joined(t fataler, stream string) *schemas.ChatResponse {
	t.Helper()
	all, end := readStream(stream)
	if end != io.EOF {
		t.Fatalf("the stream ended with %v", end)
	}
	var acc schemas.ChatAccumulator
	for _, c := range all {
		acc.Add(c)
	}
	return acc.Response()
}

func TestAResponseIsReadAsTheAnswerToAChat(t *testing.T) {
	req := &schemas.Request{Operation: schemas.OperationChat, Chat: &schemas.ChatRequest{}}
	resp, err := overResponses.Decode(req, nil, dialecttest.Golden(t, "responses_answer.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, dialecttest.JSON(t, resp.Chat), dialecttest.Golden(t, "responses_answer_chat.json"))
}

func TestAStreamedResponseIsReadAsTheWholeOne(t *testing.T) {
	for _, name := range []string{"responses_answer", "responses_answer_perplexity"} {
		whole, err := DecodeResponseAsChat(dialecttest.Golden(t, name+".json"), "")
		if err != nil {
			t.Fatal(err)
		}
		streamed := joined(t, string(dialecttest.Golden(t, name+".sse")))
		streamed.Model = whole.Model // a preset's is known at the end of its stream
		dialecttest.SameJSON(t, dialecttest.JSON(t, streamed), dialecttest.JSON(t, whole))
	}
}

// Perplexity announces its own searches as calls of functions: nobody could answer one.
func TestASearchOfTheProvidersOwnIsNoCall(t *testing.T) {
	c := joined(t, string(dialecttest.Golden(t, "responses_answer_perplexity.sse"))).Choices[0]
	calls := []schemas.ToolCall{{ID: "call_8", Type: toolFunction, Function: schemas.FunctionCall{Name: "get_weather", Arguments: `{"city":"Bergen"}`}}}
	if c.Message.Content.PlainText() != "High at noon.[1]" || !reflect.DeepEqual(c.Message.ToolCalls, calls) {
		t.Fatalf("got %+v", c.Message)
	}
	want := []schemas.ReasoningDetail{{Type: schemas.ReasoningEncrypted, Data: "c2lnbmVk", ID: "call_8", Format: schemas.FormatPerplexity}}
	if !reflect.DeepEqual(c.Message.ReasoningDetails, want) {
		t.Fatalf("got %+v", c.Message.ReasoningDetails)
	}
}

// Each chunk comes with its event, and the first one has the role.
func TestAStreamedResponseIsReadPieceByPiece(t *testing.T) {
	all, _ := readStream(string(dialecttest.Golden(t, "responses_answer.sse")))
	var got []string
	for i, c := range all {
		if c.ID != "resp_1" || c.Created != 1750000000 || c.Object != "chat.completion.chunk" || (i == 0) != (len(c.Choices) > 0 && c.Choices[0].Delta.Role == roleAssistant) {
			t.Errorf("chunk %d is %+v", i, c)
		}
		switch {
		case c.Usage != nil:
			got = append(got, "usage")
		case c.Choices[0].FinishReason != nil:
			got = append(got, *c.Choices[0].FinishReason)
		case c.Choices[0].Delta.ReasoningDetails != nil:
			got = append(got, "details")
		case c.Choices[0].Delta.ToolCalls != nil:
			got = append(got, c.Choices[0].Delta.ToolCalls[0].Function.Name+c.Choices[0].Delta.ToolCalls[0].Function.Arguments)
		default:
			got = append(got, c.Choices[0].Delta.Reasoning+c.Choices[0].Delta.Content)
		}
	}
	want := "A ha|rbour.|\n\nIn N|orway.|details|It is |Bergen.|get_weather{\"cit|y\":\"Bergen\"}|get_time{}|tool_calls|usage"
	if strings.Join(got, "|") != want {
		t.Fatalf("got %q", got)
	}
	s := overResponses.Stream(&schemas.Request{Chat: &schemas.ChatRequest{}}, bytes.NewReader(dialecttest.Golden(t, "responses_answer.sse")), "")
	var last *schemas.ChatChunk
	for c, err := s.Next(); err == nil; c, err = s.Next() {
		last = c
	}
	if last == nil || last.Usage == nil {
		t.Fatalf("the last chunk is %+v, and has no usage", last)
	}
	if !s.Done() {
		t.Fatal("the end mark was not seen")
	}
}

// What a stream has left out, its items or its last event have.
func TestWhatAStreamHasNotSaidIsTakenFromItsEnd(t *testing.T) {
	const item = `{"type":"message","id":"m","role":"assistant","content":[{"type":"output_text","text":"hello"}]}`
	const call = `{"type":"function_call","id":"f","call_id":"c","name":"f","arguments":"{\"a\":1}"}`
	event := func(typ, rest string) string { return `data: {"type":"response.` + typ + `"` + rest + "}\n\n" }
	end := func(items ...string) string {
		return event("completed", `,"response":{"status":"completed","output":[`+strings.Join(items, ",")+`]}`)
	}
	delta := event("output_text.delta", `,"output_index":0,"delta":"hello"`)
	for name, stream := range map[string]string{
		"only an item":                   event("output_item.done", `,"output_index":0,"item":`+item) + end(),
		"only the end":                   end(item, call),
		"both":                           event("output_item.done", `,"output_index":0,"item":`+item) + end(item, call),
		"deltas and both":                delta + event("output_item.done", `,"output_index":0,"item":`+item) + end(item, call),
		"counted otherwise":              delta + end(`{"type":"search_results"}`, item, call),
		"a call counted otherwise":       delta + event("output_item.done", `,"output_index":1,"item":`+call) + end(item, `{"type":"x"}`, call),
		"a call's pieces without a name": delta + event("function_call_arguments.delta", `,"output_index":1,"delta":"{\"a\":1}"`) + end(item, call),
	} {
		m := joined(t, stream).Choices[0].Message
		if m.Content.PlainText() != "hello" || !strings.HasPrefix(name, "only an item") &&
			(len(m.ToolCalls) != 1 || m.ToolCalls[0].ID != "c" || m.ToolCalls[0].Function != (schemas.FunctionCall{Name: "f", Arguments: `{"a":1}`})) {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}

func TestHowAResponseEndedIsItsFinishReason(t *testing.T) {
	for rest, want := range map[string]string{
		`"status":"completed"`:       "stop",
		`"status":"requires_action"`: "stop",
		``:                           "stop",
		`"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}`: "length",
		`"status":"incomplete","incomplete_details":{"reason":"content_filter"}`:    "content_filter",
		`"status":"incomplete"`:  "length",
		`"status":"failed"`:      "",
		`"status":"cancelled"`:   "",
		`"status":"queued"`:      "",
		`"status":"in_progress"`: "",
	} {
		resp, err := DecodeResponseAsChat([]byte(`{"output":[],`+strings.TrimPrefix(rest+`,`, ",")+`"x":1}`), "")
		if want == "" {
			if !errors.Is(err, schemas.ErrUpstream) {
				t.Errorf("%s: got %v", rest, err)
			}
			continue
		}
		if err != nil || resp.Choices[0].FinishReason != want {
			t.Errorf("%s: got %+v, %v", rest, resp, err)
		}
	}
	refused := joined(t, `data: {"type":"response.refusal.delta","delta":"I "}`+"\n\n"+`data: {"type":"response.refusal.delta","delta":"will not"}`+"\n\n"+
		`data: {"type":"response.incomplete","response":{"incomplete_details":{"reason":"content_filter"}}}`+"\n\n").Choices[0]
	if refused.FinishReason != "content_filter" || *refused.Message.Refusal != "I will not" || refused.Message.Content != nil {
		t.Errorf("got %+v", refused)
	}
}

func TestAFailedResponseIsAnError(t *testing.T) {
	for text, status := range map[string]int{
		`{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"of sk-1"},"output":[]}`: 429,
		`{"id":"r","status":"failed","error":{"code":"server_error","message":"of sk-1"},"output":[]}`:        500,
	} {
		_, whole := DecodeResponseAsChat([]byte(text), "sk-1")
		_, streamed := readStream(`data: {"type":"response.created","response":{"error":null}}` + "\n\n" + `data: {"type":"response.failed","response":` + text + "}\n\n")
		for _, err := range []error{whole, streamed} {
			var e *schemas.Error
			if !errors.As(err, &e) || e.StatusCode != status || !e.MayHaveStarted || e.Upstream == nil || strings.Contains(string(e.Upstream.Body), "sk-1") ||
				!strings.Contains(string(e.Upstream.Body), "message") {
				t.Errorf("%s: got %#v", text, err)
			}
		}
	}
	for _, event := range []string{`{"type":"error","code":"server_error","message":"m","param":null}`, `{"type":"response.failed","error":{"message":"m"}}`,
		`{"type":"response.failed","response":{"status":"failed","error":null}}`, `{"type":"response.cancelled"}`} {
		var e *schemas.Error
		if _, err := readStream("data: " + event + "\n\n"); !errors.As(err, &e) || e.Kind != schemas.KindUpstream || e.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: got %#v", event, err)
		}
	}
}

func TestAResponseThatIsNoneIsAnUpstreamError(t *testing.T) {
	for _, text := range []string{``, `{}`, `[]`, `{"choices":[]}`, `{"output":7}`, `{"output":[{"type":"message","content":7}]}`} {
		if _, err := DecodeResponseAsChat([]byte(text), ""); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	const begun = `data: {"type":"response.output_text.delta","delta":"a"}` + "\n\n"
	for name, stream := range map[string]string{
		"nothing":      "",
		"a bare end":   begun,
		"an end mark":  begun + "data: [DONE]\n\n",
		"a cut event":  begun + `data: {"type":"response.comp`,
		"another word": begun + "data: hello\n\n",
		"an odd item":  begun + `data: {"type":"response.output_item.done","item":{"type":"message","content":7}}` + "\n\n",
	} {
		if _, err := readStream(stream); !errors.Is(err, schemas.ErrUpstream) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What our own callers' side writes, the providers' side reads as it was.
func TestAnAnswerThatIsWrittenAsAResponseIsReadAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SampledFrom([]string{"a", "ö\n", "{"})
		m := schemas.AssistantMessage(words.Draw(t, "text"))
		m.Reasoning = rapid.SampledFrom([]string{"", "b"}).Draw(t, "reasoning")
		if rapid.Bool().Draw(t, "refuses") {
			m.Refusal = ptr(words.Draw(t, "refusal"))
		}
		finish := rapid.SampledFrom([]string{"stop", "length", "content_filter"}).Draw(t, "finish")
		for i := range rapid.IntRange(0, 2).Draw(t, "calls") {
			finish = "tool_calls"
			m.ToolCalls = append(m.ToolCalls, schemas.ToolCall{ID: "call_" + string(rune('a'+i)), Type: toolFunction,
				Function: schemas.FunctionCall{Name: "f", Arguments: `{"a":1}`}})
		}
		answer := &schemas.ChatResponse{ID: "resp_1", Object: "chat.completion", Created: 7, Model: "m",
			Choices: []schemas.ChatChoice{{Message: m, FinishReason: finish}},
			Usage: &schemas.Usage{PromptTokens: 3, CompletionTokens: 4, TotalTokens: 7, PromptTokensDetails: &schemas.PromptTokensDetails{CachedTokens: 1},
				CompletionTokensDetails: &schemas.CompletionTokensDetails{ReasoningTokens: 2}}}
		tr, err := translateResponses(&schemas.RawRequest{Body: []byte(streamCall)})
		if err != nil {
			t.Fatal(err)
		}
		_, body, err := tr.Encode(&schemas.Response{Chat: answer})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := DecodeResponseAsChat(body, "")
		if err != nil || !reflect.DeepEqual(whole, answer) {
			t.Fatalf("got %+v, %v\nwant %+v\nof %s", whole, err, answer, body)
		}
		w, _ := tr.Stream()
		stream, err := w.Append(nil, &schemas.ChatChunk{ID: answer.ID, Created: answer.Created, Model: answer.Model, Usage: answer.Usage,
			Choices: []schemas.ChunkChoice{asChunk(&answer.Choices[0])}})
		if err != nil {
			t.Fatal(err)
		}
		if streamed := joined(t, string(w.AppendEnd(stream))); !reflect.DeepEqual(streamed, answer) {
			t.Fatalf("got %+v\nwant %+v", streamed, answer)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add(dialecttest.Golden(f, "responses_answer.json"))
	f.Add(dialecttest.Golden(f, "responses_answer_perplexity.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		resp, err := DecodeResponseAsChat(data, "key")
		mustBeOurs(t, err)
		if err == nil {
			if _, err := EncodeChatResponse(resp); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzReadResponsesStream(f *testing.F) {
	f.Add(dialecttest.Golden(f, "responses_answer.sse"))
	f.Add(dialecttest.Golden(f, "responses_answer_perplexity.sse"))
	f.Add(dialecttest.Golden(f, "responses_stream.sse"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, end := readStream(string(data))
		if end != io.EOF {
			mustBeOurs(t, end)
		}
		var acc schemas.ChatAccumulator
		for _, c := range all {
			if _, err := AppendChunk(nil, c); err != nil {
				t.Fatal(err)
			}
			acc.Add(c)
		}
		if end == io.EOF && acc.Response().Choices[0].FinishReason == "" {
			t.Fatal("an answer without an end")
		}
	})
}

func FuzzEncodeResponses(f *testing.F) {
	f.Add(dialecttest.Golden(f, "responses_send_chat.json"), false)
	f.Add(dialecttest.Golden(f, "chat_request.json"), true)
	f.Fuzz(func(t *testing.T, data []byte, plain bool) {
		chat, stream, err := DecodeChat(data)
		if err != nil {
			return
		}
		opts := ResponsesOptions{}
		if plain {
			opts = agentOptions
		}
		body, _, err := EncodeChatAsResponse(chat, "", stream, opts)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		if _, err := decodeRequest(body, &responsesRequest{}, responsesFields); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	})
}

func TestHiddenThinkingIsLeftOutOfAStreamedResponse(t *testing.T) {
	const stream = `data: {"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"let me see"}

data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"let me see"}],"encrypted_content":"x"}}

data: {"type":"response.output_text.delta","output_index":1,"delta":"hi"}

data: {"type":"response.completed","response":{"status":"completed"}}

`
	req := &schemas.Request{Operation: schemas.OperationChatStream, Chat: &schemas.ChatRequest{Thinking: &schemas.Thinking{Hidden: true}}}
	chunks := Codec{Responses: &ResponsesOptions{}}.Stream(req, strings.NewReader(stream), "")
	var all schemas.ChatAccumulator
	for {
		chunk, err := chunks.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all.Add(chunk)
	}
	got := all.Response().Choices[0].Message
	if got.Reasoning != "" || got.Content.PlainText() != "hi" || len(got.ReasoningDetails) != 1 || got.ReasoningDetails[0].Data != "x" {
		t.Fatalf("got %+v", got)
	}
}
