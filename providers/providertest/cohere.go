package providertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bifrost/schemas"
)

var cohereAnswers = answerSet{
	good: goodCohere, raw: rawCohere, errorBody: cohereErrorBody,
	chat: cohereChat, mark: `"message"`, foreign: `{"choices":[]}`,
	opening: cohereOpening, hello: cohereHello, there: cohereThere, stop: cohereStop,
	failure: cohereFailure, failureStatus: http.StatusInternalServerError,
	failingReason: cohereEvent("message-end", `"delta":{"finish_reason":"ERROR"}`),
	begins:        "event: message-start",
	odd: ": hi\n\n" + strings.ReplaceAll(cohereHello, "\n", "\r\n") +
		"data:{\"type\":\"content-delta\",\"index\":0,\ndata:\"delta\":{\"message\":{\"content\":{\"text\":\"there\"}}}}\n\n" + cohereStop,
}

// Parts of good answers of version 2 of the API, written by hand from
// https://docs.cohere.com/reference/chat and https://docs.cohere.com/docs/streaming.
const cohereChat = `{"id":"c","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"` + helloText + `"}]},` +
	`"usage":{"billed_units":{"input_tokens":1,"output_tokens":2},"tokens":{"input_tokens":1,"output_tokens":2}}}`

var (
	cohereOpening = cohereEvent("message-start", `"id":"c","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}`) +
		cohereEvent("content-start", `"index":0,"delta":{"message":{"content":{"type":"text","text":""}}}`)
	cohereHello = cohereOpening + cohereEvent("content-delta", `"index":0,"delta":{"message":{"content":{"text":"Hello "}}}`)
	cohereThere = cohereEvent("content-delta", `"index":0,"delta":{"message":{"content":{"text":"there"}}}`)
	cohereStop  = cohereEvent("message-end", `"delta":{"finish_reason":"COMPLETE",`+
		`"usage":{"billed_units":{"input_tokens":1,"output_tokens":2},"tokens":{"input_tokens":1,"output_tokens":2}}}`)
	cohereFailure = cohereEvent("message-end", `"delta":{"finish_reason":"ERROR","error":"broken inside"}`)
)

// cohereEvent returns an event of a stream.
func cohereEvent(typ, fields string) string {
	return "event: " + typ + "\ndata: {\"type\":\"" + typ + "\"," + fields + "}\n\n"
}

// goodCohere is a provider without faults.
func goodCohere(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	switch {
	case r.URL.Path == "/v1/models":
		answer(w, "application/json", `{"models":[{"name":"m","endpoints":["chat"],"context_length":1000}]}`)
	case r.URL.Path == "/v2/rerank":
		answer(w, "application/json", `{"id":"r","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}`)
	case r.URL.Path == "/v2/embed" && !bytes.Contains(body, []byte(`"input_type"`)):
		refuses(http.StatusBadRequest, nil, "application/json", cohereErrorBody("input_type is required"))(w, r)
	case r.URL.Path == "/v2/embed":
		answer(w, "application/json", `{"id":"e","embeddings":{"float":[[0.5,1],[1,0.5]]},"meta":{"billed_units":{"input_tokens":3}}}`)
	case r.URL.Path != "/v2/chat":
		refuses(http.StatusNotFound, nil, "application/json", cohereErrorBody("no such path"))(w, r)
	case !bytes.Contains(body, []byte(`"messages"`)):
		refuses(http.StatusBadRequest, nil, "application/json", cohereErrorBody("no messages"))(w, r)
	case bytes.Contains(body, []byte(`"stream":true`)):
		answer(w, "text/event-stream", cohereHello+cohereThere+cohereStop)
	default:
		answer(w, "application/json", cohereChat)
	}
}

func rawCohere(model string, stream bool) *schemas.RawRequest {
	body := fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%q}],"stream":%v}`, model, prompt, stream)
	return &schemas.RawRequest{Method: http.MethodPost, Path: "/v2/chat", Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}

func cohereErrorBody(message string) string { return fmt.Sprintf(`{"id":"e","message":%q}`, message) }
