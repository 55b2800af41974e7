package gemini

import (
	"reflect"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

// google.golang.org/genai forgets a turn of a chat in which a part has neither text nor
// data (validateContent in chats.go).
func TestASignatureStandsAtATextOrACallOfAWholeAnswer(t *testing.T) {
	foreign := []schemas.ReasoningDetail{
		{Type: schemas.ReasoningText, Text: "hm", Signature: "s", Format: schemas.FormatAnthropic},
		{Type: schemas.ReasoningEncrypted, Data: "d", Format: schemas.FormatAnthropic, Index: 1},
	}
	own := []schemas.ReasoningDetail{{Type: schemas.ReasoningEncrypted, Data: "d", Format: schemas.FormatGemini}}
	call := []schemas.ToolCall{newFunctionCall("c1", "f", `{}`)}
	for name, c := range map[string]struct {
		message schemas.ChatMessage
		at      string
	}{
		"foreign, text":          {schemas.ChatMessage{Content: schemas.TextContent("yes"), ReasoningDetails: foreign}, "text"},
		"foreign, call":          {schemas.ChatMessage{ToolCalls: call, ReasoningDetails: foreign}, "functionCall"},
		"foreign, text and call": {schemas.ChatMessage{Content: schemas.TextContent("yes"), ToolCalls: call, ReasoningDetails: foreign}, "text"},
		"its own, text":          {schemas.ChatMessage{Content: schemas.TextContent("yes"), ReasoningDetails: own}, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			c.message.Reasoning = "hm"
			body, err := EncodeResponse(&schemas.ChatResponse{Choices: []schemas.ChatChoice{{Message: c.message}}}, true)
			if err != nil {
				t.Fatal(err)
			}
			signed := 0
			for _, p := range gjson.GetBytes(body, "candidates.0.content.parts").Array() {
				if p.Get("text").String() == "" && !p.Get("functionCall").Exists() {
					t.Errorf("a part without data: %s", p.Raw)
				}
				if p.Get("thoughtSignature").Exists() {
					signed++
					if !p.Get(c.at).Exists() || p.Get("thought").Bool() {
						t.Errorf("signed: %s", p.Raw)
					}
				}
			}
			if signed != 1 {
				t.Errorf("%d signatures: %s", signed, body)
			}
			back, err := DecodeResponse(body, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := back.Choices[0].Message.ReasoningDetails; !reflect.DeepEqual(got, c.message.ReasoningDetails) {
				t.Errorf("got %+v, want %+v", got, c.message.ReasoningDetails)
			}
		})
	}
}
