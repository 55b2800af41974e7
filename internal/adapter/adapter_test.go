package adapter_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/providers/providertest"
	"bifrost/schemas"
)

var allOperations = []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
	schemas.OperationEmbeddings, schemas.OperationCompletion, schemas.OperationModeration, schemas.OperationSpeech,
	schemas.OperationResponses, schemas.OperationFiles, schemas.OperationListModels, schemas.OperationRaw}

// doerFunc is a Doer of one function.
type doerFunc func(context.Context, *httpx.Request) (*httpx.Response, error)

func (f doerFunc) Do(ctx context.Context, r *httpx.Request) (*httpx.Response, error) {
	return f(ctx, r)
}
func (f doerFunc) Close() error { return nil }

func newAdapter(d httpx.Doer, change func(*adapter.Options)) *adapter.Adapter {
	opts := adapter.Options{Name: "mine", Type: "openai", BaseURL: "http://upstream.invalid/v1", Codec: openai.Codec{}, Credential: adapter.Bearer,
		KeyOptional: true, Operations: allOperations, Doer: d}
	if change != nil {
		change(&opts)
	}
	return adapter.New(opts)
}

func call(ctx context.Context, p schemas.Provider, req *schemas.Request) (*schemas.Response, error) {
	return p.Call(ctx, &schemas.Attempt{Request: req, Number: 1})
}

func chat(op schemas.Operation) *schemas.Request {
	limit := 3
	return &schemas.Request{Operation: op, Model: "m", Chat: &schemas.ChatRequest{Model: "caller/m", MaxCompletionTokens: &limit,
		Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}}
}

func raw(method, path string) *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationRaw, Model: "m", Raw: &schemas.RawRequest{Method: method, Path: path}}
}

func response(status int, contentType, body string) *httpx.Response {
	return &httpx.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body))}
}

const done = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

func TestQuirksDecideWhatIsSent(t *testing.T) {
	var sent string
	d := doerFunc(func(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
		sent = string(r.Body)
		return response(200, "text/event-stream", done), nil
	})
	for _, c := range []struct {
		opts openai.ChatOptions
		want string
	}{
		{openai.ChatOptions{}, `"max_completion_tokens":3,"stream":true,"stream_options":{"include_usage":true}}`},
		{openai.ChatOptions{NoStreamOptions: true, MaxTokensOnly: true}, `"max_tokens":3,"stream":true}`},
		{openai.ChatOptions{NoStreamOptions: true, PlainReasoning: true},
			`"max_completion_tokens":3,"stream":true,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"a","reasoning":"why"}]}`},
	} {
		p := newAdapter(d, func(o *adapter.Options) { o.Codec = openai.Codec{Chat: c.opts} })
		req := chat(schemas.OperationChatStream)
		thought := schemas.AssistantMessage("a")
		thought.Reasoning = "why"
		req.Chat.Messages = append(req.Chat.Messages, thought)
		resp, err := call(t.Context(), p, req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Stream.Close()
		if !strings.HasSuffix(sent, c.want) || !strings.Contains(sent, `"model":"m"`) {
			t.Errorf("sent %s, want %s", sent, c.want)
		}
	}
}

func TestACallersOrganizationAndCredentialsStayBehind(t *testing.T) {
	var sent http.Header
	p := newAdapter(doerFunc(func(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
		sent = r.Header
		return response(200, "application/json", "{}"), nil
	}), nil)
	req := raw("POST", "/chat/completions")
	req.Raw.Header = http.Header{"Openai-Organization": {"org-theirs"}, "Openai-Project": {"proj"}, "Authorization": {"Bearer theirs"},
		"Api-Key": {"theirs"}, "Cookie": {"a=b"}, "X-Bifrost-Session": {"s"}, "X-Bifrost-Provider": {"p"}, "Openai-Beta": {"assistants=v2"}}
	if _, err := p.Call(t.Context(), &schemas.Attempt{Request: req, Number: 1, Key: schemas.Key{Value: "ours"}}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Openai-Organization": "", "Openai-Project": "", "Authorization": "Bearer ours",
		"Api-Key": "", "Cookie": "", "X-Bifrost-Session": "", "X-Bifrost-Provider": "", "Openai-Beta": "assistants=v2"} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s: sent %q, want %q", name, got, want)
		}
	}
}

