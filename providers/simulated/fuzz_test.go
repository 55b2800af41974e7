package simulated_test

import (
	"encoding/json"
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
