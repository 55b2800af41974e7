package openai

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func responsesOf(t testing.TB, body string) (dialect.Translation, error) {
	t.Helper()
	return Surface{}.Translate(&schemas.RawRequest{Method: http.MethodPost, Path: PathResponses, Body: []byte(body)})
}

func mustResponses(t testing.TB, body string) dialect.Translation {
	t.Helper()
	tr, err := responsesOf(t, body)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestACallOfTheResponsesAPIBecomesAChatCompletion(t *testing.T) {
	tr := mustResponses(t, string(dialecttest.Golden(t, "responses_request.json")))
	req := tr.Request()
	if req.Operation != schemas.OperationChatStream || req.Model != "gpt-5" || !req.Chat.IncludeUsage {
		t.Fatalf("got %v, usage %v", req, req.Chat.IncludeUsage)
	}
	body, err := EncodeChat(req.Chat, "", ChatOptions{Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, body, dialecttest.Golden(t, "responses_request_chat.json"))
	if got, want := tr.(dialect.Lossy).Dropped(), []string{"store", "truncation", "max_tool_calls", "stop"}; !slices.Equal(got, want) {
		t.Fatalf("left out %q, want %q", got, want)
	}
}

func TestAPlainCallOfTheResponsesAPILeavesNothingOut(t *testing.T) {
	tr := mustResponses(t, `{"model":"m","input":"hi","store":false,"truncation":"disabled","service_tier":"auto","background":false,
		"previous_response_id":null,"text":{"format":{"type":"text"}},"tools":[],"metadata":{"a":"b"}}`)
	want := &schemas.ChatRequest{Model: "m", IncludeUsage: true, Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
	if req := tr.Request(); req.Operation != schemas.OperationChat || !reflect.DeepEqual(req.Chat, want) {
		t.Fatalf("got %+v", req.Chat)
	}
	if dropped := tr.(dialect.Lossy).Dropped(); len(dropped) > 0 {
		t.Fatalf("left out %q", dropped)
	}
}

func TestWhatAResponsesCallAsksForInVainIsNamed(t *testing.T) {
	for field, body := range map[string]string{
		"store":                `"store":true`,
		"truncation":           `"truncation":"auto"`,
		"include":              `"include":["file_search_call.results"]`,
		"context_management":   `"context_management":[{"type":"compaction"}]`,
		"moderation":           `"moderation":{"model":"x"}`,
		"stream_options":       `"stream_options":{"include_obfuscation":true}`,
		"input.phase":          `"input":[{"role":"assistant","content":"a","phase":"commentary"}]`,
		"input.content.detail": `"input":[{"role":"user","content":[{"type":"input_file","file_id":"f","detail":"high"}]}]`,
		"input.content.x":      `"input":[{"role":"user","content":[{"type":"input_text","text":"a","x":1}]},{"id":"m","role":"assistant","status":"completed","content":[{"type":"output_text","text":"a","annotations":[{"type":"url_citation"}]}]}]`,
		"tools.defer_loading":  `"tools":[{"type":"function","name":"f","parameters":{"x":1},"defer_loading":true}]`,
		"reasoning.context":    `"reasoning":{"effort":"low","summary":"auto","context":"all"}`,
		"text.x":               `"text":{"format":{"type":"text"},"x":1}`,
		"messages":             `"messages":[{"role":"user","content":"other"}]`,
	} {
		if !strings.Contains(body, `"input":`) {
			body += `,"input":"hi"`
		}
		tr := mustResponses(t, `{"model":"m",`+body+`}`)
		if got := tr.(dialect.Lossy).Dropped(); !slices.Equal(got, []string{field}) {
			t.Errorf("%s: left out %q", body, got)
		}
		if _, there := tr.Request().Chat.Extra[field]; there {
			t.Errorf("%s is passed on", field)
		}
	}
}

func TestWhatAChatCompletionCannotCarryIsRefusedByName(t *testing.T) {
	for body, words := range map[string]string{
		`"previous_response_id":"resp_1"`:                                                 "previous_response_id",
		`"conversation":{"id":"conv_1"}`:                                                  "conversation",
		`"prompt":{"id":"pmpt_1"}`:                                                        "prompt",
		`"background":true`:                                                               "background",
		`"tools":[{"type":"web_search"}]`:                                                 "tools[0], a tool of the type web_search",
		`"tools":[{"type":"custom","name":"grep"}]`:                                       "tools[0], a tool of the type custom",
		`"tool_choice":{"type":"file_search"}`:                                            "tool_choice of the type file_search",
		`"tools":[{"type":"secret words"}]`:                                               "tools[0], a tool of the type given",
		`"input":[{"type":"item_reference","id":"msg_1"}]`:                                "store false",
		`"input":[{"type":"web_search_call","id":"ws_1"}]`:                                "input[0], an item of the type web_search_call",
		`"input":[{"role":"user","content":[{"type":"input_image","file_id":"file_1"}]}]`: "input[0].content[0], an image without image_url",
		`"input":[{"role":"user","content":[{"type":"input_video"}]}]`:                    "input[0].content[0], a part of the type input_video",
	} {
		refusedWith(t, body, schemas.KindUnsupportedOperation, words)
	}
}

func TestWhatIsNoCallOfTheResponsesAPIIsRefusedByName(t *testing.T) {
	for body, words := range map[string]string{
		`"input":7`:    "input",
		`"input":[]`:   "input",
		`"input":null`: "input",
		`"input":[7]`:  "input[0]",
		`"input":[{"role":"nobody","content":"a"}]`:                          "input[0].role",
		`"input":[{"role":"user","content":7}]`:                              "input[0].content",
		`"input":[{"type":"function_call_output","call_id":"c","output":7}]`: "input[0].output",
		`"input":[{"type":"function_call_output","output":"a"}]`:             "input[0].call_id",
		`"input":[{"type":"function_call","call_id":"c"}]`:                   "input[0] needs a name",
		`"tools":7`:                         "tools",
		`"tools":[{"type":"function"}]`:     "tools[0].name",
		`"tool_choice":"any"`:               "tool_choice",
		`"tool_choice":{"type":"function"}`: "tool_choice.name",
		`"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}`: "tool_choice.tools",
		`"text":{"format":{"type":"xml"}}`:                    "text.format.type",
		`"text":{"format":{"type":"json_schema","name":"a"}}`: "text.format",
		`"temperature":"hot"`:                                 "temperature",
	} {
		refusedWith(t, body, schemas.KindInvalidRequest, words)
	}
	for _, body := range []string{``, `[]`, `{`, `{"input":"hi"}`, `{"model":"m"}`} {
		_, err := responsesOf(t, body)
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindInvalidRequest {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func refusedWith(t *testing.T, body string, kind schemas.ErrorKind, words string) {
	t.Helper()
	if !strings.Contains(body, `"input":`) {
		body += `,"input":"hi"`
	}
	_, err := responsesOf(t, `{"model":"m",`+body+`}`)
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Message, words) {
		t.Errorf("%s: got %v", body, err)
	}
}

func TestOnlyACallThatMakesAResponseIsTranslated(t *testing.T) {
	_, err := Surface{}.Translate(&schemas.RawRequest{Method: http.MethodGet, Path: PathResponses})
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindUnsupportedOperation {
		t.Fatalf("got %v", err)
	}
}

func TestAllowedToolsAreTheOnlyOnesSent(t *testing.T) {
	chat := mustResponses(t, `{"model":"m","input":"hi","tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}],
		"tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"b"}]}}`).Request().Chat
	if len(chat.Tools) != 1 || chat.Tools[0].Function.Name != "b" || *chat.ToolChoice != (schemas.ToolChoice{Mode: "required"}) {
		t.Fatalf("got %+v, %+v", chat.Tools, chat.ToolChoice)
	}
}

// A message is written as R for its reasoning, T for its text, C for each call.
func TestItemsOfTheModelThatFollowOneAnotherAreOneMessage(t *testing.T) {
	items := map[byte]string{
		'u': `{"role":"user","content":"u"}`,
		'r': `{"type":"reasoning","summary":[{"type":"summary_text","text":"r"}]}`,
		't': `{"role":"assistant","content":[{"type":"output_text","text":"t"}]}`,
		'c': `{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`,
		'o': `{"type":"function_call_output","call_id":"c","output":"o"}`,
	}
	for sequence, want := range map[string]string{
		"urtcco":   "user RTCC tool",
		"urcorcot": "user RC tool RC tool T",
		"utt":      "user T T",
		"urtr":     "user RT",
		"urtrt":    "user RT RT",
		"ucto":     "user TC tool",
		"ur":       "user RT",
		"urutu":    "user RT user T user",
	} {
		var list []string
		for i := range len(sequence) {
			list = append(list, items[sequence[i]])
		}
		chat := mustResponses(t, `{"model":"m","input":[`+strings.Join(list, ",")+`]}`).Request().Chat
		var got []string
		for _, m := range chat.Messages {
			word := m.Role
			if m.Role == roleAssistant {
				word = ""
				if m.Reasoning != "" {
					word += "R"
				}
				if m.Content != nil {
					word += "T"
				}
				word += strings.Repeat("C", len(m.ToolCalls))
			}
			got = append(got, word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", sequence, got, want)
		}
	}
}

func TestThinkingComesBackAsItWasWithTheNextTurn(t *testing.T) {
	details := []schemas.ReasoningDetail{
		{Type: schemas.ReasoningText, Text: "let me see", Signature: "c2ln", Format: schemas.FormatAnthropic},
		{Type: schemas.ReasoningEncrypted, Data: "ZGF0YQ==", ID: "rs_9", Format: schemas.FormatResponses, Index: 1},
	}
	m := schemas.AssistantMessage("yes")
	m.Reasoning, m.ReasoningDetails = "let me see", details
	m.ToolCalls = []schemas.ToolCall{{ID: "call_1", Type: toolFunction, Function: schemas.FunctionCall{Name: "f", Arguments: `{"a":1}`}}}
	refusal := "but no"
	m.Refusal = &refusal
	_, body, err := mustResponses(t, `{"model":"m","input":"hi"}`).Encode(&schemas.Response{Chat: &schemas.ChatResponse{ID: "x",
		Choices: []schemas.ChatChoice{{Message: m, FinishReason: "tool_calls"}}}})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Output json.RawMessage `json:"output"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	back := mustResponses(t, `{"model":"m","input":`+string(answer.Output)+`}`).Request().Chat.Messages
	if len(back) != 1 || !reflect.DeepEqual(back[0], m) {
		t.Fatalf("got %+v\nwant %+v\nof %s", back, m, body)
	}
}

func TestTheRefusalsOfAJoinedMessageAreAllKept(t *testing.T) {
	const refusal = `{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}`
	chat := mustResponses(t, `{"model":"m","input":[`+refusal+`,{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},`+refusal+`]}`).Request().Chat
	if len(chat.Messages) != 1 || *chat.Messages[0].Refusal != "nono" {
		t.Fatalf("got %+v", chat.Messages)
	}
}

func TestThinkingThatIsNotAsItWasIsLeftOut(t *testing.T) {
	for _, content := range []string{"bifrost.", "bifrost.!", "bifrost.e30="} {
		m := mustResponses(t, `{"model":"m","input":[{"type":"reasoning","summary":[],"encrypted_content":"`+content+`"},
			{"role":"assistant","content":"a"}]}`).Request().Chat.Messages[0]
		if len(m.ReasoningDetails) > 0 {
			t.Errorf("%s: got %+v", content, m.ReasoningDetails)
		}
	}
}
