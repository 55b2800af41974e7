package adapter_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

const (
	answerJSON = `{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}`
	streamBody = `{"model":"m","messages":[],"stream":true}`
	wholeBody  = `{"model":"m","messages":[{"role":"user","content":"a \"stream\": true"}],"stream":false}`
	page       = "<!doctype html>"
)

func TestARawAnswerOfAFormThatCannotBeMeantIsAnErrorAndAnyOtherPasses(t *testing.T) {
	for name, c := range map[string]struct {
		path, body, media, answer string
		says                      string // "": the answer passes
		status                    int
	}{
		"a whole answer to a whole call":   {"/chat/completions", wholeBody, "application/json", answerJSON, "", 0},
		"a whole answer to a stream":       {"/chat/completions", streamBody, "application/json; charset=utf-8", answerJSON, "whole answer", 0},
		"an error to a stream":             {"/chat/completions", streamBody, "application/json", `{"error":{"message":"m","code":503}}`, "failed", 503},
		"a whole answer of another stream": {"/responses", streamBody, "application/json", `{"id":"r"}`, "", -1},
		"an operation that is not known":   {"/moderations", streamBody, "application/json", `{"id":"r"}`, "", 0},
		"a page to a chat":                 {"/chat/completions", wholeBody, "text/html; charset=utf-8", page, "web page", 200},
		"a page to a stream":               {"/chat/completions", streamBody, "text/html", page, "web page", 200},
		"an empty answer":                  {"/chat/completions", wholeBody, "application/json", "", "is empty", -1},
		"an empty answer to embeddings":    {"/embeddings", wholeBody, "", " \n", "is empty", -1},
		"null":                             {"/embeddings", wholeBody, "application/json", "null", "not a json object", -1},
		"text":                             {"/completions", wholeBody, "text/plain", "Hello", "not a json object", -1},
		"garbage":                          {"/chat/completions", wholeBody, "application/json", "{garbage", "is cut off", -1},
		"nothing to a response":            {"/responses", wholeBody, "application/json", "", "is empty", -1},
		"half a response":                  {"/responses", wholeBody, "application/json", `{"id":`, "is cut off", -1},
		"text to a response":               {"/responses", wholeBody, "application/json", `say: {"error":{"message":"m"}}`, "not a json object", -1},
		"a list to a response":             {"/responses", wholeBody, "application/json", `[{"error":{"message":"m"}}]`, "not a json object", -1},
		"a stream to a whole response":     {"/responses", wholeBody, "text/event-stream", "data: {}\n\n", "with a stream", -1},
		"nothing to another operation":     {"/moderations", wholeBody, "", "", "", 0},
		"a stream to a whole call":         {"/chat/completions", wholeBody, "text/event-stream", "data: {}\n\n", "with a stream", -1},
		"a page to an unknown operation":   {"/reports", wholeBody, "text/html", page, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sent := response(200, c.media, c.answer)
			body := &closeNoted{ReadCloser: sent.Body}
			sent.Body = body
			p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) { return sent, nil }), nil)
			req := raw("POST", c.path)
			req.Raw.Body = []byte(c.body)
			resp, err := call(t.Context(), p, req)
			if c.says == "" && c.status == 0 {
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(resp.Raw.Body)
				if err != nil || string(got) != c.answer {
					t.Fatalf("got %q, %v", got, err)
				}
				return
			}
			var e *schemas.Error
			if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || !strings.Contains(e.Message, c.says) || !body.closed {
				t.Fatalf("got %v, closed %v", err, body.closed)
			}
			if c.status > 0 && e.StatusCode != c.status {
				t.Errorf("status %d, want %d", e.StatusCode, c.status)
			}
		})
	}
}

func TestAnErrorWithinARawSuccessIsTheErrorOfTheTypedCall(t *testing.T) {
	answer := ""
	var body *closeNoted
	p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		resp := response(200, "application/json", answer)
		body = &closeNoted{ReadCloser: resp.Body}
		resp.Body = body
		return resp, nil
	}), nil)
	ask := func(req *schemas.Request) error {
		_, err := p.Call(t.Context(), &schemas.Attempt{Request: req, Number: 1, Key: schemas.Key{Value: "sk-ours"}})
		return err
	}
	for _, text := range []string{
		`{"error":{"message":"for sk-ours","code":429}}`,
		` {"id":"1","error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"},"choices":[]}`,
		`{"error":{"message":"m","code":401}}`, `{"error":{"message":"m","code":"invalid_api_key"}}`,
		`{"error":{"message":"m"}}`, `{"error":"in words"}`, `{"error":{"message":"m","code":400}`,
		`{"error":{"message":"` + strings.Repeat("long ", 20<<10) + `"}}`,
		`{"error":{"message":"` + strings.Repeat("x", dialect.MaxErrorBody-25) + `sk-ours"}}`,
	} {
		answer = text
		want := ask(chat(schemas.OperationChat))
		for _, path := range []string{"/chat/completions", "/completions", "/embeddings", "/responses", "/responses/compact", "/responses/input_tokens"} {
			req := raw("POST", path)
			got := ask(req)
			var e, typed *schemas.Error
			if !errors.As(got, &e) || !errors.As(want, &typed) || e.Upstream == nil || !body.closed {
				t.Fatalf("%s, %.60s: got %v, want %v, closed %v", path, text, got, want, body.closed)
			}
			kept := string(e.Upstream.Body)
			if strings.Contains(kept, "sk-") || len(kept) > dialect.MaxErrorBody {
				t.Errorf("%s, %.60s: the kept reply has the key, or %d bytes", path, text, len(kept))
			}
			if len(text) > dialect.MaxErrorBody { // cut before or after the key was masked
				e.Upstream.Body, typed.Upstream.Body = nil, nil
			}
			if !reflect.DeepEqual(e, typed) {
				t.Errorf("%s, %.60s: got %+v, want %+v", path, text, e, typed)
			}
		}
	}
}

