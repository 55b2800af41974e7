package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

const (
	goodStream = `{"model":"fake/m","stream":true,"messages":[{"role":"user","content":"hello"}]}`
	eventType  = "text/event-stream"
)

// script is a body that delivers its parts one Read each, then ends with err.
type script struct {
	parts []string
	err   error
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.parts) == 0 {
		return 0, s.err
	}
	n := copy(p, s.parts[0])
	if s.parts[0] = s.parts[0][n:]; s.parts[0] == "" {
		s.parts = s.parts[1:]
	}
	return n, nil
}

// scripted answers with a body of one content type.
func scripted(contentType string, err error, parts ...string) *fake {
	return &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return replyFrom(contentType, &script{append([]string(nil), parts...), err}), nil
	}}
}

var errBroken = &schemas.Error{Kind: schemas.KindUpstream, Message: "the connection broke", MayHaveStarted: true}

func TestAStreamPassesByteForByte(t *testing.T) {
	for name, parts := range map[string][]string{
		"plain":             {"data: {\"a\":1}\n\n", "data: [DONE]\n\n"},
		"comments, names":   {": hello\n\n", "event: response.created\nid: 7\ndata: {}\n\ndata: [DONE]\n\n"},
		"CRLF, cut up":      {"data: {\"a\"", ":1}\r", "\n\r\nda", "ta: [DONE]\r\n\r\n"},
		"nothing":           {},
		"an event of 1 MiB": {"data: \"" + strings.Repeat("x", 1<<20) + "\"\n\n", "data: [DONE]\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := serveFake(t, scripted(eventType+"; charset=utf-8", io.EOF, parts...)).post(t, chatPath, goodStream)
			if want := strings.Join(parts, ""); got.status != 200 || got.body != want || got.err != nil {
				t.Errorf("got %d %.200q (%v), want %.200q", got.status, got.body, got.err, want)
			}
			if h := got.header; h.Get("Content-Type") != eventType+"; charset=utf-8" || h.Get("Cache-Control") != "no-cache" ||
				h.Get("X-Bifrost-Provider") != "fake" || h.Get("Content-Length") != "" && got.body != "" {
				t.Errorf("headers are %v", h)
			}
		})
	}
}

// SDKs drop an event that has no blank line.
func TestALastEventWithoutItsBlankLineIsGivenIt(t *testing.T) {
	for sent, want := range map[string]string{
		"data: [DONE]": "data: [DONE]\n\n", "data: [DONE]\n": "data: [DONE]\n\n", "data: [DONE]\r\n": "data: [DONE]\r\n\n",
	} {
		got := serveFake(t, scripted(eventType, io.EOF, "data: {}\n\n", sent)).post(t, chatPath, goodStream)
		if got.body != "data: {}\n\n"+want || got.err != nil {
			t.Errorf("%q: got %q (%v)", sent, got.body, got.err)
		}
	}
}

func TestEachEventIsSentBeforeTheNextOneExists(t *testing.T) {
	r, w := io.Pipe()
	s := serveFake(t, &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return replyFrom(eventType, r), nil
	}})
	go func() { _, _ = io.WriteString(w, "data: 0\n\n") }() // ends when the gateway has read it
	resp, err := s.Client().Do(s.request(t, "POST", chatPath, goodStream))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for i, next := range []string{"data: 1\n\n", "data: 2\n\n", ""} {
		line, err := lines.ReadString('\n')
		if err != nil || line != "data: "+string(rune('0'+i))+"\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		_, _ = lines.ReadString('\n')
		_, _ = io.WriteString(w, next)
	}
	w.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("then got %q, %v", rest, err)
	}
}

func TestAStreamThatBreaksEndsWithOneErrorEventAndNoEndMark(t *testing.T) {
	first := "data: {\"choices\":[]}\n\n"
	own := &schemas.Error{Kind: schemas.KindUpstream, StatusCode: 500, Upstream: &schemas.UpstreamReply{StatusCode: 500}}
	event := string(openai.AppendStreamError(nil, errBroken))
	for name, c := range map[string]struct {
		err   error
		parts []string
		want  string
	}{
		"between events":                   {errBroken, []string{first}, first + event},
		"in the middle of an event":        {errBroken, []string{first, "data: {\"choi"}, first + event},
		"after an error event of upstream": {own, []string{first, "data: {\"error\":{}}\n\n"}, first + "data: {\"error\":{}}\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := serveFake(t, scripted(eventType, c.err, c.parts...)).post(t, chatPath, goodStream)
			if got.status != 200 || got.body != c.want || got.err != nil {
				t.Errorf("got %d %q (%v)\nwant %q", got.status, got.body, got.err, c.want)
			}
		})
	}
}