func TestARawCallOfATypedPathNeedsItsOperation(t *testing.T) {
	d := doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		return response(200, "application/json", "{}"), nil
	})
	p := newAdapter(d, func(o *adapter.Options) {
		o.Operations = []schemas.Operation{schemas.OperationChat, schemas.OperationRaw}
	})
	for path, supported := range map[string]bool{
		"/chat/completions": true, "/embeddings": false, "/models": false, "/models/a%2Fb": false, "/audio/speech": false, "/files/a": false,
		"/files": false, "/uploads/u/parts": false, "/batches/b/cancel": false, "/responses/r": false, "/completions": false, "/rerank": false,
		"/moderations": false, "/images/edits": false, "/audio/transcriptions": false, "/filesystem": true, "/vector_stores": true,
	} {
		_, err := call(t.Context(), p, raw("POST", path))
		if supported && err != nil || !supported && !errors.Is(err, schemas.ErrUnsupportedOperation) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// A file may be anything, a page or a stream of events too, and is whatever was stored.
func TestAStoredFileIsNotJudged(t *testing.T) {
	for _, media := range []string{"text/html", "text/event-stream", "application/json", "application/octet-stream", ""} {
		for _, body := range []string{"data: {\"error\":{\"message\":\"m\"}}\n\nrest", "<p>", ""} {
			d := doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) { return response(200, media, body), nil })
			resp, err := call(t.Context(), newAdapter(d, nil), raw("GET", "/files/f/content"))
			if err != nil {
				t.Fatalf("%s, %q: %v", media, body, err)
			}
			got, err := io.ReadAll(resp.Raw.Body)
			if err != nil || string(got) != body || resp.Raw.Header.Get("Content-Type") != media {
				t.Errorf("%s, %q: got %q, %v, %v", media, body, got, resp.Raw.Header, err)
			}
		}
	}
}

func TestARawAnswerLosesOnlyTheConnectionsHeadersAndCookies(t *testing.T) {
	d := doerFunc(func(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
		resp := response(204, "", "")
		resp.Header = http.Header{"Connection": {"X-Hop"}, "X-Hop": {"1"}, "Keep-Alive": {"2"}, "Set-Cookie": {"a=b"}, "X-Kept": {"3"}}
		return resp, nil
	})
	resp, err := call(t.Context(), newAdapter(d, nil), raw("DELETE", "/files/a"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Raw.Body)
	if len(body) != 0 || err != nil || resp.Raw.StatusCode != 204 || len(resp.Raw.Header) != 1 || resp.Raw.Header.Get("X-Kept") != "3" {
		t.Fatalf("got %d %v %q %v", resp.Raw.StatusCode, resp.Raw.Header, body, err)
	}
}

func TestARawStreamHasNoLengthOfItsUpstreams(t *testing.T) {
	d := doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		resp := response(200, "text/event-stream", strings.Replace(done, `{"choices"`, `{"error":null,"choices"`, 1))
		resp.Header.Set("Content-Length", "999")
		return resp, nil
	})
	resp, err := call(t.Context(), newAdapter(d, nil), raw("POST", "/chat/completions"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Raw.Body)
	if err != nil || string(text) != done || resp.Raw.Header.Get("Content-Length") != "" {
		t.Fatalf("got %v %q, %v", resp.Raw.Header, text, err)
	}
}

func TestAResponsesStreamEndsWithItsOwnEvent(t *testing.T) {
	const begun = "event: response.created\ndata: {\"type\":\"response.created\"}\n\n" +
		"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
	for end, clean := range map[string]bool{"": false, "event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n": true} {
		d := doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
			return response(200, "text/event-stream", begun+end), nil
		})
		resp, err := call(t.Context(), newAdapter(d, nil), raw("POST", "/responses"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Raw.Body)
		if string(text) != begun+end || (err == nil) != clean {
			t.Fatalf("got %q, %v", text, err)
		}
	}
}

func TestAnAnswerOverTheLimitIsRefusedAndNotKept(t *testing.T) {
	body := &endless{}
	d := doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		return &httpx.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
	})
	_, err := call(t.Context(), newAdapter(d, nil), chat(schemas.OperationChat))
	if !errors.Is(err, schemas.ErrUpstream) || !strings.Contains(err.Error(), "64 MiB") || !body.closed {
		t.Fatalf("got %v, closed %v", err, body.closed)
	}
	if body.read > adapter.MaxAnswer+64<<10 {
		t.Fatalf("%d bytes were read", body.read)
	}
}

// endless is a body without an end.
type endless struct {
	read   int
	closed bool
}

func (b *endless) Read(p []byte) (int, error) { b.read += len(p); return len(p), nil }
func (b *endless) Close() error               { b.closed = true; return nil }

func TestAnAnswerThatIsNoStreamIsRefusedWhereOneWasAsked(t *testing.T) {
	for body, says := range map[string]string{
		`{"choices":[{"message":{"content":"a"}}]}`: "whole answer",
		`{"error":{"message":"secret","code":400}}`: "refused the request",
		`{}`: "whole answer",
	} {
		d := doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
			return response(200, "application/json; charset=utf-8", body), nil
		})
		_, err := call(t.Context(), newAdapter(d, nil), chat(schemas.OperationChatStream))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// lingering is a stream whose connection stays open after the end mark.
func lingering(ctx context.Context) io.ReadCloser {
	r, w := io.Pipe()
	go func() { // ends when ctx does
		_, _ = io.WriteString(w, done)
		<-ctx.Done()
		_ = w.CloseWithError(ctx.Err())
	}()
	return r
}

