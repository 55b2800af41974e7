package openai

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bifrost/schemas"
)

// everything is a request with what OpenAI's own API does not take.
func everything() *schemas.ChatRequest {
	mark := &schemas.CacheControl{Type: "ephemeral"}
	part := schemas.TextPart("hi")
	part.CacheControl = mark
	return &schemas.ChatRequest{Model: "m", TopK: new(3), Messages: []schemas.ChatMessage{
		{Role: "user", Content: &schemas.Content{Parts: []schemas.ContentPart{part}}},
		{Role: "assistant", Content: schemas.TextContent("a"), ReasoningDetails: []schemas.ReasoningDetail{{Type: schemas.ReasoningText, Text: "t", Signature: "s"}}},
		{Role: "tool", ToolCallID: "c", Content: schemas.TextContent("no"), IsError: true},
	}, Tools: []schemas.Tool{{Type: "function", Function: schemas.ToolFunction{Name: "f"}, CacheControl: mark}}}
}

func encoded(t *testing.T, c Codec, chat *schemas.ChatRequest) (string, []string) {
	t.Helper()
	call, dropped, err := c.Encode(&schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat})
	if err != nil {
		t.Fatal(err)
	}
	return string(call.Body), dropped
}

func TestWhatOpenAIRefusesIsLeftOutAndNamed(t *testing.T) {
	chat, before := everything(), everything()
	body, dropped := encoded(t, Codec{}, chat)
	for _, name := range []string{"top_k", "cache_control", "reasoning_details", "is_error"} {
		named := slices.ContainsFunc(dropped, func(d string) bool { return d == name || strings.HasSuffix(d, "."+name) })
		if strings.Contains(body, name) || !named {
			t.Errorf("%s: dropped %v from %s", name, dropped, body)
		}
	}
	if !reflect.DeepEqual(chat, before) {
		t.Error("the caller's request was modified")
	}
}

func TestAProviderThatTakesMoreIsSentMore(t *testing.T) {
	body, dropped := encoded(t, Codec{Chat: ChatOptions{TopK: true, CacheControl: true, ReasoningDetails: true}}, everything())
	if strings.Count(body, "cache_control") != 2 || !strings.Contains(body, `"top_k":3`) || !strings.Contains(body, `"signature":"s"`) {
		t.Errorf("got %s", body)
	}
	if !slices.Equal(dropped, []string{"messages.is_error"}) {
		t.Errorf("dropped %v", dropped)
	}
}

func TestAFileHasAName(t *testing.T) {
	for sent, want := range map[schemas.FileInput]schemas.FileInput{
		{FileData: "data:application/pdf;base64,AA=="}:                      {FileData: "data:application/pdf;base64,AA==", Filename: "document.pdf"},
		{FileData: "data:text/csv;base64,AA=="}:                             {FileData: "data:text/csv;base64,AA==", Filename: "document"},
		{FileData: "data:application/pdf;base64,AA==", Filename: "its own"}: {FileData: "data:application/pdf;base64,AA==", Filename: "its own"},
		{FileID: "file-1"}: {FileID: "file-1"},
	} {
		before := sent
		chat := &schemas.ChatRequest{Messages: []schemas.ChatMessage{{Role: "user", Content: &schemas.Content{Parts: []schemas.ContentPart{{Type: "file", File: &sent}}}}}}
		body, dropped := encoded(t, Codec{}, chat)
		part, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body, `"file":`+string(part)) || len(dropped) > 0 || sent != before {
			t.Errorf("%+v: got %s, dropped %v", before, body, dropped)
		}
	}
}

func TestABudgetOfThinkingIsAnEffort(t *testing.T) {
	for _, c := range []struct {
		thinking schemas.Thinking
		effort   string
	}{{schemas.Thinking{Off: true}, "none"}, {schemas.Thinking{}, ""}, {schemas.Thinking{Budget: 1024}, "minimal"},
		{schemas.Thinking{Budget: 4096}, "low"}, {schemas.Thinking{Budget: 16384}, "medium"}, {schemas.Thinking{Budget: 16385}, "high"}} {
		chat := &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, Thinking: &c.thinking}
		body, _ := encoded(t, Codec{}, chat)
		var got struct {
			Effort string `json:"reasoning_effort"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.Effort != c.effort {
			t.Errorf("%+v: got %q, want %q", c.thinking, got.Effort, c.effort)
		}
	}
}

func TestPartsAndToolsThatOpenAIHasNotAreRefused(t *testing.T) {
	for name, change := range map[string]func(*schemas.ChatRequest){
		"video": func(r *schemas.ChatRequest) {
			r.Messages[0].Content.Parts[0] = schemas.ContentPart{Type: "video_url", VideoURL: &schemas.MediaURL{URL: "https://x"}}
		},
		"file by address": func(r *schemas.ChatRequest) {
			r.Messages[0].Content.Parts[0] = schemas.ContentPart{Type: "file", File: &schemas.FileInput{FileURL: "https://x"}}
		},
		"foreign tool": func(r *schemas.ChatRequest) {
			r.Tools[0] = schemas.Tool{Type: "web_search_20250305", Raw: json.RawMessage(`{}`)}
		},
	} {
		chat := everything()
		change(chat)
		_, _, err := Codec{}.Encode(&schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat})
		if !errors.Is(err, schemas.ErrUnsupportedOperation) && !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
