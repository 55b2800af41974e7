package anthropic

import (
	"io"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// chunks reads a stream to its end.
func chunks(s *ChatStream) ([]*schemas.ChatChunk, error) {
	var all []*schemas.ChatChunk
	for {
		c, err := s.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
}

// whole puts the chunks of a stream together, as a client does.
func whole(all []*schemas.ChatChunk) *schemas.ChatResponse {
	out := &schemas.ChatResponse{Object: "chat.completion"}
	m := schemas.ChatMessage{}
	var text string
	choice := schemas.ChatChoice{}
	for _, c := range all {
		out.ID, out.Model = c.ID, c.Model
		if c.Usage != nil {
			out.Usage = c.Usage
		}
		for _, ch := range c.Choices {
			m.Role += ch.Delta.Role
			text += ch.Delta.Content
			m.Reasoning += ch.Delta.Reasoning
			for _, call := range ch.Delta.ToolCalls {
				if *call.Index == len(m.ToolCalls) {
					m.ToolCalls = append(m.ToolCalls, schemas.ToolCall{ID: call.ID, Type: call.Type, Function: schemas.FunctionCall{Name: call.Function.Name}})
				}
				m.ToolCalls[*call.Index].Function.Arguments += call.Function.Arguments
			}
			for _, d := range ch.Delta.ReasoningDetails {
				i := slices.IndexFunc(m.ReasoningDetails, func(o schemas.ReasoningDetail) bool { return o.Index == d.Index })
				if i < 0 {
					m.ReasoningDetails = append(m.ReasoningDetails, d)
					continue
				}
				m.ReasoningDetails[i].Text += d.Text
				m.ReasoningDetails[i].Signature += d.Signature
			}
			if ch.FinishReason != nil {
				choice.FinishReason, choice.StopSequence = *ch.FinishReason, ch.StopSequence
			}
		}
	}
	if text != "" || len(m.ToolCalls) == 0 {
		m.Content = schemas.TextContent(text)
	}
	choice.Message = m
	out.Choices = []schemas.ChatChoice{choice}
	return out
}

// event is an event of a stream that a chunkWriter wrote.
type event struct {
	name string
	data string
}

func events(t testing.TB, stream []byte) []event {
	t.Helper()
	var out []event
	r := wire.NewReader(strings.NewReader(string(stream)))
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil || ev.Incomplete {
			t.Fatalf("not a stream: %v", err)
		}
		out = append(out, event{ev.Name, string(ev.Data)})
	}
}
