package openai

import (
	"fmt"
	"strings"
	"testing"

	"bifrost/schemas"
)

// BenchmarkManyCalls writes an answer with very many calls of tools: ten times as many are
// to take about ten times as long.
func BenchmarkManyCalls(b *testing.B) {
	arguments := `{"a":"` + strings.Repeat("x", 20_000) + `"}`
	for _, calls := range []int{200, 2_000} {
		b.Run(fmt.Sprint(calls), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := newResponsesWriter(nil)
				for i := range calls {
					call := schemas.ToolCall{Index: &i, ID: "c", Function: schemas.FunctionCall{Name: "f", Arguments: arguments}}
					if _, err := w.Append(nil, &schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{ToolCalls: []schemas.ToolCall{call}}}}}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
