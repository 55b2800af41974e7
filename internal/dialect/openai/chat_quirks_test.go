package openai

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

func TestAProvidersQuirksAreObeyedAndTheRequestStaysAsItWas(t *testing.T) {
	seed, most := int64(7), 9
	chat := &schemas.ChatRequest{Model: "m", Seed: &seed, User: "u", MaxCompletionTokens: &most,
		Extra: map[string]json.RawMessage{"prompt_cache_key": json.RawMessage(`"k"`), "kept": json.RawMessage("1")},
		Messages: []schemas.ChatMessage{{Role: "developer", Content: schemas.TextContent("be brief")},
			{Role: "assistant", Reasoning: "hm", ToolCalls: []schemas.ToolCall{{ID: "toolu_0123456789", Type: "function"}, {ID: "abcDEF123", Type: "function"}}},
			{Role: "tool", ToolCallID: "toolu_0123456789", Content: schemas.TextContent("a")},
			{Role: "tool", ToolCallID: "abcDEF123", Content: schemas.TextContent("b")}}}
	body, dropped := encoded(t, Codec{Chat: ChatOptions{SystemOnly: true, MaxTokensOnly: true, NoReasoning: true, RandomSeed: true, ShortCallIDs: true,
		Refuses: []string{"user", "prompt_cache_key"}}}, chat)
	got := gjson.Parse(body)
	id := got.Get("messages.1.tool_calls.0.id").Str
	if len(id) != 9 || id != got.Get("messages.2.tool_call_id").Str || got.Get("messages.3.tool_call_id").Str != "abcDEF123" {
		t.Errorf("ids are not short or do not fit: %s", body)
	}
	if got.Get("messages.0.role").Str != "system" || got.Get("random_seed").Int() != 7 || got.Get("max_tokens").Int() != 9 || got.Get("kept").Int() != 1 {
		t.Errorf("got %s", body)
	}
	for _, field := range []string{"seed", "user", "prompt_cache_key", "max_completion_tokens", "messages.1.reasoning_content"} {
		if got.Get(field).Exists() {
			t.Errorf("%s was sent: %s", field, body)
		}
	}
	if want := []string{"messages.reasoning_content", "user", "prompt_cache_key"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
	if chat.Messages[0].Role != "developer" || chat.Messages[1].ToolCalls[0].ID != "toolu_0123456789" || len(chat.Extra) != 2 || chat.User != "u" || *chat.Seed != 7 {
		t.Errorf("the caller's request was modified: %+v", chat)
	}
}
