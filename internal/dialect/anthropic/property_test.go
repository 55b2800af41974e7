package anthropic

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bifrost/schemas"
)

var words = rapid.StringMatching(`[a-z "\\é]{1,12}`)

// drawAnswer draws a message of the model that the dialect can carry whole.
func drawAnswer(t *rapid.T) schemas.ChatMessage {
	m := schemas.ChatMessage{Role: roleAssistant}
	for i := range rapid.IntRange(0, 3).Draw(t, "details") {
		d := schemas.ReasoningDetail{Format: schemas.FormatAnthropic, Index: i}
		if rapid.Bool().Draw(t, "hidden") {
			d.Type, d.Data = schemas.ReasoningEncrypted, words.Draw(t, "data")
		} else {
			d.Type, d.Text, d.Signature = schemas.ReasoningText, words.Draw(t, "thought"), words.Draw(t, "signature")
		}
		m.Reasoning += d.Text
		m.ReasoningDetails = append(m.ReasoningDetails, d)
	}
	for range rapid.IntRange(0, 3).Draw(t, "calls") {
		m.ToolCalls = append(m.ToolCalls, newFunctionCall(words.Draw(t, "id"), words.Draw(t, "name"),
			rapid.SampledFrom([]string{`{}`, `{"a":1}`, `{"b":[{"c":"}"}],"d":"\""}`}).Draw(t, "arguments")))
	}
	if text := rapid.OneOf(rapid.Just(""), words).Draw(t, "text"); text != "" || len(m.ToolCalls) == 0 {
		m.Content = schemas.TextContent(text)
	}
	return m
}

func drawResponse(t *rapid.T) *schemas.ChatResponse {
	choice := schemas.ChatChoice{Message: drawAnswer(t), FinishReason: "stop"}
	switch {
	case len(choice.Message.ToolCalls) > 0:
		choice.FinishReason = "tool_calls"
	case rapid.Bool().Draw(t, "stopped"):
		choice.StopSequence = "END"
	default:
		choice.FinishReason = rapid.SampledFrom([]string{"stop", "length", "content_filter"}).Draw(t, "reason")
	}
	read, written, output := rapid.IntRange(0, 2).Draw(t, "read"), rapid.IntRange(0, 2).Draw(t, "written"), rapid.IntRange(0, 9).Draw(t, "output")
	prompt := read + written + rapid.IntRange(0, 9).Draw(t, "input")
	usage := &schemas.Usage{PromptTokens: prompt, CompletionTokens: output, TotalTokens: prompt + output}
	if read+written > 0 {
		usage.PromptTokensDetails = &schemas.PromptTokensDetails{CachedTokens: read, CacheWriteTokens: written}
	}
	return &schemas.ChatResponse{ID: "msg_1", Object: "chat.completion", Model: "m", Choices: []schemas.ChatChoice{choice}, Usage: usage}
}

func TestEveryAnswerComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawResponse(t)
		body, err := EncodeResponse(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeResponse(body, ""); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v\nwant %+v\nfrom %s", got, err, want, body)
		}
	})
}

// split cuts a text into one to three parts.
func split(t *rapid.T, text string) []string {
	runes := []rune(text)
	a := rapid.IntRange(0, len(runes)).Draw(t, "a")
	b := rapid.IntRange(a, len(runes)).Draw(t, "b")
	return []string{string(runes[:a]), string(runes[a:b]), string(runes[b:])}
}

