package schemas_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bifrost/schemas"
)

// together puts an answer in very many pieces together.
func together(pieces int) schemas.ChatChoice {
	var all schemas.ChatAccumulator
	for i := range pieces {
		all.Add(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{
			Delta: schemas.Delta{Content: "a", ToolCalls: []schemas.ToolCall{{Index: &i, ID: "c", Function: schemas.FunctionCall{Name: "f", Arguments: "{}"}}},
				ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningEncrypted, Data: "x", Index: i}}},
			Logprobs: json.RawMessage(`{"content":[{"token":"a","logprob":-0.5}],"refusal":null}`)}}})
	}
	return all.Response().Choices[0]
}

func TestALongAnswerIsPutTogetherWhole(t *testing.T) {
	const pieces = 2_000
	got := together(pieces)
	if n := strings.Count(string(got.Logprobs), `"token"`); n != pieces || len(got.Message.ToolCalls) != pieces || len(got.Message.ReasoningDetails) != pieces {
		t.Errorf("got %d tokens, %d calls, %d pieces of thinking", n, len(got.Message.ToolCalls), len(got.Message.ReasoningDetails))
	}
}

// BenchmarkALongAnswer: ten times as many pieces are to take about ten times as long.
func BenchmarkALongAnswer(b *testing.B) {
	for _, pieces := range []int{2_000, 20_000} {
		b.Run(fmt.Sprint(pieces), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				together(pieces)
			}
		})
	}
}
