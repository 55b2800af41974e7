package openai

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"bifrost/schemas"
)

// thoughtful is an answer that shows its thinking, in the form of OpenRouter
// (https://openrouter.ai/docs/use-cases/reasoning-tokens), written by hand.
const thoughtful = `"reasoning_content":"let me see","reasoning_details":[
	{"type":"reasoning.summary","summary":"let me see","id":"rs","format":"openai-responses-v1","index":0},
	{"type":"reasoning.encrypted","data":"x","id":"rs","format":"openai-responses-v1","index":1}]`

func TestHiddenThinkingIsLeftOutButWhatItsProviderNeedsBack(t *testing.T) {
	thoughtful := strings.Join(strings.Fields(thoughtful), " ")
	for _, hidden := range []bool{false, true} {
		req := &schemas.Request{Operation: schemas.OperationChat, Chat: &schemas.ChatRequest{Thinking: &schemas.Thinking{Hidden: hidden}}}
		whole, err := Codec{}.Decode(req, nil, []byte(`{"choices":[{"index":0,"message":{"role":"assistant","content":"hi",`+thoughtful+`},"finish_reason":"stop"}]}`), "")
		if err != nil {
			t.Fatal(err)
		}
		stream := Codec{}.Stream(req, strings.NewReader(`data: {"choices":[{"index":0,"delta":{`+thoughtful+`}}]}`+"\n\n"+
			`data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n"), "")
		var acc schemas.ChatAccumulator
		for {
			chunk, err := stream.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			acc.Add(chunk)
		}
		want := schemas.ChatMessage{Role: "assistant", Content: schemas.TextContent("hi"), ReasoningDetails: []schemas.ReasoningDetail{
			{Type: schemas.ReasoningEncrypted, Data: "x", ID: "rs", Format: schemas.FormatResponses, Index: 1}}}
		if !hidden {
			want.Reasoning = "let me see"
			want.ReasoningDetails = append([]schemas.ReasoningDetail{{Type: schemas.ReasoningSummary, Summary: "let me see", ID: "rs",
				Format: schemas.FormatResponses}}, want.ReasoningDetails...)
		}
		for kind, got := range map[string]schemas.ChatMessage{"whole": whole.Chat.Choices[0].Message, "stream": acc.Response().Choices[0].Message} {
			if !reflect.DeepEqual(got, want) {
				t.Errorf("hidden %v, %s: got %+v, want %+v", hidden, kind, got, want)
			}
		}
	}
}
