package providertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bifrost/schemas"
)

var geminiAnswers = answerSet{
	good: goodGemini, raw: rawGemini, errorBody: geminiErrorBody,
	chat: geminiChat, mark: `"candidates"`, foreign: `{"choices":[]}`,
	hello: geminiHello, there: geminiThere, stop: geminiStop,
	failure: geminiFailure, failureStatus: http.StatusServiceUnavailable,
	begins: "data: {",
	// Clients of the dialect take no comments, names or data of several lines.
	odd: strings.ReplaceAll(geminiHello, "\n", "\r\n") + geminiThere + geminiStop,
}

// Parts of good answers of generateContent, written by hand from
// https://ai.google.dev/api/generate-content.
const (
	geminiChat = `{"candidates":[{"content":{"parts":[{"text":"` + helloText + `"}],"role":"model"},"finishReason":"STOP","index":0}],` +
		`"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"modelVersion":"m","responseId":"r"}`

	geminiHello = `data: {"candidates":[{"content":{"parts":[{"text":"Hello "}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}` + "\n\n"
	geminiThere = `data: {"candidates":[{"content":{"parts":[{"text":"there"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"r"}` + "\n\n"
	geminiStop  = `data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],` +
		`"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"modelVersion":"m","responseId":"r"}` + "\n\n"
	geminiFailure = `data: {"error":{"code":503,"message":"broken inside","status":"UNAVAILABLE"}}` + "\n\n"

	geminiModels = `{"models":[{"name":"models/m","version":"1","displayName":"M","supportedGenerationMethods":["generateContent"]}]}`
)

// goodGemini is a provider without faults.
func goodGemini(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	path, method := r.URL.Path, r.URL.Path[strings.LastIndexByte(r.URL.Path, ':')+1:]
	switch {
	case !strings.Contains(path, "/v1beta/models"):
		refuses(http.StatusNotFound, nil, "application/json", geminiErrorBody("no such path"))(w, r)
	case strings.HasSuffix(path, "/v1beta/models"):
		answer(w, "application/json", geminiModels)
	case method == "countTokens":
		answer(w, "application/json", `{"totalTokens":7}`)
	case method == "embedContent":
		answer(w, "application/json", `{"embedding":{"values":[0.5]}}`)
	case method == "batchEmbedContents":
		answer(w, "application/json", `{"embeddings":[`+strings.TrimSuffix(strings.Repeat(`{"values":[0.5,1]},`, bytes.Count(body, []byte(`"content"`))), ",")+`]}`)
	case !bytes.Contains(body, []byte(`"contents"`)):
		refuses(http.StatusBadRequest, nil, "application/json", geminiErrorBody("contents is not specified"))(w, r)
	case method == "streamGenerateContent" && r.URL.Query().Get("alt") == "sse":
		answer(w, "text/event-stream", geminiHello+geminiThere+geminiStop)
	case method == "generateContent":
		answer(w, "application/json", geminiChat)
	default:
		refuses(http.StatusNotFound, nil, "application/json", geminiErrorBody("no such method"))(w, r)
	}
}

func rawGemini(model string, stream bool) *schemas.RawRequest {
	raw := &schemas.RawRequest{Method: http.MethodPost, Path: "/models/" + model + ":generateContent",
		Body: fmt.Appendf(nil, `{"contents":[{"role":"user","parts":[{"text":%q}]}]}`, prompt), Header: http.Header{"Content-Type": {"application/json"}}}
	if stream {
		raw.Path, raw.Query = "/models/"+model+":streamGenerateContent", "alt=sse"
	}
	return raw
}

func geminiErrorBody(message string) string {
	return fmt.Sprintf(`{"error":{"code":503,"message":%q,"status":"UNAVAILABLE"}}`, message)
}
