package clients_test

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// stream answers a chat with events (https://docs.cohere.com/reference/chat-stream and
// https://docs.cohere.com/docs/tool-use-streaming).
func (s *cohereServer) stream(w http.ResponseWriter, r *http.Request, ask map[string]any, stopped string) {
	ask["stream"], ask["stream_options"] = true, map[string]any{"include_usage": true}
	got := s.model.ask(r.Context(), "/v1/chat/completions", ask)
	defer got.body.Close()
	if f := got.fault(); f != nil {
		cohereRefuses(w, f.status, f.message)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := &cohereStream{w: w, content: -1, call: -1}
	out.event("message-start", map[string]any{"id": "c14c80c3-18eb-4519-9460-6c92edd8cfb4",
		"delta": cohereDelta(map[string]any{"role": "assistant", "content": []any{}, "tool_plan": "", "tool_calls": []any{}, "citations": []any{}})})
	err := got.heard(func(t told) error {
		out.chunk(t)
		if len(t.Choices) > 0 {
			if signature := t.Choices[0].Delta.signature(); signature != "" {
				s.sign(out.thought, signature)
			}
		}
		return nil
	})
	if err != nil {
		out.event("message-end", map[string]any{"delta": map[string]any{"error": err.Error(), "finish_reason": "ERROR"}})
		return
	}
	out.closeContent()
	out.closeCall()
	out.event("message-end", map[string]any{"delta": map[string]any{"finish_reason": cohereReason(out.finish, stopped), "usage": cohereUsage(out.counters)}})
	_, _ = fmt.Fprint(w, "data: [DONE]\n\n") // the client may have gone
}

func cohereDelta(message map[string]any) map[string]any { return map[string]any{"message": message} }

// cohereStream writes the events of an answer.
type cohereStream struct {
	w        http.ResponseWriter
	content  int    // the item that is open, or was
	kind     string // of the item; "" if none is open
	call     int    // the call that is open; -1 if none is
	planned  bool
	thought  string
	finish   string
	counters *counted
}

func (c *cohereStream) chunk(t told) {
	if t.Usage != nil {
		c.counters = t.Usage
	}
	if len(t.Choices) == 0 {
		return
	}
	d := t.Choices[0].Delta
	c.thought += d.Reasoning
	c.say("thinking", d.Reasoning)
	c.say("text", d.Content+d.Refusal)
	for _, call := range d.ToolCalls {
		c.closeContent()
		if c.thought != "" && !c.planned {
			c.event("tool-plan-delta", map[string]any{"delta": cohereDelta(map[string]any{"tool_plan": coherePlan})})
		}
		c.planned = true
		if call.Index != c.call {
			c.closeCall()
			c.call = call.Index
			c.event("tool-call-start", map[string]any{"index": c.call, "delta": cohereDelta(map[string]any{"tool_calls": map[string]any{
				"id": call.ID, "type": "function", "function": map[string]any{"name": call.Function.Name, "arguments": ""}}})})
		}
		if call.Function.Arguments != "" {
			c.event("tool-call-delta", map[string]any{"index": c.call, "delta": cohereDelta(map[string]any{"tool_calls": map[string]any{
				"function": map[string]any{"arguments": call.Function.Arguments}}})})
		}
	}
	if t.Choices[0].FinishReason != "" {
		c.finish = t.Choices[0].FinishReason
	}
}

// say writes a piece of an item of a kind.
func (c *cohereStream) say(kind, text string) {
	if text == "" {
		return
	}
	if c.kind != kind {
		c.closeContent()
		c.content++
		c.kind = kind
		c.event("content-start", map[string]any{"index": c.content, "delta": cohereDelta(map[string]any{"content": map[string]any{"type": kind, kind: ""}})})
	}
	c.event("content-delta", map[string]any{"index": c.content, "delta": cohereDelta(map[string]any{"content": map[string]any{kind: text}})})
}

func (c *cohereStream) closeContent() {
	if c.kind != "" {
		c.event("content-end", map[string]any{"index": c.content})
	}
	c.kind = ""
}

func (c *cohereStream) closeCall() {
	if c.call >= 0 {
		c.event("tool-call-end", map[string]any{"index": c.call})
	}
	c.call = -1
}

func (c *cohereStream) event(name string, payload map[string]any) {
	payload["type"] = name
	data, err := json.Marshal(payload)
	if err != nil {
		panic("bug: " + err.Error()) // it is made of maps
	}
	_, _ = fmt.Fprintf(c.w, "event: %s\ndata: %s\n\n", name, data) // the client may have gone
	_ = http.NewResponseController(c.w).Flush()                    // likewise
}
