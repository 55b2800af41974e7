package schemas_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"bifrost/schemas"
)

func whole(i int) *int { return &i }

func TestChunksAddUpToTheWholeAnswer(t *testing.T) {
	stop := "tool_calls"
	piece := func(d schemas.Delta) *schemas.ChatChunk {
		return &schemas.ChatChunk{ID: "c", Model: "m", Created: 7, Choices: []schemas.ChunkChoice{{Delta: d}}}
	}
	var acc schemas.ChatAccumulator
	for _, chunk := range []*schemas.ChatChunk{
		piece(schemas.Delta{Role: "assistant"}),
		piece(schemas.Delta{Reasoning: "hm", ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningText, Text: "hm"}}}),
		piece(schemas.Delta{ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningText, Signature: "s", Format: schemas.FormatAnthropic}}}),
		piece(schemas.Delta{Content: "It "}), piece(schemas.Delta{Content: "is"}),
		piece(schemas.Delta{ToolCalls: []schemas.ToolCall{{Index: whole(0), ID: "a", Function: schemas.FunctionCall{Name: "f"}}}}),
		piece(schemas.Delta{ToolCalls: []schemas.ToolCall{{Index: whole(0), Function: schemas.FunctionCall{Arguments: `{"x"`}}}}),
		piece(schemas.Delta{ToolCalls: []schemas.ToolCall{{Index: whole(1), ID: "b", Type: "function", Function: schemas.FunctionCall{Name: "g", Arguments: "{}"}}}}),
		piece(schemas.Delta{ToolCalls: []schemas.ToolCall{{Index: whole(0), Function: schemas.FunctionCall{Arguments: `:1}`}}}}),
		{Choices: []schemas.ChunkChoice{{FinishReason: &stop, StopSequence: "END"}}},
		{Usage: &schemas.Usage{TotalTokens: 3}},
	} {
		acc.Add(chunk)
	}
	want := &schemas.ChatResponse{ID: "c", Object: "chat.completion", Model: "m", Created: 7, Usage: &schemas.Usage{TotalTokens: 3},
		Choices: []schemas.ChatChoice{{FinishReason: "tool_calls", StopSequence: "END", Message: schemas.ChatMessage{
			Role: "assistant", Content: schemas.TextContent("It is"), Reasoning: "hm",
			ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningText, Text: "hm", Signature: "s", Format: schemas.FormatAnthropic}},
			ToolCalls: []schemas.ToolCall{
				{ID: "a", Type: "function", Function: schemas.FunctionCall{Name: "f", Arguments: `{"x":1}`}},
				{ID: "b", Type: "function", Function: schemas.FunctionCall{Name: "g", Arguments: "{}"}},
			}}}}}
	if got := acc.Response(); !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		t.Errorf("got %s", g)
	}
}

func TestAnAnswerWithoutContentHasAnEmptyOne(t *testing.T) {
	var acc schemas.ChatAccumulator
	acc.Add(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Index: 1}, {Index: -1}, {Index: 1 << 40}}})
	got := acc.Response()
	if len(got.Choices) != 1 || got.Choices[0].Index != 1 || got.Choices[0].Message.Content == nil || got.Choices[0].Message.Role != "assistant" {
		t.Errorf("got %+v", got)
	}
}

func TestLogprobsOfAllChunksAreJoined(t *testing.T) {
	var acc schemas.ChatAccumulator
	for _, part := range []string{`{"content":[{"token":"a"}],"refusal":null}`, `{"content":[{"token":"b"}]}`, `[]`} {
		acc.Add(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Logprobs: json.RawMessage(part)}}})
	}
	if got := string(acc.Response().Choices[0].Logprobs); got != `{"content":[{"token":"a"},{"token":"b"}],"refusal":null}` {
		t.Errorf("got %s", got)
	}
}
