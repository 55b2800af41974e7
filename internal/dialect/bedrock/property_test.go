package bedrock_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"bifrost/internal/dialect/bedrock"
	"bifrost/schemas"
)

// both builds one answer whole and as a stream.
type both struct {
	t       *rapid.T
	content []any
	stream  []byte
	index   int
}

func (b *both) send(name string, payload map[string]any) {
	data, err := json.Marshal(payload)
	if err != nil {
		b.t.Fatal(err)
	}
	b.stream = append(b.stream, event(name, string(data))...)
}

func (b *both) delta(delta any) {
	b.send("contentBlockDelta", map[string]any{"contentBlockIndex": b.index, "delta": delta})
}

// pieces cuts text into as many deltas as it draws.
func (b *both) pieces(text string, as func(piece string) any) {
	for len(text) > 0 {
		n := rapid.IntRange(1, len(text)).Draw(b.t, "length")
		b.delta(as(text[:n]))
		text = text[n:]
	}
}

// block adds one of any kind.
func (b *both) block() {
	text := rapid.StringMatching(`[a-z<"\\ ]{1,20}`)
	switch rapid.IntRange(0, 3).Draw(b.t, "kind") {
	case 0:
		s := text.Draw(b.t, "text")
		b.content = append(b.content, map[string]any{"text": s})
		b.pieces(s, func(p string) any { return map[string]any{"text": p} })
	case 1:
		s, sig := text.Draw(b.t, "thought"), text.Draw(b.t, "signature")
		b.content = append(b.content, map[string]any{"reasoningContent": map[string]any{"reasoningText": map[string]any{"text": s, "signature": sig}}})
		b.pieces(s, func(p string) any { return map[string]any{"reasoningContent": map[string]any{"text": p}} })
		b.delta(map[string]any{"reasoningContent": map[string]any{"signature": sig}})
	case 2:
		b.content = append(b.content, map[string]any{"reasoningContent": map[string]any{"redactedContent": "c2VjcmV0"}})
		b.delta(map[string]any{"reasoningContent": map[string]any{"redactedContent": "c2VjcmV0"}})
	default:
		use := map[string]any{"toolUseId": text.Draw(b.t, "id"), "name": text.Draw(b.t, "name")}
		b.send("contentBlockStart", map[string]any{"contentBlockIndex": b.index, "start": map[string]any{"toolUse": use}})
		input := map[string]any{}
		if rapid.Bool().Draw(b.t, "has arguments") {
			input[text.Draw(b.t, "argument")] = text.Draw(b.t, "value")
			data, _ := json.Marshal(input) // text and no more
			b.pieces(string(data), func(p string) any { return map[string]any{"toolUse": map[string]any{"input": p}} })
		}
		b.content = append(b.content, map[string]any{"toolUse": map[string]any{"toolUseId": use["toolUseId"], "name": use["name"], "input": input}})
	}
	b.send("contentBlockStop", map[string]any{"contentBlockIndex": b.index})
	b.index++
}

func TestAStreamedAnswerEqualsTheWholeOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &both{t: t}
		b.send("messageStart", map[string]any{"role": "assistant"})
		for range rapid.IntRange(1, 5).Draw(t, "blocks") {
			b.block()
		}
		stop := rapid.SampledFrom([]string{"end_turn", "tool_use", "max_tokens", "guardrail_intervened"}).Draw(t, "stop")
		counts := map[string]any{"inputTokens": 3, "outputTokens": 4, "totalTokens": 9, "cacheReadInputTokens": rapid.IntRange(0, 2).Draw(t, "read")}
		b.send("messageStop", map[string]any{"stopReason": stop})
		b.send("metadata", map[string]any{"usage": counts})
		body, err := json.Marshal(map[string]any{"output": map[string]any{"message": map[string]any{"role": "assistant", "content": b.content}},
			"stopReason": stop, "usage": counts})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := bedrock.Codec{}.Decode(&schemas.Request{Operation: schemas.OperationChat, Model: "m"}, nil, body, "")
		if err != nil {
			t.Fatal(err)
		}
		all, err := chunks(bytes.NewReader(b.stream))
		if err != nil {
			t.Fatal(err)
		}
		var acc schemas.ChatAccumulator
		for _, c := range all {
			acc.Add(c)
		}
		want, got := whole.Chat.Choices[0], acc.Response().Choices[0]
		if want.Message.Content.PlainText() != got.Message.Content.PlainText() {
			t.Fatalf("got %q, want %q", got.Message.Content.PlainText(), want.Message.Content.PlainText())
		}
		want.Message.Content, got.Message.Content = nil, nil
		for i := range got.Message.ToolCalls {
			got.Message.ToolCalls[i].Index = nil // a stream's
		}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(acc.Response().Usage, whole.Chat.Usage) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
