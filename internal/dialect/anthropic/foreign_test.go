package anthropic

import "testing"

func TestThinkingOfOtherProvidersIsNotPassedOn(t *testing.T) {
	const ours = `{"type":"redacted_thinking","data":"bifrost.e30="}`
	const unsigned = `{"type":"thinking","thinking":"hm","signature":""}`
	const own = `{"type":"thinking","thinking":"hm","signature":"s"}`
	const text = `{"type":"text","text":"bifrost."}`
	for given, want := range map[string]string{
		`{"messages":[{"role":"user","content":"bifrost."}, {"role":"assistant","content":[` + own + `,` + text + `]}]}`:                 "",
		`{"messages":[{"role":"assistant","content":[` + unsigned + `,` + ours + `,` + text + `]},{"role":"user","content":"a"}],"x":1}`: `{"messages":[{"role":"assistant","content":[` + text + `]},{"role":"user","content":"a"}],"x":1}`,
		`{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[` + ours + `]}]}`:                                     `{"messages":[{"role":"user","content":"a"}]}`,
		`{"messages":[{"role":"user","content":[` + ours + `]}]}`:                                                                        "",
		`{"messages":[` + ours: "",
	} {
		if want == "" {
			want = given
		}
		if got := string(WithoutForeign([]byte(given))); got != want {
			t.Errorf("%s: got %s", given, got)
		}
	}
}
