package simulated_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

type errorDetail struct {
	Message, Type, Code string
	Param               string
}

// errorOf reads an OpenAI error body and checks what all of them have.
func errorOf(t testing.TB, a answer) errorDetail {
	t.Helper()
	e := decodeAs[struct{ Error *errorDetail }](t, a.body).Error
	if e == nil || e.Message == "" || e.Type == "" || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("not an error body: %v %s", a.header, a.body)
	}
	return *e
}

func TestBadRequestsAreRefusedWithAnErrorBodyAndNoContent(t *testing.T) {
	const secret = "hunter2-secret"
	message := `"messages":[{"role":"user","content":"` + secret + `"}]`
	cases := []struct {
		method, path, body string
		status             int
		param              string
	}{
		{"POST", "/v1/unknown", "{}", 404, ""},
		{"POST", "/", "{}", 404, ""},
		{"POST", "/v1chat/completions", "{}", 404, ""},
		{"GET", "/v1/chat/completions", "", 405, ""},
		{"POST", "/v1/models", "", 405, ""},
		{"POST", "/v1/chat/completions", "", 400, ""},
		{"POST", "/v1/chat/completions", `{"model":"` + secret, 400, ""},
		{"POST", "/v1/chat/completions", `["` + secret + `"]`, 400, ""},
		{"POST", "/v1/chat/completions", `{` + message + `}`, 400, "model"},
		{"POST", "/v1/chat/completions", `{"model":"m"}`, 400, "messages"},
		{"POST", "/v1/chat/completions", `{"model":"m","messages":[]}`, 400, "messages"},
		{"POST", "/v1/chat/completions", `{"model":5,` + message + `}`, 400, "model"},
		{"POST", "/v1/chat/completions", `{"model":"m","messages":[{"role":"` + secret + `"}]}`, 400, "messages[0].role"},
		{"POST", "/v1/chat/completions", `{"model":"m","messages":[{"role":"tool","content":"x"}]}`, 400, "messages[0].tool_call_id"},
		{"POST", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":5}]}`, 400, "messages.content"},
		{"POST", "/v1/chat/completions", `{"model":"m","max_tokens":0,` + message + `}`, 400, "max_tokens"},
		{"POST", "/v1/chat/completions", `{"model":"m","max_completion_tokens":-1,` + message + `}`, 400, "max_completion_tokens"},
		{"POST", "/v1/chat/completions", `{"model":"m","n":0,` + message + `}`, 400, "n"},
		{"POST", "/v1/chat/completions", `{"model":"m","n":129,` + message + `}`, 400, "n"},
		{"POST", "/v1/chat/completions", `{"model":"m","tool_choice":"required",` + message + `}`, 400, "tool_choice"},
		{"POST", "/v1/chat/completions", `{"model":"m","tool_choice":"` + secret + `",` + message + `}`, 400, "tool_choice"},
		{"POST", "/v1/chat/completions", withTools(`{"type":"function","function":{"name":"`+secret+`"}}`, ""), 400, "tool_choice"},
		{"POST", "/v1/chat/completions", `{"model":"m","tools":[{"type":"function"}],` + message + `}`, 400, "tools[0]"},
		{"POST", "/v1/chat/completions", `{"model":"m","response_format":{"type":"x"},` + message + `}`, 400, "response_format.type"},
		{"POST", "/v1/chat/completions", `{"model":"m","response_format":{"type":"json_schema"},` + message + `}`, 400, "response_format.json_schema"},
		{"POST", "/v1/embeddings", `{"input":"` + secret + `"}`, 400, "model"},
		{"POST", "/v1/embeddings", `{"model":"m"}`, 400, "input"},
		{"POST", "/v1/embeddings", `{"model":"m","input":[]}`, 400, "input"},
		{"POST", "/v1/embeddings", `{"model":"m","input":["a",""]}`, 400, "input[1]"},
		{"POST", "/v1/embeddings", `{"model":"m","input":{}}`, 400, "*"},
		{"POST", "/v1/embeddings", `{"model":"m","input":"a","dimensions":0}`, 400, "dimensions"},
		{"POST", "/v1/embeddings", `{"model":"m","input":"a","encoding_format":"hex"}`, 400, "encoding_format"},
	}
	u := simulated.New(schemas.SimulationConfig{Latency: time.Hour}) // bad requests do not wait
	for _, c := range cases {
		a := do(t, u, &httpx.Request{Method: c.method, URL: "http://sim" + c.path, Body: []byte(c.body)})
		e := errorOf(t, a)
		if a.status != c.status || e.Type != "invalid_request_error" || (e.Param != c.param && c.param != "*") {
			t.Errorf("%s %s %s: %d %+v", c.method, c.path, c.body, a.status, e)
		}
		if strings.Contains(a.body, secret) {
			t.Errorf("content in the error: %s", a.body)
		}
	}
	if s := checkIdle(t, u); s.Rejected != uint64(len(cases)) {
		t.Errorf("%+v", s)
	}
}

func TestUnknownOrUnfitSwitchesAreRefused(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	for _, request := range []string{"panic", "Status=503", "status", "status=", "status=200", "status=600", "status=+503", "status=5e2",
		"retry-after=2", "status=503,retry-after=-1", "status=503,retry-after", "latency", "latency=5", "latency=-1s",
		"html=1", "tokens=0", "tokens=100001", "cut", "cut=x", "stream-error", "stall=", "stall=-1", "reset=1.5",
		"cut=1,stall", "status=503,cut=1", "html,reset", "status=503,status=503", "status=503,", ",", "=", "status=503 html"} {
		a := do(t, u, chatCall(helloStream, request))
		if e := errorOf(t, a); a.status != 400 || e.Code != "bad_simulation" || e.Param != "X-Simulate" {
			t.Errorf("%q: %d %s", request, a.status, a.body)
		}
	}
	for _, request := range []string{"cut=1", "stall=0", "reset=2", "stream-error=0"} {
		if a := do(t, u, chatCall(hello, request)); a.status != 400 {
			t.Errorf("%q without a stream: %d", request, a.status)
		}
	}
	for _, request := range []string{" ", "tokens=3 , latency=0s", "latency=0"} {
		if a := do(t, u, chatCall(hello, request)); a.status != 200 {
			t.Errorf("%q: %d %s", request, a.status, a.body)
		}
	}
}

func TestStatusHTMLLatencyAndTokensDoWhatTheySay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := simulated.New(schemas.SimulationConfig{ErrorRate: 1, Latency: time.Minute})
		var a answer
		d := took(func() { a = do(t, u, chatCall(hello, "status=503, retry-after=75, latency=200ms")) })
		if a.status != 503 || a.header.Get("Retry-After") != "75" || errorOf(t, a).Type != "server_error" || d != 200*time.Millisecond {
			t.Errorf("%v: %+v", d, a)
		}
		for status, kind := range map[string]string{"400": "invalid_request_error", "401": "authentication_error",
			"403": "permission_error", "404": "invalid_request_error", "429": "rate_limit_error", "529": "server_error"} {
			if e := errorOf(t, do(t, u, chatCall(hello, "status="+status))); e.Type != kind {
				t.Errorf("%s: %+v", status, e)
			}
		}
		if a = do(t, u, chatCall(hello, "html")); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%+v", a)
		}
		if a = do(t, u, chatCall(hello, "html,status=502")); a.status != 502 || !strings.HasPrefix(a.body, "<!doctype html>") {
			t.Errorf("%+v", a)
		}
		if a = do(t, u, chatCall(hello, "latency=1s")); a.status != 500 {
			t.Errorf("latency alone keeps the drawn fate: %+v", a)
		}
		if s := checkIdle(t, u); s.RateLimited != 1 || s.Failed != 8 || s.Succeeded != 1 {
			t.Errorf("%+v", s)
		}
		u = simulated.New(schemas.SimulationConfig{RateLimitRate: 1})
		if a = do(t, u, chatCall(hello, "status=503")); a.status != 503 {
			t.Errorf("status must replace the drawn fate: %+v", a)
		}
		u = simulated.New(schemas.SimulationConfig{ErrorRate: 1})
		if a = do(t, u, chatCall(helloStream, "cut=1")); a.status != 200 {
			t.Errorf("cut must replace the drawn fate: %+v", a)
		}
		u = simulated.New(schemas.SimulationConfig{})
		a = do(t, u, chatCall(hello, "tokens=33"))
		if r := decodeAs[schemas.ChatResponse](t, a.body); r.Usage.CompletionTokens != 33 {
			t.Errorf("%+v", r.Usage)
		}
	})
}