func TestAnErrorBeforeTheFirstEventHasAStatusOfItsOwn(t *testing.T) {
	for _, parts := range [][]string{nil, {"data: {\"unfin"}} {
		got := serveFake(t, scripted(eventType, errBroken, parts...)).post(t, chatPath, goodStream)
		wantError{status: 502, code: "upstream", kind: "server_error", origin: "upstream", saysPartly: "broke"}.check(t, got)
		if got.header.Get("Cache-Control") != "" {
			t.Errorf("headers are %v", got.header)
		}
	}
}

func TestAnyOtherBodyThatBreaksTakesTheConnectionWithIt(t *testing.T) {
	for _, media := range []string{"application/json", "audio/mpeg"} {
		got := serveFake(t, scripted(media, errBroken, strings.Repeat("x", 100<<10))).post(t, chatPath, goodChat)
		if got.status != 200 || !errors.Is(got.err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %d, %d bytes, %v; want a broken body", media, got.status, len(got.body), got.err)
		}
	}
	got := serveFake(t, scripted("application/json", errBroken)).post(t, chatPath, goodChat)
	wantError{status: 502, code: "upstream", kind: "server_error", origin: "upstream"}.check(t, got)
}

func TestSpeechIsSentAsItComes(t *testing.T) {
	r, w := io.Pipe()
	s := serveFake(t, &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return replyFrom("audio/mpeg", r), nil
	}})
	go func() { _, _ = io.WriteString(w, "abc") }() // ends when the gateway has read it
	resp, err := s.Client().Do(s.request(t, "POST", "/v1/audio/speech", `{"model":"fake/m","input":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadFull(resp.Body, make([]byte, 3)); err != nil { // while the rest does not exist yet
		t.Fatal(err)
	}
	w.Close()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("then got %q, %v", rest, err)
	}
}

func TestASimulatedStreamThatFailsIsNeverACleanEnd(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {}}}, gateway.Options{})
	body := strings.Replace(goodStream, "fake/m", "simulated/m", 1)
	if got := s.post(t, chatPath, body); !strings.HasSuffix(got.body, "data: [DONE]\n\n") || strings.Contains(got.body, `"error"`) {
		t.Errorf("a whole stream is %q", got.body)
	}
	for _, fault := range []string{"reset=3", "cut=3", "stream-error=3"} {
		got := s.post(t, chatPath, body, "X-Simulate", fault)
		if got.status != 200 || strings.Count(got.body, `{"error":`) != 1 || strings.Contains(got.body, "[DONE]") || got.err != nil {
			t.Errorf("%s: got %d %q, %v", fault, got.status, got.body, got.err)
		}
	}
	got := s.post(t, chatPath, body, "X-Simulate", "reset=0")
	if got.status != http.StatusBadGateway {
		t.Errorf("a break before the first event: got %d %s", got.status, got.body)
	}
}

// stuck answers with events for as long as its context lasts, and tells when it
// has ended.
func stuck(ended chan<- struct{}) *fake {
	return &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		return replyFrom(eventType, &endless{ctx, ended}), nil
	}}
}

// longEvent fills the buffers of a connection that nobody reads soon.
var longEvent = "data: \"" + strings.Repeat("x", 16<<10) + "\"\n\n"

type endless struct {
	ctx   context.Context
	ended chan<- struct{}
}

func (e *endless) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return copy(p, longEvent), nil
}

func (e *endless) Close() error {
	select {
	case e.ended <- struct{}{}:
	default: // closed a second time
	}
	return nil
}

func TestAClientThatTakesNothingLosesItsStreamAndFreesTheWorker(t *testing.T) {
	ended := make(chan struct{}, 1)
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{WriteTimeout: 50e6}, bifrost.WithProvider("fake", stuck(ended)))
	resp, err := s.Client().Do(s.request(t, "POST", chatPath, goodStream)) // and never read it
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	await(t, "the upstream call to end", ended)
	eventually(t, "the worker to be free", func() bool { return s.bifrost.Stats().Providers["fake"].InHand == 0 })
}
