package openai

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

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

// overResponses is a codec whose chats are calls of the Responses API.
var overResponses = Codec{Responses: &ResponsesOptions{}}

// agentOptions are like those of Perplexity's Agent API.
var agentOptions = ResponsesOptions{Plain: true, FormatOnTop: true, Fields: []string{"language_preference", "preset"},
	Models: map[string]ResponsesModel{"sonar": {Model: "perplexity/sonar", Search: true}, "sonar-pro": {Model: "perplexity/sonar", Preset: "low"},
		"high": {Preset: "high"}}, SearchFilters: []string{"search_domain_filter", "search_recency_filter"}, NeedsLimit: "anthropic/"}

// sentOf returns what is sent for a chat in JSON, and what was left out.
func sentOf(t *testing.T, chat string, opts ResponsesOptions) (body []byte, dropped []string, err error) {
	t.Helper()
	if !strings.Contains(chat, `"messages"`) {
		chat = `{"model":"m","messages":[{"role":"user","content":"hi"}],` + chat + `}`
	}
	req, stream, err := DecodeChat([]byte(chat))
	if err != nil {
		t.Fatalf("%v: %s", err, chat)
	}
	return EncodeChatAsResponse(req, "", stream, opts)
}

func TestAChatIsSentAsACallOfTheResponsesAPI(t *testing.T) {
	chat, _, err := DecodeChat(dialecttest.Golden(t, "responses_send_chat.json"))
	if err != nil {
		t.Fatal(err)
	}
	call, dropped, err := overResponses.Encode(&schemas.Request{Operation: schemas.OperationChatStream, Model: "gpt-5-pro", Chat: chat})
	if err != nil || call.Method != http.MethodPost || call.Path != PathResponses {
		t.Fatalf("got %+v, %v", call, err)
	}
	dialecttest.SameJSON(t, call.Body, dialecttest.Golden(t, "responses_send.json"))
	slices.Sort(dropped)
	if want := []string{"frequency_penalty", "logit_bias", "messages.name", "messages.reasoning_details", "seed"}; !slices.Equal(dropped, want) {
		t.Fatalf("left out %q, want %q", dropped, want)
	}
}

func TestAPlainServerIsSentOnlyWhatItKnows(t *testing.T) {
	body, dropped, err := sentOf(t, `{"model":"sonar","messages":[{"role":"system","content":"Be brief."},
		{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"https://images.example/1.png","detail":"high"}}]},
		{"role":"assistant","reasoning_details":[{"type":"reasoning.encrypted","data":"c2lnbmVk","id":"call_1","format":"perplexity-v1","index":0}],
			"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"Rain"}]}],
		"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object"}}}],
		"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},"reasoning_effort":"high","max_tokens":1,
		"language_preference":"en","user":"u1","logprobs":true,"metadata":{"a":"b"}}`, agentOptions)
	if err != nil {
		t.Fatal(err)
	}
	dialecttest.SameJSON(t, body, dialecttest.Golden(t, "responses_send_perplexity.json"))
	if want := []string{"logprobs", "messages.content.image_url.detail", "metadata", "user"}; !slices.Equal(dropped, want) {
		t.Fatalf("left out %q, want %q", dropped, want)
	}
}

func TestAModelsNameMayStandForAPreset(t *testing.T) {
	for chat, want := range map[string]string{
		`"model":"sonar-pro"`:                            `"perplexity/sonar" "low" `,
		`"model":"high"`:                                 ` "high" `,
		`"model":"openai/gpt-5.5"`:                       `"openai/gpt-5.5"  `,
		`"model":"sonar"`:                                `"perplexity/sonar"  "web_search"`,
		`"model":"sonar-pro","preset":"xhigh"`:           `"perplexity/sonar" "xhigh" `,
		`"model":"m","web_search_options":{}`:            `"m"  "web_search"`,
		`"model":"m","web_search_options":null`:          `"m"  `,
		`"model":"high","web_search_options":{"x":true}`: ` "high" "web_search"`,
	} {
		body, dropped, err := sentOf(t, `{`+chat+`,"messages":[{"role":"user","content":"hi"}]}`, agentOptions)
		v := gjson.GetManyBytes(body, "model", "preset", "tools.0.type")
		if got := v[0].Raw + " " + v[1].Raw + " " + v[2].Raw; err != nil || got != want || len(dropped) > 0 {
			t.Errorf("%s: got %s, want %s, left out %q, %v", chat, got, want, dropped, err)
		}
	}
}

