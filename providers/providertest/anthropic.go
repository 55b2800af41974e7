package providertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bifrost/schemas"
)

var anthropicAnswers = answerSet{
	good: goodAnthropic, raw: rawAnthropic, errorBody: anthropicErrorBody,
	chat: anthropicChat, mark: `"content"`, foreign: `{"choices":[]}`,
	opening: anthropicOpening, hello: anthropicHello, there: anthropicThere, stop: anthropicStop, done: anthropicDone,
	failure: anthropicFailure, failureStatus: 529,
	begins: "event: message_start\n",
	odd: "\xEF\xBB\xBF" + comment + "id:7\r\n" + "event:message_start\r\n" + "data:{\"type\":\"message_start\",\r\ndata: \"message\":{}}\r\n\r\n" +
		anthropicHello + ":\n\n" + anthropicStop + anthropicDone + comment,
}

// Parts of good answers of the Messages API, written by hand from
// https://docs.anthropic.com/en/api/messages-streaming.
const (
	anthropicChat = `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"` + helloText + `"}],` +
		`"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}`

	anthropicOpening = "event: message_start\n" +
		`data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}` + "\n\n" +
		"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n" +
		"event: ping\n" + `data: {"type":"ping"}` + "\n\n"
	anthropicHello = anthropicOpening +
		"event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello "}}` + "\n\n"
	anthropicThere = "event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"there"}}` + "\n\n"
	anthropicStop  = "event: content_block_stop\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n" +
		"event: message_delta\n" + `data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}` + "\n\n"
	anthropicDone    = "event: message_stop\n" + `data: {"type":"message_stop"}` + "\n\n"
	anthropicFailure = "event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"broken inside"}}` + "\n\n"

	anthropicModels = `{"data":[{"type":"model","id":"m","display_name":"M","created_at":"2025-01-01T00:00:00Z"}],"has_more":false,"first_id":"m","last_id":"m"}`
)

// goodAnthropic is a provider without faults.
func goodAnthropic(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	switch {
	case r.Header.Get("Anthropic-Version") == "":
		refuses(http.StatusBadRequest, nil, "application/json", anthropicErrorBody("anthropic-version: header is required"))(w, r)
	case strings.HasSuffix(r.URL.Path, "/v1/models"):
		answer(w, "application/json", anthropicModels)
	case strings.HasSuffix(r.URL.Path, "/v1/messages/count_tokens"):
		answer(w, "application/json", `{"input_tokens":7}`)
	case !strings.HasSuffix(r.URL.Path, "/v1/messages"):
		refuses(http.StatusNotFound, nil, "application/json", anthropicErrorBody("no such path"))(w, r)
	case !bytes.Contains(body, []byte(`"max_tokens"`)):
		refuses(http.StatusBadRequest, nil, "application/json", anthropicErrorBody("max_tokens: field required"))(w, r)
	case bytes.Contains(body, []byte(`"stream":true`)):
		answer(w, "text/event-stream", anthropicHello+anthropicThere+anthropicStop+anthropicDone)
	default:
		answer(w, "application/json", anthropicChat)
	}
}

func rawAnthropic(model string, stream bool) *schemas.RawRequest {
	body := fmt.Sprintf(`{"model":%q,"max_tokens":16,"messages":[{"role":"user","content":%q}],"stream":%v}`, model, prompt, stream)
	return &schemas.RawRequest{Method: http.MethodPost, Path: "/messages", Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}

func anthropicErrorBody(message string) string {
	return fmt.Sprintf(`{"type":"error","error":{"type":"api_error","message":%q},"request_id":"req_1"}`, message)
}
