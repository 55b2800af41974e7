package openaicompat

import "testing"

func TestAPathThatStaysBelowItsBaseIsSentAsItIs(t *testing.T) {
	for _, path := range []string{"/chat/completions", "/models/meta-llama%2FLlama-3", "/files/a..b", "/files/...", "/a%20b", "/threads/t_1/runs", "/models/ft:gpt-4o:x"} {
		if got, err := target(path, ""); err != nil || got != path {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	if got, err := target("/files", "after=a%2Fb&limit=2"); err != nil || got != "/files?after=a%2Fb&limit=2" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, query := range []string{"a#b", "a\r\nX: y"} {
		if _, err := target("/files", query); err == nil {
			t.Errorf("%q was accepted", query)
		}
	}
}
