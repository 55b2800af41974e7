package surface_test

import (
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/openai"
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
	codec := openai.Codec{Responses: &openai.ResponsesOptions{}}
	for name, c := range conversations("call_1") {
		t.Run(name, func(t *testing.T) {
			body, dropped, answer := c.returned(t, codec, reasoned)
			// What has an id at the provider is a reasoning item only.
			want := `[{"type":"message","role":"user","content":"hi"},` +
				`{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"A harbour."},{"type":"summary_text","text":"In Norway."}],"encrypted_content":"gAAAAinvented"},` +
				`{"type":"message","role":"assistant","content":"Let me look."},` +
				`{"type":"function_call","call_id":"call_1","name":"weather","arguments":"{\"city\":\"Bergen\"}"},` +
				`{"type":"function_call_output","call_id":"call_1","output":"7"}]`
			if got := gjson.GetBytes(body, "input").Raw; got != want || len(dropped) > 0 {
				t.Errorf("sent %s\nwant %s\nleft out %q; the caller had %s", got, want, dropped, answer)
			}
		})
	}
}
