package providertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"bifrost/schemas"
)

var bedrockAnswers = answerSet{
	good: goodBedrock, raw: rawBedrock, errorBody: bedrockErrorBody,
	chat: bedrockChat, mark: `"output"`, foreign: `{"choices":[]}`,
	opening: bedrockOpening, hello: bedrockHello, there: bedrockThere, stop: bedrockStop, done: bedrockDone,
	failure:       bedrockFrame("exception", "serviceUnavailableException", `{"message":"broken inside"}`),
	failureStatus: 503,
	failingReason: bedrockFrame("event", "messageStop", `{"stopReason":"malformed_model_output"}`),
	begins:        bedrockOpening,
	odd:           bedrockHello + bedrockThere + bedrockStop + bedrockDone,
	frames:        true, streamType: "application/vnd.amazon.eventstream", quiet: bedrockOpening,
}

// Parts of good answers of Converse, written by hand from
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html.
const bedrockChat = `{"output":{"message":{"role":"assistant","content":[{"text":"` + helloText + `"}]}},"stopReason":"end_turn",` +
	`"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":1}}`

var (
	bedrockOpening = bedrockFrame("event", "messageStart", `{"role":"assistant"}`)
	bedrockHello   = bedrockOpening + bedrockFrame("event", "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"Hello "}}`)
	bedrockThere   = bedrockFrame("event", "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"there"}}`)
	bedrockStop    = bedrockFrame("event", "contentBlockStop", `{"contentBlockIndex":0}`) + bedrockFrame("event", "messageStop", `{"stopReason":"end_turn"}`)
	bedrockDone    = bedrockFrame("event", "metadata", `{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":1}}`)
)

// bedrockFrame returns a frame of an event stream.
func bedrockFrame(kind, name, payload string) string {
	m := eventstream.Message{Payload: []byte(payload)}
	m.Headers.Set(":message-type", eventstream.StringValue(kind))
	m.Headers.Set(":"+kind+"-type", eventstream.StringValue(name))
	m.Headers.Set(":content-type", eventstream.StringValue("application/json"))
	var out bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&out, m); err != nil {
		panic("bug: " + err.Error()) // memory takes it, and no header is too long
	}
	return out.String()
}

// goodBedrock is a provider without faults.
func goodBedrock(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // read before
	path := r.URL.EscapedPath()
	switch {
	case r.Header.Get("Authorization") == "":
		refuses(http.StatusForbidden, nil, "application/json", bedrockErrorBody("no credentials"))(w, r)
	case !strings.HasPrefix(path, "/model/") || strings.Count(path, "/") != 3:
		refuses(http.StatusNotFound, nil, "application/json", bedrockErrorBody("no such path"))(w, r)
	case strings.HasSuffix(path, "/count-tokens"):
		answer(w, "application/json", `{"inputTokens":7}`)
	case strings.HasSuffix(path, "/invoke"):
		answer(w, "application/json", `{"id":"e","texts":["a","b"],"embeddings":[[0.5,1],[1,0.5]],"response_type":"embeddings_floats"}`)
	case !bytes.Contains(body, []byte(`"messages"`)):
		refuses(http.StatusBadRequest, nil, "application/json", bedrockErrorBody("no messages"))(w, r)
	case strings.HasSuffix(path, "/converse-stream"):
		answer(w, "application/vnd.amazon.eventstream", bedrockHello+bedrockThere+bedrockStop+bedrockDone)
	default:
		answer(w, "application/json", bedrockChat)
	}
}

func rawBedrock(model string, stream bool) *schemas.RawRequest {
	action := "/converse"
	if stream {
		action = "/converse-stream"
	}
	body := fmt.Sprintf(`{"messages":[{"role":"user","content":[{"text":%q}]}]}`, prompt)
	return &schemas.RawRequest{Method: http.MethodPost, Path: "/model/" + strings.ReplaceAll(model, ":", "%3A") + action, Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}

func bedrockErrorBody(message string) string { return fmt.Sprintf(`{"message":%q}`, message) }
