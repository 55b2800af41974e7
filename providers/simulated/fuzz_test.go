package simulated_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// Whatever the body, the reply is one that a client can read: JSON of the right
// shape or a complete stream, and the place is free again.
func FuzzRequestBody(f *testing.F) {
	for _, body := range []string{hello, helloStream, withTools(`"required"`, `"stream":true,"n":2,`), withTools(`"none"`, `"max_tokens":2,`),
		`{"model":"m","input":["a","b"]}`, `{"model":"m","input":[[1,2],[3]],"encoding_format":"base64","dimensions":3}`,
		`{"model":"m","stop":["is",""],"messages":[{"role":"user","content":[{"type":"text","text":"\u2028 \ud83d\ude00"}]}]}`,
		`{"model":"m","response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array","items":{"$ref":"#"}}}},"messages":[{"role":"user"}]}`,
	} {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	for _, body := range []string{
		`{"model":"m","reasoning_effort":"low","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.encrypted","data":"AAAA","format":"openai-responses-v1","index":0}]},{"role":"user","content":"more"}]}`,
		`{"model":"m","reasoning_effort":"high","n":2,"tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}},{"type":"file","file":{"filename":"a","file_data":"data:application/pdf;base64,AA=="}}]}]}`,
		`{"model":"m","reasoning_effort":"low","stream":true,"messages":[{"role":"user","content":"[simulate: refuse]"}]}`,
	} {
		f.Add([]byte(body), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, chat bool) {
		u := simulated.New(schemas.SimulationConfig{})
		path := "/v1/embeddings"
		if chat {
			path = "/v1/chat/completions"
		}
		a := do(t, u, &httpx.Request{Method: "POST", URL: "http://sim" + path, Body: body})
		checkIdle(t, u)
		switch {
		case a.status == 400:
			errorOf(t, a)
		case a.status != 200:
			t.Fatalf("status %d", a.status)
		case a.header.Get("Content-Type") == "text/event-stream":
			checkFinished(t, assemble(t, chunks(t, a.body)))
		case chat:
			checkFinished(t, decodeAs[schemas.ChatResponse](t, a.body).Choices)
		case !json.Valid([]byte(a.body)):
			t.Fatalf("not JSON: %q", a.body)
		}
	})
}

func checkFinished(t *testing.T, choices []schemas.ChatChoice) {
	t.Helper()
	for _, c := range choices {
		switch c.FinishReason {
		case "stop", "length", "tool_calls":
		default:
			t.Fatalf("finish reason %q", c.FinishReason)
		}
		for _, call := range c.Message.ToolCalls {
			if c.FinishReason == "tool_calls" && !json.Valid([]byte(call.Function.Arguments)) {
				t.Fatalf("arguments %q", call.Function.Arguments)
			}
		}
	}
	if len(choices) == 0 {
		t.Fatal("no choices")
	}
}

// Whatever the upload, the reply is one that a client can read.
func FuzzUpload(f *testing.F) {
	const form = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\ncontent\r\n--b--\r\n"
	f.Add("multipart/form-data; boundary=b", []byte(form))
	f.Add("multipart/form-data", []byte(form))
	f.Add("application/json", []byte("{}"))
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		u := simulated.New(schemas.SimulationConfig{})
		a := do(t, u, &httpx.Request{Method: "POST", URL: "http://sim/v1/files", Header: http.Header{"Content-Type": {media}}, Body: body})
		checkIdle(t, u)
		switch a.status {
		case 200:
			id := decodeAs[struct{ ID string }](t, a.body).ID
			if kept := do(t, u, to("/files/"+id+"/content", "")); kept.status != 200 || len(kept.body) > len(body) {
				t.Fatalf("got %+v", kept)
			}
		case 400, 413:
			errorOf(t, a)
		default:
			t.Fatalf("status %d", a.status)
		}
	})
}

// Whatever the header, it is either obeyed or refused; stalls, resets and
// latencies aside, which have tests of their own.
func FuzzSwitches(f *testing.F) {
	for _, s := range []string{"", "status=503, retry-after=2", "html", "cut=3", "stream-error=2", "tokens=5", "status=503,,", "=", "x=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, simulate string) {
		if strings.Contains(simulate, "stall") || strings.Contains(simulate, "reset") || strings.Contains(simulate, "latency") {
			return
		}
		u := simulated.New(schemas.SimulationConfig{})
		a := do(t, u, chatCall(helloStream, simulate))
		checkIdle(t, u)
		if a.status != 200 && a.status < 400 {
			t.Fatalf("%q: status %d", simulate, a.status)
		}
	})
}
