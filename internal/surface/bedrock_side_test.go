package surface_test

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"pgregory.net/rapid"

	"bifrost/schemas"
)

// writeBedrock returns an answer as Bedrock's Converse and ConverseStream, which have no
// callers' side here, write it
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).
func writeBedrock(t *rapid.T, answer *schemas.Response) []byte {
	if answer.Chat == nil {
		return streamBedrock(t, answer.Stream)
	}
	c := answer.Chat.Choices[0]
	content := []any{}
	if c.Message.Reasoning != "" {
		content = append(content, map[string]any{"reasoningContent": map[string]any{"reasoningText": map[string]string{"text": c.Message.Reasoning}}})
	}
	if said := c.Message.Content.PlainText(); said != "" {
		content = append(content, map[string]string{"text": said})
	}
	for _, call := range c.Message.ToolCalls {
		content = append(content, map[string]any{"toolUse": map[string]any{"toolUseId": call.ID, "name": call.Function.Name,
			"input": json.RawMessage(call.Function.Arguments)}})
	}
	return text(map[string]any{"output": map[string]any{"message": map[string]any{"role": "assistant", "content": content}},
		"stopReason": reasonOfBedrock(c.FinishReason), "usage": usageOfBedrock(answer.Chat.Usage)})
}

// streamBedrock writes chunks as frames. A block ends where the next begins.
func streamBedrock(t *rapid.T, chunks schemas.ChunkReader) []byte {
	w := &frames{t: t, kind: "none"}
	w.send("messageStart", map[string]any{"role": "assistant"})
	for {
		chunk, err := chunks.Next()
		if err == io.EOF {
			return w.out.Bytes()
		}
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Usage != nil {
			w.send("metadata", map[string]any{"usage": usageOfBedrock(chunk.Usage)})
			continue
		}
		w.delta(&chunk.Choices[0].Delta)
		if f := chunk.Choices[0].FinishReason; f != nil {
			w.block("none")
			w.send("messageStop", map[string]any{"stopReason": reasonOfBedrock(*f)})
		}
	}
}

// frames writes the blocks of a stream.
type frames struct {
	t     *rapid.T
	out   bytes.Buffer
	kind  string // of the open block; "none"
	index int
}

func (w *frames) send(name string, payload map[string]any) {
	m := eventstream.Message{Payload: text(payload)}
	m.Headers.Set(":message-type", eventstream.StringValue("event"))
	m.Headers.Set(":event-type", eventstream.StringValue(name))
	if err := eventstream.NewEncoder().Encode(&w.out, m); err != nil {
		w.t.Fatal(err)
	}
}

// block ends the open block if it is of another kind.
func (w *frames) block(kind string) {
	if kind == w.kind {
		return
	}
	if w.kind != "none" {
		w.send("contentBlockStop", map[string]any{"contentBlockIndex": w.index})
		w.index++
	}
	w.kind = kind
}

func (w *frames) delta(d *schemas.Delta) {
	send := func(delta any) {
		w.send("contentBlockDelta", map[string]any{"contentBlockIndex": w.index, "delta": delta})
	}
	if d.Reasoning != "" {
		w.block("reasoning")
		send(map[string]any{"reasoningContent": map[string]string{"text": d.Reasoning}})
	}
	if d.Content != "" {
		w.block("text")
		send(map[string]string{"text": d.Content})
	}
	for _, call := range d.ToolCalls {
		w.block("call " + string(rune('a'+*call.Index)))
		if call.ID != "" {
			w.send("contentBlockStart", map[string]any{"contentBlockIndex": w.index,
				"start": map[string]any{"toolUse": map[string]string{"toolUseId": call.ID, "name": call.Function.Name}}})
			continue
		}
		send(map[string]any{"toolUse": map[string]string{"input": call.Function.Arguments}})
	}
}

func reasonOfBedrock(finish string) string {
	return map[string]string{"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "content_filtered"}[finish]
}

func usageOfBedrock(u *schemas.Usage) map[string]int {
	cached := u.PromptTokensDetails.CachedTokens
	return map[string]int{"inputTokens": u.PromptTokens - cached, "cacheReadInputTokens": cached, "outputTokens": u.CompletionTokens, "totalTokens": u.TotalTokens}
}
