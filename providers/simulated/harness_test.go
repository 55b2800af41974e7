package simulated_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost/internal/httpx"
	"bifrost/providers/simulated"
	"bifrost/schemas"
)

const hello = `{"model":"m","messages":[{"role":"user","content":"hello there"}]}`
const helloStream = `{"model":"m","stream":true,"messages":[{"role":"user","content":"hello there"}]}`

// answer is a whole reply, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func chatCall(body, simulate string) *httpx.Request {
	r := &httpx.Request{Method: "POST", URL: "http://sim/v1/chat/completions", Body: []byte(body)}
	if simulate != "" {
		r.Header = http.Header{"X-Simulate": {simulate}}
	}
	return r
}

// open sends a request whose reply the test reads itself.
func open(t testing.TB, u *simulated.Upstream, r *httpx.Request) *httpx.Response {
	t.Helper()
	resp, err := u.Do(context.Background(), r)
	if err != nil {
		t.Fatalf("Do: %v", err)
	}
	return resp
}

func do(t testing.TB, u *simulated.Upstream, r *httpx.Request) answer {
	t.Helper()
	resp := open(t, u, r)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func chat(t testing.TB, u *simulated.Upstream, body string) *schemas.ChatResponse {
	t.Helper()
	a := do(t, u, chatCall(body, ""))
	if a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	r := decodeAs[schemas.ChatResponse](t, a.body)
	return &r
}

func decodeAs[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not JSON: %v: %s", err, text)
	}
	return v
}

// events splits a stream's text strictly: each event one data line and a blank.
func events(t testing.TB, text string) []string {
	t.Helper()
	var list []string
	for text != "" {
		event, rest, ok := strings.Cut(text, "\n\n")
		data, prefixed := strings.CutPrefix(event, "data: ")
		if !ok || !prefixed || strings.Contains(data, "\n") {
			t.Fatalf("malformed event %q", event)
		}
		list, text = append(list, data), rest
	}
	return list
}

// chunks decodes a complete stream and checks its end mark.
func chunks(t testing.TB, text string) []schemas.ChatChunk {
	t.Helper()
	list := events(t, text)
	if len(list) == 0 || list[len(list)-1] != "[DONE]" {
		t.Fatalf("no end mark: %q", text)
	}
	var out []schemas.ChatChunk
	for _, data := range list[:len(list)-1] {
		if strings.Contains(data, `"error"`) {
			t.Fatalf("error key in chunk: %s", data)
		}
		out = append(out, decodeAs[schemas.ChatChunk](t, data))
	}
	return out
}

// assemble joins a stream's deltas into whole choices, strictly.
func assemble(t testing.TB, list []schemas.ChatChunk) []schemas.ChatChoice {
	t.Helper()
	var out []schemas.ChatChoice
	for _, c := range list {
		for _, part := range c.Choices {
			for len(out) <= part.Index {
				out = append(out, schemas.ChatChoice{Index: len(out),
					Message: schemas.ChatMessage{Content: &schemas.Content{}}})
			}
			join(t, &out[part.Index], part)
		}
	}
	return out
}

func join(t testing.TB, c *schemas.ChatChoice, part schemas.ChunkChoice) {
	t.Helper()
	if c.FinishReason != "" {
		t.Fatal("a delta after the finish reason")
	}
	c.Message.Role += part.Delta.Role
	c.Message.Content.Text += part.Delta.Content
	for _, d := range part.Delta.ToolCalls {
		if d.Index == nil {
			t.Fatal("tool call delta without index")
		}
		switch i, n := *d.Index, len(c.Message.ToolCalls); {
		case i == n:
			if d.ID == "" || d.Function.Name == "" || d.Type != "function" {
				t.Fatalf("first delta of a call lacks id, name or type: %+v", d)
			}
			d.Index = nil
			c.Message.ToolCalls = append(c.Message.ToolCalls, d)
		case i == n-1 && d.ID == "" && d.Function.Name == "":
			c.Message.ToolCalls[i].Function.Arguments += d.Function.Arguments
		default:
			t.Fatalf("delta of call %d out of order", i)
		}
	}
	if part.FinishReason != nil {
		c.FinishReason = *part.FinishReason
	}
}

// checkSum checks the equation of Stats.
func checkSum(t testing.TB, s simulated.Stats) {
	t.Helper()
	sum := uint64(s.Active) + s.Succeeded + s.Limited + s.RateLimited + s.Failed + s.Rejected + s.Canceled
	if s.Calls != sum {
		t.Fatalf("calls %d, but outcomes and active are %d: %+v", s.Calls, sum, s)
	}
}

func checkIdle(t testing.TB, u *simulated.Upstream) simulated.Stats {
	t.Helper()
	s := u.Stats()
	checkSum(t, s)
	if s.Active != 0 || s.OpenStreams != 0 {
		t.Fatalf("not idle: %+v", s)
	}
	return s
}

// readEvent reads one event from a stream over a network.
func readEvent(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return b.String(), err
		}
		if line == "\n" {
			return b.String(), nil
		}
		b.WriteString(line)
	}
}
