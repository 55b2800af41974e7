package bedrock_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"bifrost/internal/dialect/bedrock"
	"bifrost/schemas"
)

func TestARequestIsSentAsTheGoldenFileHasIt(t *testing.T) {
	sent, dropped, err := encode(t, claude, read(t, "chat_request.json"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "chat_wire.json", json.RawMessage(sent))
	if want := []string{"seed", "store", "temperature"}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
}

func TestAnAnswerIsReadAsTheGoldenFileHasIt(t *testing.T) {
	resp, err := bedrock.Codec{}.Decode(&schemas.Request{Operation: schemas.OperationChat, Model: "m"},
		http.Header{"X-Amzn-Requestid": {"r-1"}}, []byte(read(t, "chat_answer.json")), "")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "chat_canonical.json", resp.Chat)
}

func TestAModelsPathIsEscapedAsAmazonsSDKsDo(t *testing.T) {
	for model, want := range map[string]string{
		claude: "/model/anthropic.claude-3-7-sonnet-20250219-v1%3A0/converse",
		"arn:aws:bedrock:us-east-1:1:inference-profile/a.b": "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fa.b/converse",
		"a b+c": "/model/a%20b%2Bc/converse",
	} {
		if got := bedrock.ModelPath(model, "/converse"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWhatConverseCannotCarryIsRefusedByTheNameOfItsField(t *testing.T) {
	const user = `{"model":"m","messages":[{"role":"user","content":"hi"}],`
	for text, field := range map[string]string{
		user + `"n":2}`:           "n ",
		user + `"logprobs":true}`: "logprobs",
		user + `"response_format":{"type":"json_object"}}`:                                                                                                       "response_format",
		user + `"response_format":{"type":"json_schema","json_schema":{}}}`:                                                                                      "response_format",
		user + `"tools":[{"type":"web_search"}]}`:                                                                                                                "tools",
		user + `"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"x"}`:                                                                        "tool_choice",
		user + `"additionalModelRequestFields":[]}`:                                                                                                              "additionalModelRequestFields",
		`{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/secret.png"}}]}]}`:                                 "image_url",
		`{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AA"}}]}]}`:                            "image_url",
		`{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"secret"}}]}]}`:                                                     "file_id",
		`{"model":"m","messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}]}`:                           "messages.content",
		`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"[secret"}}]}]}`:              "tool_calls",
		`{"model":"m","messages":[{"role":"tool","content":"secret"}]}`:                                                                                          "tool_call_id",
		`{"model":"m","messages":[{"role":"secret","content":"a"}]}`:                                                                                             "role",
		`{"model":"m","messages":[{"role":"tool","tool_call_id":"1","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"}`: "tool_choice",
	} {
		_, _, err := encode(t, claude, text)
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindUnsupportedOperation && e.Kind != schemas.KindInvalidRequest ||
			!strings.Contains(e.Message, field) || strings.Contains(e.Message, "secret") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestThinkingIsAskedForAsTheModelKnowsIt(t *testing.T) {
	const user = `{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.5,"top_k":3,`
	for _, c := range []struct{ model, with, wants string }{
		{claude, `"reasoning_effort":"medium"}`, `{"thinking":{"type":"enabled","budget_tokens":8192}}`},
		{claude, `"reasoning_effort":"high","max_tokens":2000}`, `{"thinking":{"type":"enabled","budget_tokens":1999}}`},
		{claude, `"reasoning_effort":"high","max_tokens":100}`, `{"top_k":3}`},
		{claude, `"reasoning_effort":"none"}`, `{"thinking":{"type":"disabled"},"top_k":3}`},
		{newest, `"reasoning_effort":"minimal"}`, `{"thinking":{"type":"adaptive"}}`},
		{"openai.gpt-oss-120b-1:0", `"reasoning_effort":"low"}`, `{"reasoning_effort":"low"}`},
		{"amazon.nova-pro-v1:0", `"reasoning_effort":"low"}`, ``},
	} {
		sent, dropped, err := encode(t, c.model, user+c.with)
		if err != nil {
			t.Fatal(err)
		}
		if got := gjson.Get(sent, "additionalModelRequestFields").Raw; got != c.wants {
			t.Errorf("%s, %s: got %s", c.model, c.with, got)
		}
		if thinks := strings.Contains(c.wants, "enabled") || strings.Contains(c.wants, "adaptive"); thinks == gjson.Get(sent, "inferenceConfig.temperature").Exists() ||
			thinks != slices.Contains(dropped, "temperature") {
			t.Errorf("%s, %s: sent %s, dropped %v", c.model, c.with, sent, dropped)
		}
		if strings.Contains(c.wants, "adaptive") != (gjson.Get(sent, "outputConfig.effort").String() == "low") {
			t.Errorf("%s, %s: sent %s", c.model, c.with, sent)
		}
	}
}

func TestClaudeIsNotAskedToThinkWhereItCannot(t *testing.T) {
	const (
		tools  = `"tools":[{"type":"function","function":{"name":"f"}}]`
		called = `{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]`
		result = `{"role":"tool","tool_call_id":"1","content":"a"}`
		signed = `,"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"sig","format":"anthropic-claude-v1","index":0}]`
	)
	for _, c := range []struct {
		model, more, choice string
		thinks              bool
	}{
		{claude, tools + `,"tool_choice":"required"`, `{"any":{}}`, false},
		{newest, tools + `,"tool_choice":"required"`, `{"any":{}}`, false},
		{claude, tools + `,"tool_choice":{"type":"function","function":{"name":"f"}}`, `{"tool":{"name":"f"}}`, false},
		{claude, tools + `,"tool_choice":"auto"`, `{"auto":{}}`, true},
		{claude, tools + `,"messages":[{"role":"user","content":"hi"},` + called + `},` + result + `]`, ``, false},
		{claude, tools + `,"messages":[{"role":"user","content":"hi"},` + called + signed + `},` + result + `]`, ``, true},
		{newest, tools + `,"messages":[{"role":"user","content":"hi"},` + called + `},` + result + `]`, ``, true},
		{claude, tools + `,"messages":[{"role":"user","content":"hi"},` + called + `},` + result + `,{"role":"assistant","content":"b"},{"role":"user","content":"c"}]`, ``, true},
	} {
		body := `{"model":"m","reasoning_effort":"low","temperature":0.5,` + c.more
		if !strings.Contains(body, `"messages"`) {
			body += `,"messages":[{"role":"user","content":"hi"}]`
		}
		sent, dropped, err := encode(t, c.model, body+"}")
		if err != nil {
			t.Fatal(err)
		}
		if got := gjson.Get(sent, "additionalModelRequestFields.thinking").Exists(); got != c.thinks || slices.Contains(dropped, "reasoning_effort") == c.thinks ||
			gjson.Get(sent, "inferenceConfig.temperature").Exists() == c.thinks {
			t.Errorf("%s, %s: sent %s, dropped %v", c.model, c.more, sent, dropped)
		}
		if got := gjson.Get(sent, "toolConfig.toolChoice").Raw; got != c.choice {
			t.Errorf("%s: the choice is %s", c.more, got)
		}
	}
}

func TestABudgetForThinkingIsOneThatClaudeTakes(t *testing.T) {
	for _, c := range []struct{ budget, limit, want int }{{2048, 4000, 2048}, {100, 4000, 1024}, {4000, 4000, 3999}, {2048, 1024, 0}} {
		chat := &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, MaxTokens: &c.limit, Thinking: &schemas.Thinking{Budget: c.budget}}
		call, dropped, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: schemas.OperationChat, Model: claude, Chat: chat})
		if err != nil {
			t.Fatal(err)
		}
		if got := gjson.GetBytes(call.Body, "additionalModelRequestFields.thinking.budget_tokens").Int(); got != int64(c.want) ||
			slices.Contains(dropped, "thinking") != (c.want == 0) {
			t.Errorf("%+v: sent %s, dropped %v", c, call.Body, dropped)
		}
	}
}

func TestWhatConverseRefusesAsBlankIsLeftOut(t *testing.T) {
	sent, dropped, err := encode(t, claude, `{"model":"m","messages":[{"role":"system","content":" "},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"\n"}]},
		{"role":"assistant","content":"\n\n","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"1","content":"","is_error":true},{"role":"tool","tool_call_id":"2","content":" "}],
		"tools":[{"type":"function","function":{"name":"f","parameters":{}}},{"type":"function","function":{"name":"g","parameters":{"properties":{"a":{}}}}}]}`)
	if err != nil || dropped != nil {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	for path, want := range map[string]string{
		"system": "", "messages.0.content": `[{"text":"hi"}]`, "messages.1.content.0.toolUse.toolUseId": `"1"`,
		"messages.2.content.0.toolResult.content":           `[{"text":"error"}]`,
		"messages.2.content.1.toolResult":                   `{"toolUseId":"2","content":[]}`,
		"toolConfig.tools.0.toolSpec.inputSchema.json.type": `"object"`, "toolConfig.tools.1.toolSpec.inputSchema.json": `{"properties":{"a":{}},"type":"object"}`,
	} {
		if got := gjson.Get(sent, path).Raw; got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestForeignThinkingStaysBehindAndIsNamed(t *testing.T) {
	sent, dropped, err := encode(t, claude, `{"model":"m","messages":[{"role":"user","content":"hi"},
		{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"secret","format":"google-gemini-v1","index":0}]},
		{"role":"assistant","content":"b","reasoning_content":"secret"}]}`)
	if err != nil || strings.Contains(sent, "secret") || !slices.Equal(dropped, []string{"messages.reasoning_content", "messages.reasoning_details"}) {
		t.Errorf("sent %s, dropped %v, %v", sent, dropped, err)
	}
}

func TestEveryStopReasonHasItsFinishReason(t *testing.T) {
	for stop, want := range map[string]string{"end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls", "max_tokens": "length",
		"model_context_window_exceeded": "length", "guardrail_intervened": "content_filter", "content_filtered": "content_filter",
		"malformed_model_output": "", "malformed_tool_use": "", "": "", "unheard_of": "stop"} {
		body := `{"output":{"message":{"role":"assistant","content":[{"text":"a"}]}},"stopReason":"` + stop + `"}`
		resp, err := bedrock.Codec{}.Decode(&schemas.Request{Operation: schemas.OperationChat}, nil, []byte(body), "")
		if want == "" {
			if !errors.Is(err, schemas.ErrUpstream) {
				t.Errorf("%s: got %v", stop, err)
			}
		} else if err != nil || resp.Chat.Choices[0].FinishReason != want {
			t.Errorf("%s: got %+v, %v", stop, resp, err)
		}
	}
}

func TestTokensAreCountedByAConverseRequestWithoutItsSampling(t *testing.T) {
	call, _, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: schemas.OperationCountTokens, Model: "m", Chat: chatOf(t,
		`{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":3}`)})
	if err != nil || call.Path != "/model/m/count-tokens" || string(call.Body) != `{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"hi"}]}]}}}` {
		t.Fatalf("got %+v, %v", call, err)
	}
	resp, err := bedrock.Codec{}.Decode(&schemas.Request{Operation: schemas.OperationCountTokens}, nil, []byte(`{"inputTokens":3}`), "")
	if err != nil || resp.Tokens.InputTokens != 3 {
		t.Errorf("got %+v, %v", resp, err)
	}
}

// What an assistant said comes back as it was when the answer is sent in the next turn.
func TestAnAnswerSurvivesTheNextTurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zé<"\\ ]{1,20}`)
		said := rapid.StringMatching(`[a-zé<"\\ ]{0,20}[a-zé<"\\]`) // what is blank is left out, by rule
		var content []any
		for range rapid.IntRange(0, 2).Draw(t, "thoughts") {
			if rapid.Bool().Draw(t, "redacted") {
				content = append(content, map[string]any{"reasoningContent": map[string]any{"redactedContent": "c2VjcmV0"}})
			} else {
				content = append(content, map[string]any{"reasoningContent": map[string]any{"reasoningText": map[string]any{
					"text": text.Draw(t, "thought"), "signature": text.Draw(t, "signature")}}})
			}
		}
		if rapid.Bool().Draw(t, "spoke") {
			content = append(content, map[string]any{"text": said.Draw(t, "text")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "calls") {
			content = append(content, map[string]any{"toolUse": map[string]any{"toolUseId": text.Draw(t, "id"), "name": text.Draw(t, "name"),
				"input": map[string]any{text.Draw(t, "argument"): text.Draw(t, "value")}}})
		}
		if len(content) == 0 {
			return
		}
		body, _ := json.Marshal(map[string]any{"output": map[string]any{"message": map[string]any{"role": "assistant", "content": content}}, "stopReason": "end_turn"})
		resp, err := bedrock.Codec{}.Decode(&schemas.Request{Operation: schemas.OperationChat}, nil, body, "")
		if err != nil {
			t.Fatal(err)
		}
		req := &schemas.ChatRequest{Messages: []schemas.ChatMessage{resp.Chat.Choices[0].Message}}
		call, dropped, err := bedrock.Codec{}.Encode(&schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: req})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("%v, dropped %v", err, dropped)
		}
		var got, want any
		if json.Unmarshal([]byte(gjson.GetBytes(call.Body, "messages.0.content").Raw), &got) != nil {
			t.Fatalf("sent %s", call.Body)
		}
		want = json.RawMessage(gjson.GetBytes(body, "output.message.content").Raw)
		_ = json.Unmarshal(want.(json.RawMessage), &want) // made by Marshal
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
