package openai

import "testing"

func TestReasoningThatCameThroughTranslationIsNotPassedOn(t *testing.T) {
	const ours = `{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"bifrost.W10="}`
	const own = `{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"gAAA"}`
	const text = `{"role":"user","content":"bifrost."}`
	for given, want := range map[string]string{
		`{"input":[` + own + `, ` + text + `]}`:                   `{"input":[` + own + `, ` + text + `]}`,
		`{"input":[` + ours + `,` + own + `,` + text + `],"x":1}`: `{"input":[` + own + `,` + text + `],"x":1}`,
		`{"input":"bifrost.","instructions":"bifrost."}`:          `{"input":"bifrost.","instructions":"bifrost."}`,
	} {
		if got := string(WithoutForeign([]byte(given))); got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
}
