package providertest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// Parts of good answers.
const (
	helloText = "Hello there"

	helloChat = `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,` +
		`"message":{"role":"assistant","content":"` + helloText + `"},"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`

	chunkHello = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello "},"finish_reason":null}]}` + "\n\n"
	chunkThere = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"there"},"finish_reason":null}]}` + "\n\n"
	chunkStop  = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	chunkUsage = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}` + "\n\n"
	chunkError = `data: {"error":{"code":503,"message":"broken inside","type":"server_error"}}` + "\n\n"
	chunkDone  = "data: [DONE]\n\n"

	comment = ": still waiting\n\n"

	helloStream = chunkHello + chunkThere + chunkStop

	helloEmbeddings = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,1]},` +
		`{"object":"embedding","index":1,"embedding":[1,0.5]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}`

	helloModels = `{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"test"}]}`
)

// goodAnswers is a provider without faults.
func goodAnswers(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	switch {
	case strings.HasSuffix(r.URL.Path, "/embeddings"):
		answer(w, "application/json", helloEmbeddings)
	case strings.HasSuffix(r.URL.Path, "/models"):
		answer(w, "application/json", helloModels)
	case strings.HasSuffix(r.URL.Path, "/moderations"):
		answer(w, "application/json", `{"id":"m","model":"m","results":[{"flagged":false,"categories":{},"category_scores":{}}]}`)
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

func answer(w http.ResponseWriter, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, body) // the client may have gone
}

// answers returns a script of one answer.
func answers(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, contentType, body) }
}

// refuses returns a script of one error answer.
func refuses(status int, header http.Header, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// breaks returns a script that sends the beginning of an answer, if any, and
// breaks the connection.
func breaks(contentType, beginning string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if beginning != "" {
			answer(w, contentType, beginning)
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

// stalls returns a script that sends the beginning of an answer, if any, and
// then nothing until the client has gone. It tells of both on the channels.
func stalls(contentType, beginning string, arrived, left chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if beginning != "" {
			answer(w, contentType, beginning)
			_ = http.NewResponseController(w).Flush()
		}
		arrived <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	}
}
