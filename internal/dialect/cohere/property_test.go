package cohere

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// anAnswer draws a whole answer as the API sends it.
func anAnswer(t *rapid.T) *answerWire {
	in := &answerWire{ID: "c", FinishReason: rapid.SampledFrom([]string{"COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS"}).Draw(t, "finish"),
		Message: &messageWire{Role: roleAssistant, Content: &contentWire{Items: []itemWire{}}}}
	m := in.Message
	if text := rapid.String().Draw(t, "thinking"); text != "" {
		m.Content.Items = append(m.Content.Items, thinkingItem(text))
	}
	if text := rapid.String().Draw(t, "text"); text != "" {
		m.Content.Items = append(m.Content.Items, textItem(text))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "calls") {
		in.FinishReason = finishToolCall
		c := callWire{ID: "call_" + string(rune('a'+i)), Type: typeFunction}
		c.Function.Name = rapid.StringMatching(`[a-z_]{1,10}`).Draw(t, "name")
		c.Function.Arguments = rapid.SampledFrom([]string{"", "{}", "{\n  \"city\": \"Köln\"\n}"}).Draw(t, "arguments")
		m.ToolCalls = append(m.ToolCalls, c)
	}
	if len(m.ToolCalls) > 0 {
		m.ToolPlan = rapid.String().Draw(t, "plan")
	}
	n := rapid.IntRange(0, 1000)
	counts := &tokensWire{Input: float64(n.Draw(t, "input")), Output: float64(n.Draw(t, "output"))}
	in.Usage = &usageWire{Tokens: counts, Cached: float64(n.Draw(t, "cached"))}
	if rapid.Bool().Draw(t, "billed only") {
		in.Usage = &usageWire{BilledUnits: &unitsWire{tokensWire: *counts}}
	}
	return in
}

// streamOf writes an answer as the events of a stream, cut at drawn places.
func streamOf(t *rapid.T, in *answerWire) []byte {
	var out []byte
	add := func(typ string, fields map[string]any) {
		fields["type"] = typ
		data, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		out = wire.AppendEvent(out, typ, data)
	}
	message := func(name string, v any) map[string]any {
		return map[string]any{"delta": map[string]any{"message": map[string]any{name: v}}}
	}
	add(eventMessageStart, map[string]any{"id": in.ID})
	for i, item := range in.Message.Content.Items {
		text := item.Text
		if item.Type == itemThinking {
			text = item.Thinking
		}
		start := message("content", map[string]string{"type": item.Type, item.Type: ""})
		start["index"] = i
		add(eventContentStart, start)
		for _, part := range cut(t, *text) {
			add(eventContentDelta, message("content", map[string]string{item.Type: part}))
		}
		add(eventContentEnd, map[string]any{"index": i})
	}
	for _, part := range cut(t, in.Message.ToolPlan) {
		add(eventPlanDelta, message("tool_plan", part))
	}
	for i, c := range in.Message.ToolCalls {
		arguments := c.Function.Arguments
		c.Function.Arguments = ""
		pieces := []map[string]any{message("tool_calls", c)}
		for _, part := range cut(t, arguments) {
			pieces = append(pieces, message("tool_calls", map[string]any{"function": map[string]string{"arguments": part}}))
		}
		typ := eventCallStart
		for _, piece := range pieces {
			piece["index"] = i
			add(typ, piece)
			typ = eventCallDelta
		}
		add(eventCallEnd, map[string]any{"index": i})
	}
	add(eventMessageEnd, map[string]any{"delta": map[string]any{"finish_reason": in.FinishReason, "usage": usageAsSent(in.Usage)}})
	return out
}

// usageAsSent returns the counts without those that are not told.
func usageAsSent(u *usageWire) map[string]any {
	out := map[string]any{"cached_tokens": u.Cached}
	if u.Tokens != nil {
		out["tokens"] = u.Tokens
	}
	if u.BilledUnits != nil {
		out["billed_units"] = u.BilledUnits
	}
	return out
}

// cut returns the parts of s, between runes.
func cut(t *rapid.T, s string) []string {
	var parts []string
	for runes := []rune(s); len(runes) > 0; {
		n := rapid.IntRange(1, len(runes)).Draw(t, "part")
		parts = append(parts, string(runes[:n]))
		runes = runes[n:]
	}
	return parts
}

func TestAStreamIsTheAnswerInOnePiece(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anAnswer(t)
		body, err := json.Marshal(map[string]any{"id": in.ID, "finish_reason": in.FinishReason, "message": in.Message, "usage": usageAsSent(in.Usage)})
		if err != nil {
			t.Fatal(err)
		}
		hidden := rapid.Bool().Draw(t, "hidden")
		whole, err := decodeChat(body, "m", hidden)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		stream := streamOf(t, in)
		streamed, err := accumulated(stream, StreamOptions{Model: "m", IncludeUsage: true, HideThinking: hidden})
		if err != nil {
			t.Fatalf("%v: %s", err, stream)
		}
		if !reflect.DeepEqual(streamed, whole) {
			a, _ := json.Marshal(streamed)
			b, _ := json.Marshal(whole)
			t.Fatalf("stream: %s\nwhole:  %s", a, b)
		}
	})
}

// What a conversation says reaches the wire in its order, and nothing else does.
func TestAConversationIsSentAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		req := &schemas.ChatRequest{}
		for range rapid.IntRange(1, 6).Draw(t, "messages") {
			req.Messages = append(req.Messages, aMessage(t))
		}
		body, dropped, err := EncodeRequest(req, "m", false)
		if err != nil || len(dropped) > 0 {
			t.Fatalf("dropped %v, %v", dropped, err)
		}
		var sent requestWire
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		for i, m := range req.Messages {
			got, want := sent.Messages[i].canonical(false), m
			if want.Content == nil && len(want.ToolCalls) == 0 {
				want.Content = schemas.TextContent("")
			}
			text, told := got.Content.PlainText(), want.Content.PlainText()
			if sent.Messages[i].Role != m.Role || text != told || sent.Messages[i].ToolCallID != m.ToolCallID ||
				!reflect.DeepEqual(got.ToolCalls, want.ToolCalls) || !reflect.DeepEqual(got.ReasoningDetails, want.ReasoningDetails) {
				t.Fatalf("message %d: got %+v (%q), want %+v (%q)", i, got, text, want, told)
			}
		}
	})
}

// aMessage draws one that the dialect carries whole.
func aMessage(t *rapid.T) schemas.ChatMessage {
	m := schemas.ChatMessage{Role: rapid.SampledFrom([]string{roleSystem, roleUser, roleAssistant, roleTool}).Draw(t, "role")}
	if text := rapid.String().Draw(t, "text"); text != "" {
		m.Content = schemas.TextContent(text)
	}
	switch m.Role {
	case roleTool:
		m.ToolCallID = "call_a"
	case roleAssistant:
		thinking := rapid.SampledFrom([]string{"", "let me see"}).Draw(t, "thinking")
		planned := ""
		for range rapid.IntRange(0, 2).Draw(t, "calls") {
			planned = rapid.SampledFrom([]string{"", "I will"}).Draw(t, "plan")
			m.ToolCalls = append(m.ToolCalls, schemas.ToolCall{ID: "call_a", Type: typeFunction, Function: schemas.FunctionCall{Name: "f", Arguments: `{"a":1}`}})
		}
		m.Reasoning, m.ReasoningDetails = reasoningOf(thinking, planned)
	}
	return m
}