// What Perplexity's chat completions were told of a search still holds.
func TestASearchIsFilteredAndTurnedOff(t *testing.T) {
	for chat, want := range map[string]string{
		`"model":"sonar","search_domain_filter":["a.example"]`:                 `{"filters":{"search_domain_filter":["a.example"]},"type":"web_search"}`,
		`"model":"high","search_recency_filter":"day","web_search_options":{}`: `{"filters":{"search_recency_filter":"day"},"type":"web_search"}`,
		`"model":"sonar","web_search_options":{"search_context_size":"high"}`:  `{"search_context_size":"high","type":"web_search"}`,
		`"model":"m","web_search_options":{"user_location":{"country":"NO"}}`:  `{"type":"web_search","user_location":{"country":"NO"}}`,
		`"model":"sonar","disable_search":true`:                                ``,
		`"model":"sonar-pro","disable_search":true`:                            ``,
	} {
		body, dropped, err := sentOf(t, `{`+chat+`,"messages":[{"role":"user","content":"hi"}]}`, agentOptions)
		if got := gjson.GetBytes(body, "tools.0").Raw; err != nil || got != want || len(dropped) > 0 || want == "" && strings.Contains(string(body), "preset") {
			t.Errorf("%s: sent %s, left out %q, %v", chat, body, dropped, err)
		}
	}
	for _, model := range []string{"high", "m"} { // nothing that could be turned off
		_, dropped, err := sentOf(t, `{"model":"`+model+`","disable_search":true,"messages":[{"role":"user","content":"hi"}]}`, agentOptions)
		if err != nil || !slices.Equal(dropped, []string{"disable_search"}) {
			t.Errorf("%s: left out %q, %v", model, dropped, err)
		}
	}
}

func TestAModelThatNeedsALimitHasOne(t *testing.T) {
	for chat, want := range map[string]int64{`"model":"anthropic/claude"`: 4096, `"model":"anthropic/claude","max_tokens":99`: 99, `"model":"m"`: 0} {
		body, _, err := sentOf(t, `{`+chat+`,"messages":[{"role":"user","content":"hi"}]}`, agentOptions)
		if got := gjson.GetBytes(body, "max_output_tokens").Int(); err != nil || got != want {
			t.Errorf("%s: got %d, %v", chat, got, err)
		}
	}
}