func TestBrokenStreamsBreakAfterTheGivenNumberOfEvents(t *testing.T) {
	for n, count := range map[string]int{"0": 0, "1": 1, "3": 3, "18": 18} {
		u := simulated.New(schemas.SimulationConfig{})
		read := func(request string) (list []string, err error) {
			resp := open(t, u, chatCall(helloStream, request))
			defer resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Fatalf("%s: status %d", request, resp.StatusCode)
			}
			body, err := io.ReadAll(resp.Body)
			return events(t, string(body)), err
		}
		if list, err := read("cut=" + n); err != nil || len(list) != count {
			t.Errorf("cut=%s: %d events, %v", n, len(list), err)
		}
		list, err := read("reset=" + n)
		if !errors.Is(err, schemas.ErrUpstream) || !errors.Is(err, io.ErrUnexpectedEOF) || len(list) != count {
			t.Errorf("reset=%s: %d events, %v", n, len(list), err)
		}
		list, err = read("stream-error=" + n)
		if err != nil || len(list) != count+1 {
			t.Fatalf("stream-error=%s: %d events, %v", n, len(list), err)
		}
		if e := errorOf(t, answer{body: list[count], header: jsonHeader}); e.Type != "server_error" {
			t.Errorf("%+v", e)
		}
		if s := checkIdle(t, u); s.Failed != 3 {
			t.Errorf("%+v", s)
		}
	}
	u := simulated.New(schemas.SimulationConfig{})
	chunks(t, do(t, u, chatCall(helloStream, "cut=19")).body) // the end mark is event 19
	if _, err := u.Do(context.Background(), chatCall(hello, "reset")); !errors.Is(err, schemas.ErrUpstream) {
		t.Errorf("reset: %v", err)
	}
	checkIdle(t, u)
}

var jsonHeader = http.Header{"Content-Type": {"application/json"}}
