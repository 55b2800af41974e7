package openai

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

// plainly is a provider that has all of the quirks.
var plainly = ChatOptions{SystemOnly: true, MaxTokensOnly: true, NoToolChoice: true, PlainReasoning: true}

func TestAPassedCallHasTheNamesThatItsProviderKnows(t *testing.T) {
	const two = `"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b","x":1.0}}]`
	for given, want := range map[string]string{
		`{"messages":[{"role":"developer","content":"x"},{"role":"user","content":"developer"}, {"role":"developer"}]}`: `{"messages":[{"role":"system","content":"x"},{"role":"user","content":"developer"}, {"role":"system"}]}`,
		`{ "max_completion_tokens": 7 }`:                                                               `{"max_tokens":7}`,
		`{"max_tokens":9,"max_completion_tokens":7}`:                                                   `{"max_tokens":7}`,
		`{"max_completion_tokens":null,"odd":1.0}`:                                                     `{"max_completion_tokens":null,"odd":1.0}`,
		`{` + two + `,"tool_choice":"none"}`:                                                           `{"tool_choice":"none"}`,
		`{` + two + `,"tool_choice":"required"}`:                                                       `{` + two + `,"tool_choice":"required"}`,
		`{"tool_choice":{"function":{"name":"b"}},` + two + `}`:                                        `{"tool_choice":{"function":{"name":"b"}},"tools":[{"type":"function","function":{"name":"b","x":1.0}}]}`,
		`{"tool_choice":{"function":{"name":"c"}},` + two + `}`:                                        `{"tool_choice":{"function":{"name":"c"}},` + two + `}`,
		`{ "odd" : 1.0, "messages":[{"role":"user","content":"\"developer\""}] }`:                      `{ "odd" : 1.0, "messages":[{"role":"user","content":"\"developer\""}] }`,
		`{"messages":[{"reasoning_content":"a\u0062","role":"assistant"},{"reasoning_content":null}]}`: `{"messages":[{"role":"assistant","reasoning":"a\u0062"},{"reasoning_content":null}]}`,
		`{"messages":[{"reasoning_content":"a","reasoning":"b"}]}`:                                     `{"messages":[{"reasoning":"b"}]}`,
		`{"messages":[{"role":"developer"`:                                                             `{"messages":[{"role":"developer"`,
	} {
		body := []byte(given)
		if got := plainly.Plain(body); !sameJSON(got, want) {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
		if string(body) != given {
			t.Errorf("the caller's body was modified: %s", body)
		}
		if got := (ChatOptions{}).Plain(body); string(got) != given {
			t.Errorf("without quirks: got %s", got)
		}
	}
}

// sameJSON compares without white space, where there is JSON.
func sameJSON(a []byte, b string) bool {
	if !gjson.Valid(b) {
		return string(a) == b
	}
	return gjson.GetBytes(a, "@ugly").Raw == gjson.Get(b, "@ugly").Raw
}

func TestAChoiceOfToolsThatWouldBeIgnoredIsMadeByTheTools(t *testing.T) {
	tools := []schemas.Tool{{Type: "function", Function: schemas.ToolFunction{Name: "a"}}, {Type: "function", Function: schemas.ToolFunction{Name: "b"}}}
	for _, c := range []struct {
		choice  schemas.ToolChoice
		tools   string
		dropped []string
	}{
		{schemas.ToolChoice{Function: "b"}, `["b"]`, nil},
		{schemas.ToolChoice{Mode: "none"}, `[]`, nil},
		{schemas.ToolChoice{Mode: "auto"}, `["a","b"]`, nil},
		{schemas.ToolChoice{Mode: "required"}, `["a","b"]`, []string{"tool_choice"}},
	} {
		chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, Tools: tools, ToolChoice: &c.choice}
		body, dropped := encoded(t, Codec{Chat: plainly}, chat)
		if got := gjson.Get(body, "tools.#.function.name"); c.tools != "[]" && got.Raw != c.tools || c.tools == "[]" && gjson.Get(body, "tools.0").Exists() ||
			gjson.Get(body, "tool_choice").Exists() || !slices.Equal(dropped, c.dropped) {
			t.Errorf("%+v: got %s, dropped %v", c.choice, body, dropped)
		}
		if len(tools) != 2 || tools[0].Function.Name != "a" || chat.ToolChoice == nil {
			t.Errorf("the caller's request was modified: %+v", chat)
		}
	}
	chat := &schemas.ChatRequest{Model: "m", Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, Tools: tools, ToolChoice: &schemas.ToolChoice{Function: "c"}}
	if _, _, err := (Codec{Chat: plainly}).Encode(&schemas.Request{Operation: schemas.OperationChat, Model: "m", Chat: chat}); err == nil {
		t.Error("a choice of a function that is not there was taken")
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte(`{"messages":[{"role":"developer"}],"max_completion_tokens":1,"tool_choice":{"function":{"name":"a"}},"tools":[{"function":{"name":"a"}}]}`))
	f.Add([]byte(`{"messages":{"role":"developer"},"tool_choice":"none","tools":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		got := plainly.Plain(body)
		if !bytes.Equal(body, before) {
			t.Fatal("the body was modified")
		}
		if gjson.ValidBytes(body) && !gjson.ValidBytes(got) {
			t.Fatalf("made %q of %q", got, body)
		}
	})
}