func TestWhatAResponseCannotCarryIsRefusedByName(t *testing.T) {
	of := func(part string) string { return `{"model":"m","messages":[{"role":"user","content":[` + part + `]}]}` }
	for chat, words := range map[string]string{
		`"n":2`:                                            "n over 1",
		`"stop":"x"`:                                       "stop",
		`"audio":{"voice":"alloy"}`:                        "audio",
		`"modalities":["text","a"]`:                        "modalities",
		`"functions":[{"name":"f"}]`:                       "functions",
		`"function_call":"auto"`:                           "function_call",
		`"background":true`:                                "background",
		`"tools":[{"type":"custom"}]`:                      "tools[0], a tool of the type custom",
		`"response_format":{"type":"x"}`:                   "response_format of the type x",
		of(`{"type":"video_url","video_url":{"url":"u"}}`): "messages[0].content[0], a part of the type video_url",
		of(`{"type":"image_url"}`):                         "messages[0].content[0]",
		strings.Replace(of(`{"type":"file","file":{"file_id":"f"}}`), "user", "assistant", 1):                               "messages[0].content[0]",
		`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"custom","function":{"name":"f"}}]}]}`: "messages[0].tool_calls[0]",
	} {
		mustRefuse(t, chat, ResponsesOptions{}, schemas.KindUnsupportedOperation, words)
	}
	for chat, words := range map[string]string{
		of(`{"type":"file","file":{"file_id":"f"}}`):                           "messages[0].content[0], a part of the type file",
		of(`{"type":"input_audio","input_audio":{"data":"x","format":"wav"}}`): "input_audio",
	} {
		mustRefuse(t, chat, agentOptions, schemas.KindUnsupportedOperation, words)
	}
	for chat, words := range map[string]string{
		`{"model":"m","messages":[{"role":"tool","content":"a"}]}`:                                 "messages[0].tool_call_id",
		`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]}`: "messages[0].tool_calls[0] needs an id",
		`"response_format":{"type":"json_schema","json_schema":{"schema":{}}}`:                     "response_format.json_schema",
		`"reasoning":7`: "reasoning",
		`"text":7`:      "text",
		`"include":7`:   "include",
	} {
		mustRefuse(t, chat, ResponsesOptions{}, schemas.KindInvalidRequest, words)
	}
}

func mustRefuse(t *testing.T, chat string, opts ResponsesOptions, kind schemas.ErrorKind, words string) {
	t.Helper()
	_, _, err := sentOf(t, chat, opts)
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Message, words) {
		t.Errorf("%s: got %v, want %s about %q", chat, err, kind, words)
	}
}

func TestWhatAResponseLeavesOutIsNamed(t *testing.T) {
	for field, chat := range map[string]string{
		"top_k":                          `"top_k":4`,
		"seed":                           `"seed":4`,
		"presence_penalty":               `"presence_penalty":0.1`,
		"logit_bias":                     `"logit_bias":{"1":1}`,
		"prediction":                     `"prediction":{"type":"content"}`,
		"tools.cache_control":            `"tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]`,
		"messages.is_error":              `{"model":"m","messages":[{"role":"tool","tool_call_id":"a","content":"b","is_error":true}]}`,
		"messages.content.cache_control": `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]}]}`,
		"messages.reasoning_content":     `{"model":"m","messages":[{"role":"assistant","content":"a","reasoning_content":"b"}]}`,
		"messages.reasoning_details": `{"model":"m","messages":[{"role":"assistant","content":"a","reasoning_details":[
			{"type":"reasoning.summary","summary":"a","id":"rs","format":"openai-responses-v1","index":0}]}]}`, // nothing that could be sent back
	} {
		_, dropped, err := sentOf(t, chat, ResponsesOptions{})
		if err != nil || !slices.Equal(dropped, []string{field}) {
			t.Errorf("%s: left out %q, %v", chat, dropped, err)
		}
	}
	for _, chat := range []string{`"presence_penalty":0,"frequency_penalty":0,"n":1,"stop":[],"modalities":["text"],"stream_options":{"include_usage":true}`,
		`"response_format":{"type":"text"},"logit_bias":null`} {
		body, dropped, err := sentOf(t, chat, ResponsesOptions{})
		if err != nil || len(dropped) > 0 || string(body) != `{"model":"m","input":[{"type":"message","role":"user","content":"hi"}],"include":["reasoning.encrypted_content"],"store":false}` {
			t.Errorf("%s: sent %s, left out %q, %v", chat, body, dropped, err)
		}
	}
}

