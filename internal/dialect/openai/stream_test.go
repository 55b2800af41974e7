package openai

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAStreamIsReadToItsEndAndUsageOnlyWhenAsked(t *testing.T) {
	for _, usage := range []bool{false, true} {
		src := iotest.OneByteReader(strings.NewReader(string(dialecttest.Golden(t, "chat_stream.sse"))))
		s := NewChatStream(src, StreamOptions{IncludeUsage: usage})
		all, err := chunks(s)
		if err != nil || textOfAll(all) != "Hello" || !s.Done() {
			t.Fatalf("got %q, %v", textOfAll(all), err)
		}
		last := all[len(all)-1]
		if usage && (len(all) != 5 || last.Usage == nil || last.Usage.TotalTokens != 11) {
			t.Fatalf("got %d chunks, the last %+v", len(all), last)
		}
		if !usage && (len(all) != 4 || *last.Choices[0].FinishReason != "stop") {
			t.Fatalf("got %d chunks, the last %+v", len(all), last)
		}
		if _, err := s.Next(); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
	}
}

func TestAStreamsToolCallsKeepTheirIndexesAndParts(t *testing.T) {
	all, err := chunks(NewChatStream(strings.NewReader(string(dialecttest.Golden(t, "chat_stream_tools.sse"))), StreamOptions{}))
	if err != nil || len(all) != 4 {
		t.Fatalf("got %d chunks, %v", len(all), err)
	}
	first := all[0].Choices[0].Delta.ToolCalls[0]
	if first.ID != "call_1" || *first.Index != 0 || first.Function.Name != "weather" {
		t.Fatalf("got %+v", first)
	}
	var args string
	for _, c := range all[:3] {
		args += c.Choices[0].Delta.ToolCalls[0].Function.Arguments
	}
	if args != `{"city":"Oslo"}` {
		t.Fatalf("got %s", args)
	}
}

func TestAStreamWithContentInPartsIsReadAsText(t *testing.T) {
	all, err := chunks(NewChatStream(strings.NewReader(string(dialecttest.Golden(t, "chat_stream_mistral_parts.sse"))), StreamOptions{IncludeUsage: true}))
	if err != nil || textOfAll(all) != "Hello" {
		t.Fatalf("got %q, %v", textOfAll(all), err)
	}
	last := all[len(all)-1]
	if *last.Choices[0].FinishReason != "length" || last.Usage == nil {
		t.Fatalf("got %+v", last)
	}
}

func TestAnErrorEventEndsTheStreamAsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		stream string
		kind   schemas.ErrorKind
		status int
	}{
		"openrouter": {string(dialecttest.Golden(t, "chat_stream_openrouter_error.sse")), schemas.KindUpstream, 502},
		"type":       {"data: {\"error\":{\"message\":\"m\",\"type\":\"rate_limit_error\"}}\n\n", schemas.KindRateLimited, 429},
		"old":        {"data: {\"object\":\"error\",\"message\":\"m\",\"code\":400}\n\n", schemas.KindInvalidRequest, 400},
		"text":       {"data: {\"error\":\"m\"}\n\n", schemas.KindUpstream, 500},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewChatStream(strings.NewReader(c.stream), StreamOptions{})
			_, err := chunks(s)
			var e *schemas.Error
			if !errors.As(err, &e) || e.Kind != c.kind || e.StatusCode != c.status || e.Upstream == nil || !e.MayHaveStarted {
				t.Fatalf("got %#v", err)
			}
			if _, again := s.Next(); again != err {
				t.Fatalf("then %v", again)
			}
		})
	}
}

func TestAStreamThatEndsEarlyIsAnUpstreamErrorAndNeverAnEnd(t *testing.T) {
	const part = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
	const last = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
	for name, c := range map[string]struct {
		stream string
		clean  bool
	}{
		"empty":                    {"", false},
		"only comments":            {": hi\n\n", false},
		"bare end":                 {part, false},
		"cut event":                {part + "data: {\"choi", false},
		"not json":                 {part + "data: hello\n\n", false},
		"finish reason error":      {strings.Replace(last, "stop", "error", 1), false},
		"end mark alone":           {"data: [DONE]\n\n", true},
		"end mark without its end": {part + "data: [DONE]", true},
		"finish reason, no mark":   {part + last, true},
		"finish reason, cut event": {part + last + "data: {\"us", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chunks(NewChatStream(strings.NewReader(c.stream), StreamOptions{}))
			if c.clean && err != nil {
				t.Fatalf("got %v", err)
			}
			if !c.clean && !errors.Is(err, schemas.ErrUpstream) {
				t.Fatalf("got %v, want an upstream error", err)
			}
		})
	}
}