func TestASuccessWithoutAnErrorPassesByteForByte(t *testing.T) {
	long := strings.Repeat("[0.5],", 20<<10)
	for answer, paths := range map[string][]string{
		`{"error":null,"choices":[{"message":{"content":"\"error\":1"}}]}`: nil,
		` {"choices":[],"x":{"error":{"message":"m"}},"error":""}`:         nil,
		`{"choices":[`:                   {"/moderations"},
		``:                               {"/moderations"},
		`say: {"error":{"message":"m"}}`: {"/moderations"},
		`[{"error":{"message":"m"}}]`:    {"/moderations"},
		"\xEF\xBB\xBF{\"choices\":[]}":   nil,
		`{"choices":[],"x":NaN}`:         nil,
		`{"choices":[],"error":0}`:       nil,
		`{"data":[` + long + `1]}`:       nil,
		`{"data":[` + long + `1],"error":{"message":"too late to be looked at"}}`:                           nil,
		`{"id":"r","status":"failed","error":{"code":"server_error","message":"m"}}`:                        {"/responses", "/moderations"},
		`{"object":"response","status":"failed","error":{"code":"server_error","message":"m"},"output":[]}`: {"/responses"},
	} {
		p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
			return response(200, "application/json", answer), nil
		}), nil)
		if paths == nil {
			paths = []string{"/chat/completions", "/completions", "/embeddings", "/responses"}
		}
		for _, path := range paths {
			resp, err := call(t.Context(), p, raw("POST", path))
			if err != nil {
				t.Errorf("%s, %.60s: %v", path, answer, err)
				continue
			}
			if got, err := io.ReadAll(resp.Raw.Body); err != nil || string(got) != answer {
				t.Errorf("%s, %.60s: got %.60s, %v", path, answer, got, err)
			}
		}
	}
}

func TestOfALongSuccessOnlyTheBeginningIsHeld(t *testing.T) {
	body := &endless{}
	p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		long := struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader("{"), body), body}
		return &httpx.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: long}, nil
	}), nil)
	resp, err := call(t.Context(), p, raw("POST", "/embeddings"))
	if err != nil || body.read > dialect.MaxErrorBody+1 {
		t.Fatalf("%d bytes were held, %v", body.read, err)
	}
	_ = resp.Raw.Body.Close()
}

type closeNoted struct {
	io.ReadCloser
	closed bool
}

func (b *closeNoted) Close() error {
	b.closed = true
	return b.ReadCloser.Close()
}

func TestACompressedSuccessIsNotJudged(t *testing.T) {
	p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		resp := response(200, "application/json", "\x1f\x8b...")
		resp.Header.Set("Content-Encoding", "gzip")
		return resp, nil
	}), nil)
	resp, err := call(t.Context(), p, raw("POST", "/chat/completions"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Raw.Body); err != nil || string(got) != "\x1f\x8b..." || resp.Raw.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("got %q, %v, %v", got, err, resp.Raw.Header)
	}
}

func TestAFailedResponseThatQuotesTheKeyPassesWithoutIt(t *testing.T) {
	for method, path := range map[string]string{"POST": "/responses", "GET": "/responses/resp_1"} {
		passesWithoutKey(t, method, path)
	}
}

func passesWithoutKey(t *testing.T, method, path string) {
	p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
		resp := response(200, "application/json", `{"object":"response","status":"failed","error":{"code":"server_error","message":"for sk-ours"},"output":[]}`)
		resp.Header.Set("Content-Length", "102")
		return resp, nil
	}), nil)
	resp, err := p.Call(t.Context(), &schemas.Attempt{Request: raw(method, path), Number: 1, Key: schemas.Key{Value: "sk-ours"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Raw.Body)
	if want := `{"object":"response","status":"failed","error":{"code":"server_error","message":"for ***"},"output":[]}`; err != nil || string(got) != want ||
		resp.Raw.Header.Get("Content-Length") != "" {
		t.Errorf("got %s, %v, %v", got, err, resp.Raw.Header)
	}
}
