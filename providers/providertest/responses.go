package providertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bifrost/schemas"
)

// responsesAnswers are those of OpenAI's Responses API, for models that have no chat
// completions.
var responsesAnswers = answerSet{
	good: goodResponses, raw: rawResponses, errorBody: openAIErrorBody,
	chat: helloResponse, mark: `"output"`, foreign: openAIAnswers.foreign,
	opening: responsesOpening, hello: responsesHello, there: responsesThere, stop: responsesStop,
	failure: responsesFailure, failureStatus: 500, ownErrors: true,
	begins: "event: response.created\n",
	odd: "\xEF\xBB\xBF" + comment + "id:7\r\n" + "event:response.created\r\n" + "data:{\"type\":\"response.created\",\r\ndata: \"response\":{}}\r\n\r\n" +
		responsesHello + ":\n\n" + responsesStop + comment,
}

// Parts of good answers, written by hand from
// https://platform.openai.com/docs/api-reference/responses-streaming.
const (
	helloResponse = `{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"incomplete_details":null,"model":"m",` +
		`"output":[` + helloItem + `],"usage":` + helloUsage + `}`
	helloItem = `{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"` + helloText +
		`","annotations":[],"logprobs":[]}]}`
	helloUsage = `{"input_tokens":1,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":3}`

	responsesOpening = "event: response.created\n" +
		`data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","error":null,"model":"m","output":[],"usage":null}}` + "\n\n"
	responsesHello = responsesOpening + "event: response.output_item.added\n" +
		`data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}}` + "\n\n" +
		"event: response.output_text.delta\n" +
		`data: {"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello ","logprobs":[]}` + "\n\n"
	responsesThere = "event: response.output_text.delta\n" +
		`data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"there","logprobs":[]}` + "\n\n"
	responsesStop    = "event: response.completed\n" + `data: {"type":"response.completed","sequence_number":4,"response":` + helloResponse + "}\n\n"
	responsesFailure = "event: response.failed\n" +
		`data: {"type":"response.failed","sequence_number":4,"response":{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"broken inside"}}}` + "\n\n"
)

// goodResponses is a provider without faults.
func goodResponses(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	switch {
	case strings.HasSuffix(r.URL.Path, "/chat/completions"):
		refuses(http.StatusNotFound, nil, "application/json", openAIErrorBody("This model is only supported in v1/responses"))(w, r)
	case !strings.HasSuffix(r.URL.Path, "/responses"):
		goodOpenAI(w, r)
	case !bytes.Contains(body, []byte(`"input":`)):
		refuses(http.StatusBadRequest, nil, "application/json", openAIErrorBody("Missing required parameter: 'input'."))(w, r)
	case bytes.Contains(body, []byte(`"stream":true`)):
		answer(w, "text/event-stream", responsesHello+responsesThere+responsesStop)
	default:
		answer(w, "application/json", helloResponse)
	}
}

func rawResponses(model string, stream bool) *schemas.RawRequest {
	body := fmt.Sprintf(`{"model":%q,"input":%q,"stream":%v}`, model, prompt, stream)
	return &schemas.RawRequest{Method: http.MethodPost, Path: "/responses", Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}
