package surface_test

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/cohere"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// planned is an answer of Cohere's that thinks, plans and calls a tool
// (https://docs.cohere.com/docs/tool-use-overview).
const planned = `{"id":"c","finish_reason":"TOOL_CALL","message":{"role":"assistant","content":[{"type":"thinking","thinking":"It is Oslo."}],
	"tool_plan":"I will look it up.","tool_calls":[{"id":"w1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},
	"usage":{"tokens":{"input_tokens":1,"output_tokens":2}}}`

// A conversation is a caller's first turn, and its second with the answer to the first.
type conversation struct {
	surface dialect.Surface
	path    string
	first   string
	next    func(answer string) string
}

// conversations are those of every dialect of callers: with a tool that is called by id.
func conversations(id string) map[string]conversation {
	return map[string]conversation{
		"openai": {openai.Surface{}, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`, func(answer string) string {
			return fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"hi"},%s,{"role":"tool","tool_call_id":%q,"content":"7"}]}`,
				gjson.Get(answer, "choices.0.message").Raw, id)
		}},
		"responses": {openai.Surface{}, "/responses", `{"model":"m","input":"hi"}`, func(answer string) string {
			items := strings.TrimSuffix(strings.TrimPrefix(gjson.Get(answer, "output").Raw, "["), "]")
			return fmt.Sprintf(`{"model":"m","input":[{"role":"user","content":"hi"},%s,{"type":"function_call_output","call_id":%q,"output":"7"}]}`, items, id)
		}},
		"anthropic": {anthropic.Surface{}, "/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`, func(answer string) string {
			return fmt.Sprintf(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":%s},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":%q,"content":"7"}]}]}`, gjson.Get(answer, "content").Raw, id)
		}},
		"gemini": {gemini.Surface{}, "/models/m:generateContent", `{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}`, func(answer string) string {
			return fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":"hi"}]},%s,
				{"role":"user","parts":[{"functionResponse":{"id":%q,"name":"weather","response":{"output":"7"}}}]}]}`, gjson.Get(answer, "candidates.0.content").Raw, id)
		}},
	}
}

// returned answers the first turn of a conversation with a provider's answer, and returns
// what the provider is sent for the second, what was left out, and the answer as the caller
// had it.
func (c conversation) returned(t *testing.T, codec dialect.Codec, body string) (sent []byte, dropped []string, answer string) {
	t.Helper()
	translation, err := c.surface.Translate(post(c.path, c.first))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := codec.Decode(translation.Request(), nil, []byte(body), "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := surface.Answer(c.surface, translation, resp)
	if err != nil {
		t.Fatal(err)
	}
	had, err := io.ReadAll(out.Raw.Body)
	if err != nil {
		t.Fatal(err)
	}
	if translation, err = c.surface.Translate(post(c.path, c.next(string(had)))); err != nil {
		t.Fatal(err)
	}
	req := *translation.Request()
	req.Operation, req.Model = schemas.OperationChat, "m"
	call, dropped, err := codec.Encode(&req)
	if err != nil {
		t.Fatal(err)
	}
	return call.Body, dropped, string(had)
}

// What a model thought and planned goes back to it in the next turn as it came, though
// the caller's dialect knows no plans.
func TestAPlanReturnsToItsProviderThroughEveryCaller(t *testing.T) {
	for name, c := range conversations("w1") {
		t.Run(name, func(t *testing.T) {
			body, _, answer := c.returned(t, cohere.Codec{}, planned)
			sent := gjson.GetBytes(body, "messages.1")
			for _, field := range []string{"content", "tool_plan", "tool_calls"} {
				if got, want := sent.Get(field).Value(), gjson.Get(planned, "message."+field).Value(); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: sent %v, want %v; the caller had %s", field, got, want, answer)
				}
			}
		})
	}
}