// A chat is not stored unless its caller says so, and neither is a response.
func TestSettingsOfAChatKeepTheirMeaning(t *testing.T) {
	for chat, want := range map[string]string{
		`"store":true`:                                   `store true`,
		`"store":null`:                                   `store false`,
		`"max_tokens":7`:                                 `max_output_tokens 16`,
		`"max_completion_tokens":70`:                     `max_output_tokens 70`,
		`"tool_choice":"required"`:                       `tool_choice "required"`,
		`"stream":true`:                                  `stream true`,
		`"verbosity":"low"`:                              `text {"verbosity":"low"}`,
		`"include":["x"]`:                                `include ["x","reasoning.encrypted_content"]`,
		`"reasoning_effort":"none"`:                      `reasoning {"effort":"none"}`,
		`"reasoning":{"summary":"detailed"}`:             `reasoning {"summary":"detailed"}`,
		`"truncation":"auto"`:                            `truncation "auto"`,
		`"stream_options":{"include_obfuscation":false}`: `stream_options {"include_obfuscation":false}`,
		`"response_format":{"type":"json_object"}`:       `text {"format":{"type":"json_object"}}`,
	} {
		field, value, _ := strings.Cut(want, " ")
		body, dropped, err := sentOf(t, chat, ResponsesOptions{})
		if got := gjson.GetBytes(body, field).Raw; err != nil || got != value || len(dropped) > 0 {
			t.Errorf("%s: sent %s %s, want %s, left out %q, %v", chat, field, got, value, dropped, err)
		}
	}
}

// Whoever asks for thinking as such wants to read it; an effort alone shows nothing in a
// chat completion, and summaries are for verified organisations only.
func TestThinkingThatIsAskedForIsSummarized(t *testing.T) {
	for want, thinking := range map[string]*schemas.Thinking{
		`{"effort":"medium","summary":"auto"}`: {Budget: 8000},
		`{"effort":"low"}`:                     {Budget: 4000, Hidden: true},
		`{"effort":"none"}`:                    {Off: true},
		`{"summary":"auto"}`:                   {},
		``:                                     nil,
	} {
		body, _, err := EncodeChatAsResponse(&schemas.ChatRequest{Model: "m", Thinking: thinking, Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}},
			"", false, ResponsesOptions{})
		if got := gjson.GetBytes(body, "reasoning").Raw; err != nil || got != want {
			t.Errorf("%+v: got %s, %v", thinking, got, err)
		}
	}
	body, dropped, err := EncodeChatAsResponse(&schemas.ChatRequest{Model: "m", Thinking: &schemas.Thinking{Off: true}}, "", false, agentOptions)
	if err != nil || strings.Contains(string(body), "reasoning") || !slices.Equal(dropped, []string{"reasoning_effort"}) {
		t.Errorf("sent %s, left out %q, %v", body, dropped, err)
	}
}

// A call of the Responses API that is read and sent again is the same call.
func TestACallOfTheResponsesAPIComesOutAsItWentIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chat := aChat(t)
		body, dropped, err := EncodeChatAsResponse(chat, "", false, ResponsesOptions{})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("left out %q, %v", dropped, err)
		}
		back, err := decodeResponses(body)
		if err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		again, dropped, err := EncodeChatAsResponse(back.chat, "", false, ResponsesOptions{})
		if err != nil || len(dropped) > 0 {
			t.Fatalf("the second time left out %q, %v", dropped, err)
		}
		var one, two any
		if json.Unmarshal(body, &one) != nil || json.Unmarshal(again, &two) != nil || !reflect.DeepEqual(one, two) {
			t.Fatalf("sent %s\nthen %s", body, again)
		}
		back.chat.IncludeUsage = false // it is in every answer
		if !reflect.DeepEqual(back.chat, chat) {
			t.Fatalf("got %+v\nwant %+v\nof %s", back.chat, chat, body)
		}
	})
}

