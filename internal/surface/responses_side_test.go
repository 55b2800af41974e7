package surface_test

import (
	"encoding/json"
	"fmt"
	"io"

	"pgregory.net/rapid"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// writeResponses returns an answer as a provider of the Responses API writes it
// (https://platform.openai.com/docs/api-reference/responses), by another way than our own
// callers' side does.
func writeResponses(t *rapid.T, answer *schemas.Response) []byte {
	if answer.Chat == nil {
		return streamResponses(t, answer.Stream)
	}
	c := answer.Chat.Choices[0]
	var w responseItems
	if c.Message.Reasoning != "" {
		w.think(c.Message.Reasoning)
	}
	if said := c.Message.Content.PlainText(); said != "" {
		w.say(said)
	}
	for _, call := range c.Message.ToolCalls {
		w.call(call.ID, call.Function.Name, call.Function.Arguments)
	}
	return text(w.response(c.FinishReason, answer.Chat.Usage))
}

// responseItems are the items of a response, as far as they are written.
type responseItems struct {
	items  []map[string]any
	events []byte
}

// at returns the last item if it is of a type, and else a new one.
func (w *responseItems) at(typ string, fields map[string]any) map[string]any {
	if n := len(w.items); n > 0 && w.items[n-1]["type"] == typ && fields["call_id"] == nil {
		return w.items[n-1]
	}
	w.done()
	fields["type"], fields["id"] = typ, fmt.Sprintf("item_%d", len(w.items))
	w.items = append(w.items, fields)
	w.event("output_item.added", map[string]any{"item": fields})
	return fields
}

// done ends the last item.
func (w *responseItems) done() {
	if n := len(w.items); n > 0 {
		w.event("output_item.done", map[string]any{"item": w.items[n-1]})
	}
}

func (w *responseItems) event(name string, fields map[string]any) {
	fields["type"], fields["output_index"] = "response."+name, len(w.items)-1
	w.events = wire.AppendEvent(w.events, "response."+name, text(fields))
}

func (w *responseItems) grow(it map[string]any, list, typ, more string) {
	before := ""
	if parts, _ := it[list].([]map[string]any); len(parts) > 0 {
		before = parts[0]["text"].(string)
	}
	it[list] = []map[string]any{{"type": typ, "text": before + more}}
}

func (w *responseItems) think(more string) {
	it := w.at("reasoning", map[string]any{"summary": []map[string]any{}, "encrypted_content": "c2VjcmV0"})
	w.grow(it, "summary", "summary_text", more)
	w.event("reasoning_summary_text.delta", map[string]any{"summary_index": 0, "delta": more})
}

func (w *responseItems) say(more string) {
	it := w.at("message", map[string]any{"role": "assistant", "content": []map[string]any{}})
	w.grow(it, "content", "output_text", more)
	w.event("output_text.delta", map[string]any{"content_index": 0, "delta": more})
}

func (w *responseItems) call(id, name, arguments string) {
	it := w.at("function_call", map[string]any{"call_id": id, "name": name, "arguments": ""})
	w.argue(it, arguments)
}

func (w *responseItems) argue(it map[string]any, more string) {
	if more == "" {
		return
	}
	it["arguments"] = it["arguments"].(string) + more
	w.event("function_call_arguments.delta", map[string]any{"delta": more})
}

func (w *responseItems) response(finish string, u *schemas.Usage) map[string]any {
	out := map[string]any{"id": "id", "object": "response", "created_at": 1, "model": "m", "status": "completed", "error": nil, "output": w.items,
		"usage": json.RawMessage(fmt.Sprintf(`{"input_tokens":%d,"input_tokens_details":{"cached_tokens":%d},"output_tokens":%d,"output_tokens_details":{"reasoning_tokens":%d},"total_tokens":%d}`,
			u.PromptTokens, u.PromptTokensDetails.CachedTokens, u.CompletionTokens, u.CompletionTokensDetails.ReasoningTokens, u.TotalTokens))}
	if w.items == nil {
		out["output"] = []any{}
	}
	if reason := map[string]string{"length": "max_output_tokens", "content_filter": "content_filter"}[finish]; reason != "" {
		out["status"], out["incomplete_details"] = "incomplete", map[string]string{"reason": reason}
	}
	return out
}

// streamResponses writes chunks as events; the last one has the usage, which belongs to the
// last event.
func streamResponses(t *rapid.T, chunks schemas.ChunkReader) []byte {
	var w responseItems
	w.event("created", map[string]any{"response": map[string]any{"id": "id", "model": "m", "status": "in_progress"}})
	finish := ""
	for {
		chunk, err := chunks.Next()
		if err == io.EOF {
			return w.events
		}
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Usage != nil {
			w.done()
			out := w.response(finish, chunk.Usage)
			w.event(out["status"].(string), map[string]any{"response": out})
			continue
		}
		d := chunk.Choices[0].Delta
		if d.Reasoning != "" {
			w.think(d.Reasoning)
		}
		if d.Content != "" {
			w.say(d.Content)
		}
		for _, call := range d.ToolCalls {
			if call.ID != "" {
				w.call(call.ID, call.Function.Name, call.Function.Arguments)
			} else {
				w.argue(w.items[len(w.items)-1], call.Function.Arguments)
			}
		}
		if f := chunk.Choices[0].FinishReason; f != nil {
			finish = *f
		}
	}
}
