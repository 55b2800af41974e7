package observe

import (
	"testing"

	"bifrost/schemas"
)

func raw(path, body string) *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationRaw, Raw: &schemas.RawRequest{Path: path, Body: []byte(body)}}
}

func TestTheSameQuestionHasTheSameNameInEachDialect(t *testing.T) {
	for _, c := range []struct {
		req         *schemas.Request
		name, genAI string
	}{
		{&schemas.Request{Operation: schemas.OperationChat}, "chat", "chat"},
		{&schemas.Request{Operation: schemas.OperationChatStream}, "chat_stream", "chat"},
		{&schemas.Request{Operation: schemas.OperationEmbeddings}, "embeddings", "embeddings"},
		{&schemas.Request{Operation: schemas.OperationCompletion}, "completion", "text_completion"},
		{&schemas.Request{Operation: schemas.OperationRaw}, "raw", "raw"},
		{raw("/chat/completions", `{"model":"m"}`), "chat", "chat"},
		{raw("/chat/completions", `{"stream":true}`), "chat_stream", "chat"},
		{raw("/chat/completions", `{"messages":[{"content":"\"stream\":true"}],"stream":false}`), "chat", "chat"},
		{raw("/completions", `{"stream": true}`), "completion_stream", "text_completion"},
		{raw("/responses", `{"stream":true}`), "responses_stream", "chat"},
		{raw("/responses/resp_1/cancel", ""), "responses", "chat"},
		{raw("/messages", `{"stream":true}`), "chat_stream", "chat"},
		{raw("/messages/count_tokens", "{}"), "count_tokens", "count_tokens"},
		{raw("/messages/batches/b_1", ""), "batches", "batches"},
		{raw("/models/gemini-x:generateContent", "{}"), "chat", "generate_content"},
		{raw("/models/gemini-x:streamGenerateContent", "{}"), "chat_stream", "generate_content"},
		{raw("/models/ft:gpt-4o:me", ""), "list_models", "list_models"},
		{raw("/models/m:embedContent", "{}"), "embeddings", "embeddings"},
		{raw("/model/a.b-v1/converse-stream", "{}"), "chat_stream", "chat"},
		{raw("/v2/chat", `{"stream":true}`), "chat_stream", "chat"},
		{raw("/audio/speech", "{}"), "speech", "speech"},
		{raw("/files/file-1", ""), "files", "files"},
		{raw("/what/nobody/knows", ""), "other", "other"},
	} {
		got := operationOf(c.req)
		if got.name != c.name || got.genAI != c.genAI {
			t.Errorf("%+v: got %q, %q, want %q, %q", c.req.Raw, got.name, got.genAI, c.name, c.genAI)
		}
	}
}

// FuzzOperation shows that no path of a caller's becomes a label.
func FuzzOperation(f *testing.F) {
	f.Add("/chat/completions", `{"stream":true}`)
	f.Add("/models/x:streamGenerateContent", "")
	f.Add("/files/x", "{")
	labels := map[string]bool{opOther: true}
	for _, op := range methods {
		labels[op.name] = true
	}
	for _, rules := range [][]rule{ends, beginnings} {
		for _, r := range rules {
			labels[r.name], labels[r.name+suffixStream] = true, true
		}
	}
	f.Fuzz(func(t *testing.T, path, body string) {
		if op := operationOf(raw(path, body)); !labels[op.name] {
			t.Errorf("%q became %q", path, op.name)
		}
	})
}
