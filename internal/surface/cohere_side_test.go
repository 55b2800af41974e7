package surface_test

import (
	"encoding/json"
	"io"

	"pgregory.net/rapid"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// writeCohere returns an answer as Cohere's API, which has no callers' side here, writes
// it (https://docs.cohere.com/reference/chat).
func writeCohere(t *rapid.T, answer *schemas.Response) []byte {
	if answer.Chat == nil {
		return streamCohere(t, answer.Stream)
	}
	c := answer.Chat.Choices[0]
	content := []any{}
	if c.Message.Reasoning != "" {
		content = append(content, map[string]string{"type": "thinking", "thinking": c.Message.Reasoning})
	}
	if c.Message.Content != nil {
		content = append(content, map[string]string{"type": "text", "text": c.Message.Content.Text})
	}
	return text(map[string]any{"id": answer.Chat.ID, "finish_reason": reasonOfCohere(c.FinishReason), "usage": usageOfCohere(answer.Chat.Usage),
		"message": map[string]any{"role": "assistant", "content": content, "tool_calls": c.Message.ToolCalls}})
}

// streamCohere writes chunks as events; the last chunk has the usage, which belongs to
// the end of the message.
func streamCohere(t *rapid.T, chunks schemas.ChunkReader) (out []byte) {
	event := func(typ string, fields map[string]any) {
		fields["type"] = typ
		out = wire.AppendEvent(out, typ, text(fields))
	}
	message := func(name string, v any) map[string]any {
		return map[string]any{"delta": map[string]any{"message": map[string]any{name: v}}}
	}
	event("message-start", map[string]any{"id": "id"})
	finish := ""
	for {
		chunk, err := chunks.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Usage != nil {
			event("message-end", map[string]any{"delta": map[string]any{"finish_reason": reasonOfCohere(finish), "usage": usageOfCohere(chunk.Usage)}})
			continue
		}
		d := chunk.Choices[0].Delta
		if d.Reasoning != "" {
			event("content-delta", message("content", map[string]string{"thinking": d.Reasoning}))
		}
		if d.Content != "" {
			event("content-delta", message("content", map[string]string{"text": d.Content}))
		}
		for _, call := range d.ToolCalls {
			typ := "tool-call-delta"
			if call.ID != "" {
				typ = "tool-call-start"
			}
			fields := message("tool_calls", call)
			fields["index"] = *call.Index
			event(typ, fields)
		}
		if f := chunk.Choices[0].FinishReason; f != nil {
			finish = *f
		}
	}
}

func reasonOfCohere(finish string) string {
	return map[string]string{"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}[finish]
}

func usageOfCohere(u *schemas.Usage) json.RawMessage {
	return text(map[string]any{"cached_tokens": u.PromptTokensDetails.CachedTokens,
		"tokens": map[string]int{"input_tokens": u.PromptTokens, "output_tokens": u.CompletionTokens}})
}
