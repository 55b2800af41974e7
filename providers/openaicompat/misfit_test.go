package openaicompat_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

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
		"a page to an unknown operation":   {"/reports", wholeBody, "text/html", page, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sent := response(200, c.media, c.answer)
			body := &closeNoted{ReadCloser: sent.Body}
			sent.Body = body
			p := adapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) { return sent, nil }), nil)
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

type closeNoted struct {
	io.ReadCloser
	closed bool
}

func (b *closeNoted) Close() error {
	b.closed = true
	return b.ReadCloser.Close()
}
