package surface_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/anthropic"
	"bifrost/internal/dialect/gemini"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// reasoned is an answer of a model that reasons, in two parts, and calls a tool.
const reasoned = `{"id":"resp_1","object":"response","status":"completed","model":"m","output":[
	{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"A harbour."},{"type":"summary_text","text":"In Norway."}],"encrypted_content":"gAAAAinvented"},
	{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"Let me look."}]},
	{"type":"function_call","id":"fc_1","call_id":"call_1","name":"weather","arguments":"{\"city\":\"Bergen\"}"}],
	"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}`

// What a model of the Responses API thought goes back to it in the next turn as it came,
// encrypted as it is, though the caller's dialect has no place for it.
func TestReasoningReturnsToAModelOfTheResponsesAPIThroughEveryCaller(t *testing.T) {
	for name, c := range map[string]struct {
		surface dialect.Surface
		path    string
		first   string
		next    func(answer string) string
	}{
		"openai": {openai.Surface{}, "/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`, func(answer string) string {
			return fmt.Sprintf(`{"model":"m","messages":[{"role":"user","content":"hi"},%s,{"role":"tool","tool_call_id":"call_1","content":"7"}]}`,
				gjson.Get(answer, "choices.0.message").Raw)
		}},
		"responses": {openai.Surface{}, "/responses", `{"model":"m","input":"hi"}`, func(answer string) string {
			items := strings.TrimSuffix(strings.TrimPrefix(gjson.Get(answer, "output").Raw, "["), "]")
			return fmt.Sprintf(`{"model":"m","input":[{"role":"user","content":"hi"},%s,{"type":"function_call_output","call_id":"call_1","output":"7"}]}`, items)
		}},
		"anthropic": {anthropic.Surface{}, "/messages", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`, func(answer string) string {
			return fmt.Sprintf(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":%s},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"7"}]}]}`, gjson.Get(answer, "content").Raw)
		}},
		"gemini": {gemini.Surface{}, "/models/m:generateContent", `{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}`, func(answer string) string {
			return fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":"hi"}]},%s,
				{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"weather","response":{"output":"7"}}}]}]}`, gjson.Get(answer, "candidates.0.content").Raw)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			codec := openai.Codec{Responses: &openai.ResponsesOptions{}}
			translation, err := c.surface.Translate(post(c.path, c.first))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := codec.Decode(translation.Request(), nil, []byte(reasoned), "")
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
			if translation, err = c.surface.Translate(post(c.path, c.next(string(answer)))); err != nil {
				t.Fatal(err)
			}
			req := *translation.Request()
			req.Operation, req.Model = schemas.OperationChat, "m"
			call, dropped, err := codec.Encode(&req)
			if err != nil {
				t.Fatal(err)
			}
			// What has an id at the provider is a reasoning item only.
			want := `[{"type":"message","role":"user","content":"hi"},` +
				`{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"A harbour."},{"type":"summary_text","text":"In Norway."}],"encrypted_content":"gAAAAinvented"},` +
				`{"type":"message","role":"assistant","content":"Let me look."},` +
				`{"type":"function_call","call_id":"call_1","name":"weather","arguments":"{\"city\":\"Bergen\"}"},` +
				`{"type":"function_call_output","call_id":"call_1","output":"7"}]`
			if got := gjson.GetBytes(call.Body, "input").Raw; got != want || len(dropped) > 0 {
				t.Errorf("sent %s\nwant %s\nleft out %q; the caller had %s", got, want, dropped, answer)
			}
		})
	}
}