// aChat draws one that the Responses API carries whole, in the form in which it is read.
func aChat(t *rapid.T) *schemas.ChatRequest {
	yes, most := rapid.Bool(), 4096
	chat := &schemas.ChatRequest{Model: "m", Messages: someTurns(t)}
	if yes.Draw(t, "limit") {
		chat.MaxCompletionTokens = &most
	}
	if yes.Draw(t, "sampling") {
		chat.Temperature, chat.TopP, chat.User = ptr(0.5), ptr(0.9), "u"
	}
	if yes.Draw(t, "logprobs") {
		chat.Logprobs, chat.TopLogprobs = ptr(true), ptr(2)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "tools") {
		chat.Tools = append(chat.Tools, schemas.Tool{Type: toolFunction, Function: schemas.ToolFunction{Name: "f" + string(rune('0'+i)),
			Description: rapid.SampledFrom([]string{"", "does it"}).Draw(t, "description"), Strict: ptr(yes.Draw(t, "strict")),
			Parameters: json.RawMessage(`{"type":"object"}`)}})
	}
	if len(chat.Tools) > 0 {
		chat.ToolChoice = rapid.SampledFrom([]*schemas.ToolChoice{nil, {Mode: "auto"}, {Mode: "none"}, {Mode: "required"}, {Function: "f0"}}).Draw(t, "choice")
		chat.ParallelToolCalls = rapid.SampledFrom([]*bool{nil, ptr(false), ptr(true)}).Draw(t, "parallel")
	}
	chat.ResponseFormat = rapid.SampledFrom([]*schemas.ResponseFormat{nil, {Type: "json_object"},
		{Type: "json_schema", JSONSchema: json.RawMessage(`{"name":"n","schema":{"type":"object"},"strict":true}`)}}).Draw(t, "format")
	chat.ReasoningEffort = rapid.SampledFrom([]string{"", "none", "low", "xhigh"}).Draw(t, "effort")
	if yes.Draw(t, "extra") {
		chat.Extra = rawFields("verbosity", `"low"`, "prompt_cache_key", `"k"`, "safety_identifier", `"s"`, "service_tier", `"flex"`)
	}
	return chat
}

// someTurns draws a conversation.
func someTurns(t *rapid.T) []schemas.ChatMessage {
	words := rapid.SampledFrom([]string{"a", "ö\n", `{"b":1}`})
	messages := []schemas.ChatMessage{schemas.SystemMessage(words.Draw(t, "system"))}
	for i := range rapid.IntRange(1, 3).Draw(t, "turns") {
		asked := schemas.UserMessage(words.Draw(t, "user"))
		if rapid.Bool().Draw(t, "parts") {
			asked.Content = &schemas.Content{Parts: []schemas.ContentPart{schemas.TextPart("look"),
				{Type: "image_url", ImageURL: &schemas.ImageURL{URL: "https://x.example", Detail: "low"}},
				{Type: "file", File: &schemas.FileInput{FileURL: "https://y.example", Filename: "y"}}}}
		}
		said := schemas.AssistantMessage(words.Draw(t, "text"))
		if rapid.Bool().Draw(t, "refuses") {
			said.Refusal = ptr(words.Draw(t, "refusal"))
		}
		if rapid.Bool().Draw(t, "thinks") {
			id := "rs_" + string(rune('0'+i))
			said.Reasoning = words.Draw(t, "thought")
			said.ReasoningDetails = []schemas.ReasoningDetail{
				{Type: schemas.ReasoningSummary, Summary: said.Reasoning, ID: id, Format: schemas.FormatResponses},
				{Type: schemas.ReasoningEncrypted, Data: "c2VjcmV0", ID: id, Format: schemas.FormatResponses, Index: 1}}
		}
		var results []schemas.ChatMessage
		for j := range rapid.IntRange(0, 2).Draw(t, "calls") {
			id := "call_" + string(rune('a'+i)) + string(rune('a'+j))
			said.ToolCalls = append(said.ToolCalls, schemas.ToolCall{ID: id, Type: toolFunction,
				Function: schemas.FunctionCall{Name: "f0", Arguments: words.Draw(t, "arguments")}})
			results = append(results, schemas.ChatMessage{Role: roleTool, ToolCallID: id, Content: schemas.TextContent(words.Draw(t, "result"))})
		}
		messages = append(append(messages, asked, said), results...)
	}
	return messages
}
