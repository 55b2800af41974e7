package adapter

import "testing"

func TestAPathThatStaysBelowItsBaseIsSentAsItIs(t *testing.T) {
	for _, path := range []string{"/chat/completions", "/models/meta-llama%2FLlama-3", "/files/a..b", "/files/...", "/a%20b", "/threads/t_1/runs", "/models/ft:gpt-4o:x"} {
		if err := checkTarget(path, ""); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := checkTarget("/files", "after=a%2Fb&limit=2"); err != nil {
		t.Error(err)
	}
	for _, query := range []string{"a#b", "a\r\nX: y"} {
		if err := checkTarget("/files", query); err == nil {
			t.Errorf("%q was accepted", query)
		}
	}
}
