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

// What a model thought and planned goes back to it in the next turn as it came, though
// the caller's dialect knows no plans.
func TestAPlanReturnsToItsProviderThroughEveryCaller(t *testing.T) {
	for name, c := range map[string]struct {
		surface dialect.Surface
		path    string
		first   string
		next    func(answer string) string
	}{
		"openai": {openai.Surface{}, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`, func(answer string) string {
			return fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"hi"},%s,{"role":"tool","tool_call_id":"w1","content":"7"}]}`,
				gjson.Get(answer, "choices.0.message").Raw)
		}},
		"responses": {openai.Surface{}, "/responses", `{"model":"m","input":"hi"}`, func(answer string) string {
			items := strings.TrimSuffix(strings.TrimPrefix(gjson.Get(answer, "output").Raw, "["), "]")
			return fmt.Sprintf(`{"model":"m","input":[{"role":"user","content":"hi"},%s,{"type":"function_call_output","call_id":"w1","output":"7"}]}`, items)
		}},
		"anthropic": {anthropic.Surface{}, "/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`, func(answer string) string {
			return fmt.Sprintf(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":%s},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"w1","content":"7"}]}]}`, gjson.Get(answer, "content").Raw)
		}},
		"gemini": {gemini.Surface{}, "/models/m:generateContent", `{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}`, func(answer string) string {
			return fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":"hi"}]},%s,
				{"role":"user","parts":[{"functionResponse":{"id":"w1","name":"weather","response":{"output":"7"}}}]}]}`, gjson.Get(answer, "candidates.0.content").Raw)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			translation, err := c.surface.Translate(post(c.path, c.first))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := cohere.Codec{}.Decode(translation.Request(), nil, []byte(planned), "")
			if err != nil {
				t.Fatal(err)
			}
			out, err := surface.Answer(c.surface, translation, resp)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(out.Raw.Body)
			if err != nil {
				t.Fatal(err)
			}
			sent := gjson.GetBytes(again(t, c.surface, c.path, c.next(string(answer))), "messages.1")
			for _, field := range []string{"content", "tool_plan", "tool_calls"} {
				if got, want := sent.Get(field).Value(), gjson.Get(planned, "message."+field).Value(); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: sent %v, want %v; the caller had %s", field, got, want, answer)
				}
			}
		})
	}
}

// again returns what Cohere is sent for a caller's next turn.
func again(t *testing.T, s dialect.Surface, path, body string) []byte {
	t.Helper()
	translation, err := s.Translate(post(path, body))
	if err != nil {
		t.Fatal(err)
	}
	req := *translation.Request()
	req.Operation, req.Model = schemas.OperationChat, "m"
	call, _, err := cohere.Codec{}.Encode(&req)
	if err != nil {
		t.Fatal(err)
	}
	return call.Body
}