func TestAnUpstreamThatLingersAfterItsEndMarkHoldsNobodyLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := httpx.WithTimeouts(doerFunc(func(ctx context.Context, _ *httpx.Request) (*httpx.Response, error) {
			return &httpx.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: lingering(ctx)}, nil
		}), httpx.Timeouts{Total: time.Hour})
		begin := time.Now()
		resp, err := call(t.Context(), newAdapter(d, nil), chat(schemas.OperationChatStream))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = resp.Stream.Next()
		}
		if took := time.Since(begin); err != io.EOF || took > 200*time.Millisecond {
			t.Fatalf("got %v after %v", err, took)
		}
		begin = time.Now()
		if resp, err = call(t.Context(), newAdapter(d, nil), raw("POST", "/chat/completions")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Raw.Body, make([]byte, len(done))); err != nil {
			t.Fatal(err)
		}
		if err := resp.Raw.Body.Close(); err != nil || time.Since(begin) > 200*time.Millisecond {
			t.Fatalf("got %v after %v", err, time.Since(begin))
		}
	})
}

func TestAStreamThatWasAskedForIsOneWhateverItsTypeIsCalled(t *testing.T) {
	for _, media := range []string{"", "text/plain; charset=utf-8", "application/octet-stream", "TEXT/EVENT-STREAM"} {
		p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
			return response(200, media, strings.TrimSuffix(done, "data: [DONE]\n\n")), nil
		}), nil)
		req := raw("POST", "/chat/completions")
		req.Raw.Body = []byte(`{"model":"m","stream":true}`)
		resp, err := call(t.Context(), p, req)
		if err != nil {
			t.Errorf("%q: %v", media, err)
			continue
		}
		got, err := io.ReadAll(resp.Raw.Body)
		if media, _, _ := strings.Cut(resp.Raw.Header.Get("Content-Type"), ";"); media != "text/event-stream" || err != nil || string(got) != done {
			t.Errorf("%q: got %q of type %s, %v", media, got, media, err)
		}
	}
}

func TestAReaderToTheEndIsNotHeldByAnUpstreamThatNeverCloses(t *testing.T) {
	const failed = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"m\",\"code\":503}}\n\n"
	for _, text := range []string{done, failed, done + "data: {\"choices\":[]}\n\n"} {
		synctest.Test(t, func(t *testing.T) {
			d := httpx.WithTimeouts(doerFunc(func(ctx context.Context, _ *httpx.Request) (*httpx.Response, error) {
				r, w := io.Pipe()
				go func() { // ends when ctx does
					_, _ = io.WriteString(w, text)
					<-ctx.Done()
					_ = w.CloseWithError(ctx.Err())
				}()
				return &httpx.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: r}, nil
			}), httpx.Timeouts{Total: time.Hour})
			begin := time.Now()
			resp, err := call(t.Context(), newAdapter(d, nil), raw("POST", "/chat/completions"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Raw.Body)
			want := text
			if text != failed {
				want = done
			}
			if took := time.Since(begin); string(got) != want || (err != nil) != (text == failed) || took > 200*time.Millisecond {
				t.Errorf("got %q, %v after %v", got, err, took)
			}
			_ = resp.Raw.Body.Close()
		})
	}
}

func TestAConnectionIsUsedAgainAfterAStream(t *testing.T) {
	up := providertest.NewUpstream(t)
	end := make(chan struct{})
	up.Script(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, done)
		_ = http.NewResponseController(w).Flush()
		<-end // the body's own end comes after the end mark
	})
	client, err := httpx.New(httpx.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := newAdapter(httpx.WithTimeouts(client, httpx.Timeouts{Total: time.Minute}), func(o *adapter.Options) { o.BaseURL = up.URL + "/v1" })
	defer p.Close()
	for name, stream := range map[string]func(context.Context, *testing.T){
		"chunks": func(ctx context.Context, t *testing.T) { readChunks(ctx, t, p, end) },
		"raw":    func(ctx context.Context, t *testing.T) { readAsSDKsDo(ctx, t, p, end) },
	} {
		t.Run(name, func(t *testing.T) {
			var used, opened int
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
				used++
				if !c.Reused {
					opened++
				}
			}})
			for range 20 {
				stream(ctx, t)
			}
			if used != 20 || opened > 5 { // a slow machine may miss the time to drain
				t.Fatalf("%d connections for %d streams", opened, used)
			}
		})
	}
}

func readChunks(ctx context.Context, t *testing.T, p schemas.Provider, end chan<- struct{}) {
	resp, err := call(ctx, p, chat(schemas.OperationChatStream))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Stream.Next(); err != nil {
		t.Fatal(err)
	}
	end <- struct{}{}
	if _, err := resp.Stream.Next(); err != io.EOF {
		t.Fatal(err)
	}
}

// readAsSDKsDo reads up to the end mark and closes.
func readAsSDKsDo(ctx context.Context, t *testing.T, p schemas.Provider, end chan<- struct{}) {
	resp, err := call(ctx, p, raw("POST", "/chat/completions"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Raw.Body, make([]byte, len(done))); err != nil {
		t.Fatal(err)
	}
	end <- struct{}{}
	if err := resp.Raw.Body.Close(); err != nil {
		t.Fatal(err)
	}
}
