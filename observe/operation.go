package observe

import (
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

// operation is what a request asks for, as it is counted. Those of raw calls are found
// by their paths, so that the same question has the same name in each dialect.
type operation struct {
	name    string
	genAI   string // gen_ai.operation.name, where the conventions know it; else as name
	streams bool   // the answer comes in pieces
}

const (
	opChat       = "chat"
	opResponses  = "responses"
	opCompletion = "completion"
	opEmbeddings = "embeddings"
	opOther      = "other"
)

// suffixStream marks the operations whose answers come in pieces.
const suffixStream = "_stream"

func operationOf(req *schemas.Request) operation {
	if req.Operation == schemas.OperationRaw && req.Raw != nil {
		return rawOperation(req.Raw)
	}
	name, streams := strings.CutSuffix(string(req.Operation), suffixStream)
	return named(name, streams)
}

func named(name string, streams bool) operation {
	op := operation{name: name, genAI: name, streams: streams}
	switch name {
	case opResponses:
		op.genAI = opChat
	case opCompletion:
		op.genAI = "text_completion"
	}
	if streams {
		op.name = name + suffixStream
	}
	return op
}

// A rule names the operation of the raw calls whose path ends, or begins, with a word.
type rule struct{ word, name string }

// methods are what follows the colon in a path of Gemini's.
var methods = map[string]operation{
	"generateContent":       {opChat, "generate_content", false},
	"streamGenerateContent": {opChat + suffixStream, "generate_content", true},
	"embedContent":          named(opEmbeddings, false),
	"batchEmbedContents":    named(opEmbeddings, false),
	"countTokens":           named("count_tokens", false),
}

// ends are of the paths of OpenAI, Anthropic, Bedrock and Cohere, the longer ones first.
var ends = []rule{
	{"/chat/completions", opChat},
	{"/completions", opCompletion},
	{"/messages/count_tokens", "count_tokens"},
	{"/messages", opChat},
	{"/converse", opChat},
	{"/converse-stream", opChat + suffixStream},
	{"/v2/chat", opChat},
	{"/responses", opResponses},
	{"/embeddings", opEmbeddings},
	{"/v2/embed", opEmbeddings},
	{"/rerank", "rerank"},
	{"/moderations", "moderation"},
	{"/images/generations", "image"},
	{"/audio/speech", "speech"},
	{"/audio/transcriptions", "transcription"},
	{"/audio/translations", "translation"},
	{"/models", "list_models"},
}

// beginnings are of paths that go on with an id.
var beginnings = []rule{
	{"/files", "files"},
	{"/batches", "batches"},
	{"/messages/batches", "batches"},
	{"/responses/", opResponses},
	{"/models/", "list_models"},
}

func rawOperation(raw *schemas.RawRequest) operation {
	if _, method, ok := strings.Cut(raw.Path, ":"); ok {
		if op, ok := methods[method]; ok {
			return op
		}
	}
	for _, r := range ends {
		if strings.HasSuffix(raw.Path, r.word) {
			name, always := strings.CutSuffix(r.name, suffixStream)
			return named(name, always || asksForStream(raw.Body))
		}
	}
	for _, r := range beginnings {
		if strings.HasPrefix(raw.Path, r.word) {
			return named(r.name, false)
		}
	}
	return named(opOther, false)
}

// asksForStream reports what a body's own field stream says.
func asksForStream(body []byte) bool {
	return len(body) > 0 && body[0] == '{' && gjson.GetBytes(body, "stream").Type == gjson.True
}
