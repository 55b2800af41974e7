package providertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bifrost/schemas"
)

var openAIAnswers = answerSet{
	good: goodOpenAI, raw: rawOpenAI, errorBody: openAIErrorBody,
	chat: helloChat, mark: `"choices"`, foreign: `{"type":"message","content":[]}`,
	hello: chunkHello, there: chunkThere, stop: chunkStop, done: chunkDone,
	failure: chunkError, failureStatus: 503,
	failingReason: `data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}` + "\n\n",
	begins:        "data: {",
	odd: "\xEF\xBB\xBF" + comment + "event: x\r\n" + "id:7\r\n" + "data:{\"choices\":[{\"index\":0,\"delta\":{}}],\r\ndata: \"x\":1}\r\n\r\n" +
		chunkHello + ":\n\n" + chunkStop + chunkDone + comment,
}

// Parts of good answers in the OpenAI dialect.
const (
	helloChat = `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,` +
		`"message":{"role":"assistant","content":"` + helloText + `"},"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`

	chunkHello = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello "},"finish_reason":null}]}` + "\n\n"
	chunkThere = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"there"},"finish_reason":null}]}` + "\n\n"
	chunkStop  = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	chunkUsage = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}` + "\n\n"
	chunkError = `data: {"error":{"code":503,"message":"broken inside","type":"server_error"}}` + "\n\n"
	chunkDone  = "data: [DONE]\n\n"

	helloStream = chunkHello + chunkThere + chunkStop

	helloEmbeddings = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1]},` +
		`{"object":"embedding","index":1,"embedding":[1,0.5]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}`

	helloModels = `{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"test"}]}`
)

// goodOpenAI is a provider without faults.
func goodOpenAI(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	switch {
	case strings.HasSuffix(r.URL.Path, "/embeddings"):
		answer(w, "application/json", helloEmbeddings)
	case strings.HasSuffix(r.URL.Path, "/models"):
		answer(w, "application/json", helloModels)
	case strings.HasSuffix(r.URL.Path, "/moderations"):
		answer(w, "application/json", `{"id":"m","model":"m","results":[{"flagged":false,"categories":{},"category_scores":{}}]}`)
	case strings.HasSuffix(r.URL.Path, "/rerank"):
		answer(w, "application/json", `{"id":"r","model":"m","results":[{"index":1,"relevance_score":0.5}]}`)
	case strings.HasSuffix(r.URL.Path, "/images/generations"):
		answer(w, "application/json", `{"created":1,"data":[{"b64_json":"AA=="}]}`)
	case strings.HasSuffix(r.URL.Path, "/audio/speech"):
		answer(w, "audio/mpeg", "sound")
	case strings.Contains(r.URL.Path, "/audio/trans"):
		answer(w, "application/json", `{"text":"`+helloText+`"}`)
	case !bytes.Contains(body, []byte(`"stream":true`)):
		answer(w, "application/json", helloChat)
	case bytes.Contains(body, []byte(`"include_usage":true`)):
		answer(w, "text/event-stream", helloStream+chunkUsage+chunkDone)
	default:
		answer(w, "text/event-stream", helloStream+chunkDone)
	}
}

func rawOpenAI(model string, stream bool) *schemas.RawRequest {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}],"stream":%v}`, model, prompt, stream)
	return &schemas.RawRequest{Method: http.MethodPost, Path: "/chat/completions", Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}

func openAIErrorBody(message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":"t","param":null,"code":"c"}}`, message)
}
