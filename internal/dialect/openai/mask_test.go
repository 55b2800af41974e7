package openai

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAnEventThatIsNoContentLosesTheKey(t *testing.T) {
	const after = partChunk + lastChunk + endMark
	for name, c := range map[string]struct{ path, sent, want string }{
		"an error": {PathChat, `data: {"error":{"message":"bad sk-1","code":401}}` + "\n\n",
			`data: {"error":{"message":"bad ***","code":401}}` + "\n\n"},
		"an error in two lines": {PathChat, ": c\ndata: {\"error\":\ndata: {\"message\":\"bad sk-1\"}}\n\n",
			"data: {\"error\":\ndata: {\"message\":\"bad ***\"}}\n\n"},
		"a named error": {"/speech", "event: error\ndata: bad sk-1\n\n", "event: error\ndata: bad ***\n\n"},
		"an open error": {PathChat, `data: {"error":{"message":"bad sk-1"}}`, `data: {"error":{"message":"bad ***"}}` + "\n\n"},
		"a cut error":   {PathChat, `data: {"error":{"message":"bad sk-`, ""},
		"a failing reason": {PathChat, `data: {"choices":[{"finish_reason":"error"}],"why":"sk-1"}` + "\n\n",
			`data: {"choices":[{"finish_reason":"error"}],"why":"***"}` + "\n\n"},
		"no json":   {PathChat, "data: bad sk-1\n\n", "data: bad ***\n\n"},
		"a comment": {PathChat, ": for sk-1\n\n", ""},
		"a failed response": {PathResponses, "event: response.failed\ndata: {\"response\":{\"error\":{\"message\":\"sk-1\"}}}\n\n",
			"event: response.failed\ndata: {\"response\":{\"error\":{\"message\":\"***\"}}}\n\n"},
	} {
		got := watched(c.path, partChunk+c.sent)
		if got.Passed != partChunk+c.want {
			t.Errorf("%s: passed %q, want %q", name, got.Passed, partChunk+c.want)
		}
	}
	content := `data: {"choices":[{"delta":{"content":"sk-1"}}]}` + "\n\n"
	if got := watched(PathChat, content+after); got.Passed != content+after {
		t.Errorf("content has changed: %q", got.Passed)
	}
}

// A key may be as short as a number; what is left of an error must be one still.
func TestAnErrorThatIsNoJSONWithoutTheKeyIsToldInOurWords(t *testing.T) {
	got := watchedWith(PathChat, partChunk+`data: {"error":{"message":"m","code":503}}`+"\n\n", StreamOptions{Key: "503"})
	data, ok := strings.CutPrefix(got.Passed, partChunk+"data: ")
	if !ok || !json.Valid([]byte(data)) || strings.Contains(data, "503") || !strings.Contains(data, "the provider failed") {
		t.Errorf("passed %q", got.Passed)
	}
}