// drawChunks draws a stream of an answer: calls in parts, which may be mixed.
func drawChunks(t *rapid.T, resp *schemas.ChatResponse) []*schemas.ChatChunk {
	m := resp.Choices[0].Message
	var out []*schemas.ChatChunk
	add := func(d schemas.Delta) {
		out = append(out, &schemas.ChatChunk{ID: resp.ID, Model: resp.Model, Choices: []schemas.ChunkChoice{{Delta: d}}})
	}
	for _, d := range m.ReasoningDetails {
		part := d
		part.Signature = ""
		if d.Type == schemas.ReasoningEncrypted {
			add(schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{d}})
			continue
		}
		for _, part.Text = range split(t, d.Text) {
			add(schemas.Delta{Reasoning: part.Text, ReasoningDetails: []schemas.ReasoningDetail{part}})
		}
		part.Text, part.Signature = "", d.Signature
		add(schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{part}})
	}
	for _, text := range split(t, m.Content.PlainText()) {
		add(schemas.Delta{Content: text})
	}
	var parts [][]schemas.ToolCall
	for i, c := range m.ToolCalls {
		var own []schemas.ToolCall
		for j, text := range split(t, c.Function.Arguments) {
			part := schemas.ToolCall{Index: &i, Function: schemas.FunctionCall{Arguments: text}}
			if j == 0 {
				part.ID, part.Type, part.Function.Name = c.ID, c.Type, c.Function.Name
			}
			own = append(own, part)
		}
		parts = append(parts, own)
	}
	// A call begins after the one before it; what follows may come in any order.
	for begun := 0; ; {
		var ready []int
		for i := range parts {
			if len(parts[i]) > 0 && i <= begun {
				ready = append(ready, i)
			}
		}
		if len(ready) == 0 {
			break
		}
		i := rapid.SampledFrom(ready).Draw(t, "next")
		add(schemas.Delta{ToolCalls: parts[i][:1]})
		parts[i] = parts[i][1:]
		begun = max(begun, i+1)
	}
	c := resp.Choices[0]
	out = append(out, &schemas.ChatChunk{ID: resp.ID, Model: resp.Model, Choices: []schemas.ChunkChoice{{FinishReason: &c.FinishReason, StopSequence: c.StopSequence}}},
		&schemas.ChatChunk{ID: resp.ID, Model: resp.Model, Choices: []schemas.ChunkChoice{}, Usage: resp.Usage})
	return out
}

func TestEveryStreamIsOrderlyAndIsItsWholeAnswer(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := drawResponse(rt)
		w := &chunkWriter{}
		var stream []byte
		var err error
		for _, c := range drawChunks(rt, want) {
			if stream, err = w.Append(stream, c); err != nil {
				rt.Fatal(err)
			}
		}
		stream = w.AppendEnd(stream)
		orderly(t, stream)
		all, err := chunks(NewChatStream(bytes.NewReader(stream), true, ""))
		if err != nil {
			rt.Fatal(err)
		}
		if got := whole(all); !reflect.DeepEqual(got, want) {
			rt.Fatalf("got %+v\nwant %+v\nfrom %s", got, want, stream)
		}
	})
}

func TestEveryConversationComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := 5
		want := &schemas.ChatRequest{Model: "m", MaxCompletionTokens: &most, Messages: []schemas.ChatMessage{schemas.UserMessage("begin")}}
		if rapid.Bool().Draw(t, "system") {
			want.Messages = append([]schemas.ChatMessage{schemas.SystemMessage(words.Draw(t, "prompt"))}, want.Messages...)
		}
		for range rapid.IntRange(0, 3).Draw(t, "turns") {
			a := drawAnswer(t)
			if a.Content.PlainText() == "" && len(a.ToolCalls)+len(a.ReasoningDetails) == 0 {
				a.Content = schemas.TextContent("said")
			}
			want.Messages = append(want.Messages, a)
			for _, c := range a.ToolCalls {
				want.Messages = append(want.Messages, schemas.ChatMessage{Role: roleTool, ToolCallID: c.ID, IsError: rapid.Bool().Draw(t, "failed"),
					Content: schemas.TextContent(words.Draw(t, "result"))})
			}
			if len(a.ToolCalls) == 0 || rapid.Bool().Draw(t, "more") {
				want.Messages = append(want.Messages, schemas.UserMessage(strings.TrimSpace("and "+words.Draw(t, "question"))))
			}
		}
		body, dropped, err := EncodeRequest(want, "", schemas.OperationChat)
		if err != nil || len(dropped) > 0 {
			t.Fatalf("dropped %v, %v", dropped, err)
		}
		if got, _, err := DecodeRequest(body); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v\nwant %+v\nfrom %s", got, err, want, body)
		}
	})
}
