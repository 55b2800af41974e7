package schemas_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"bifrost/schemas"
)

// A long answer comes in very many pieces. To put them together takes a moment; where the
// time grew with the square of the pieces, it took minutes.
func TestALongAnswerIsPutTogetherInTimeOfItsLength(t *testing.T) {
	const pieces = 20_000
	began := time.Now()
	var all schemas.ChatAccumulator
	for i := range pieces {
		all.Add(&schemas.ChatChunk{Choices: []schemas.ChunkChoice{{
			Delta: schemas.Delta{Content: "a", ToolCalls: []schemas.ToolCall{{Index: &i, ID: "c", Function: schemas.FunctionCall{Name: "f", Arguments: "{}"}}},
				ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningEncrypted, Data: "x", Index: i}}},
			Logprobs: json.RawMessage(`{"content":[{"token":"a","logprob":-0.5}],"refusal":null}`)}}})
	}
	got := all.Response().Choices[0]
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if n := strings.Count(string(got.Logprobs), `"token"`); n != pieces || len(got.Message.ToolCalls) != pieces || len(got.Message.ReasoningDetails) != pieces {
		t.Errorf("got %d tokens, %d calls, %d pieces of thinking", n, len(got.Message.ToolCalls), len(got.Message.ReasoningDetails))
	}
}