func TestASourcesErrorIsReturnedAsItIs(t *testing.T) {
	own := &schemas.Error{Kind: schemas.KindTimeout}
	src := io.MultiReader(strings.NewReader("data: {\"choices\":[{\"index\":0}]}\n\n"), iotest.ErrReader(own))
	if all, err := chunks(NewChatStream(src, StreamOptions{})); err != own || len(all) != 1 {
		t.Fatalf("got %d chunks, %v", len(all), err)
	}
}

func TestAnEncodedStreamIsReadBackTheSame(t *testing.T) {
	for _, file := range []string{"chat_stream.sse", "chat_stream_tools.sse"} {
		first, err := chunks(NewChatStream(strings.NewReader(string(dialecttest.Golden(t, file))), StreamOptions{IncludeUsage: true}))
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		for _, c := range first {
			if out, err = AppendChunk(out, c); err != nil {
				t.Fatal(err)
			}
		}
		out = AppendEnd(out)
		second, err := chunks(NewChatStream(strings.NewReader(string(out)), StreamOptions{IncludeUsage: true}))
		if err != nil || len(second) != len(first) || textOfAll(second) != textOfAll(first) {
			t.Fatalf("got %d chunks, %v; want %d", len(second), err, len(first))
		}
		if !strings.HasSuffix(string(out), "data: [DONE]\n\n") || strings.Contains(string(out), `"error"`) {
			t.Fatalf("got %s", out)
		}
	}
}

func TestAnEncodedChunkNeverHasNullChoicesOrAToolCallWithoutIndex(t *testing.T) {
	chunk := &schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{ToolCalls: []schemas.ToolCall{{ID: "a"}, {ID: "b"}}}}}}
	out, err := AppendChunk(nil, chunk)
	if err != nil || !strings.Contains(string(out), `"index":1,"id":"b"`) {
		t.Fatalf("got %s, %v", out, err)
	}
	if chunk.Choices[0].Delta.ToolCalls[0].Index != nil {
		t.Fatal("the chunk was modified")
	}
	if out, _ = AppendChunk(nil, &schemas.ChatChunk{}); !strings.Contains(string(out), `"choices":[]`) {
		t.Fatalf("got %s", out)
	}
}

func TestAnErrorInAStreamIsOneEventWithoutAnEndMark(t *testing.T) {
	upstream := &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429,
		Upstream: &schemas.UpstreamReply{StatusCode: 429, Body: dialecttest.Golden(t, "error_429.json")}}
	for err, says := range map[error]string{
		schemas.ErrTimeout: `"code":"timeout"`,
		upstream:           "try again in 20s",
	} {
		out := string(AppendStreamError(nil, err))
		if !strings.HasPrefix(out, `data: {"error":{`) || strings.Count(out, "\n") != 2 || !strings.Contains(out, says) {
			t.Errorf("got %q", out)
		}
	}
}

// OpenRouter streams the pieces of reasoning that must come back with the next turn.
func TestPiecesOfReasoningAreReadFromAStream(t *testing.T) {
	const events = `data: {"choices":[{"index":0,"delta":{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"anthropic-claude-v1","index":0}]}}]}

data: {"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"sig","format":"anthropic-claude-v1","index":0}]}}]}

data: {"choices":[{"index":0,"delta":{"content":"a","reasoning_details":"none"},"finish_reason":"stop"}]}

data: [DONE]

`
	src := NewChatStream(strings.NewReader(events), StreamOptions{})
	var acc schemas.ChatAccumulator
	for {
		chunk, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		acc.Add(chunk)
	}
	m := acc.Response().Choices[0].Message
	want := []schemas.ReasoningDetail{{Type: schemas.ReasoningText, Text: "hm", Signature: "sig", Format: schemas.FormatAnthropic}}
	if m.Reasoning != "hm" || !reflect.DeepEqual(m.ReasoningDetails, want) || m.Content.Text != "a" {
		t.Errorf("got %+v", m)
	}
}
