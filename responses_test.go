package bifrost_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

// able is a provider of one dialect that answers every call with a word, and tells which
// operation it was asked for.
type able struct {
	dialect    schemas.Dialect
	operations []schemas.Operation
	asked      chan<- schemas.Operation
	broken     error // what a stream ends with after its first chunk
}

func (p able) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "able", Dialect: p.dialect, KeyOptional: true, Operations: p.operations}
}

func (p able) Call(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	p.asked <- a.Request.Operation
	switch a.Request.Operation {
	case schemas.OperationRaw:
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}}, nil
	case schemas.OperationChatStream:
		return &schemas.Response{Stream: &breaking{err: p.broken}}, nil
	}
	return &schemas.Response{Served: schemas.Served{Dropped: []string{"top_k"}}, Chat: &schemas.ChatResponse{ID: "1",
		Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage("hello"), FinishReason: "stop"}}}}, nil
}

// breaking is a stream of one chunk and an error.
type breaking struct {
	began bool
	err   error
}

func (b *breaking) Next() (*schemas.ChatChunk, error) {
	if b.began {
		return nil, b.err
	}
	b.began = true
	return &schemas.ChatChunk{ID: "1", Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: "hel"}}}}, nil
}

func (b *breaking) Close() error { return nil }

func ask(t *testing.T, p able, path, body string) (*schemas.Response, error) {
	t.Helper()
	client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithProvider("p", p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Shutdown(context.Background()) })
	return client.DialectRequest(context.Background(), &schemas.RawRequest{Dialect: schemas.DialectOpenAI, Method: http.MethodPost,
		Path: path, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)})
}

func TestACallOfTheResponsesAPIIsTranslatedForAProviderThatOnlyHasChat(t *testing.T) {
	chat := []schemas.Operation{schemas.OperationChat, schemas.OperationRaw}
	for name, c := range map[string]struct {
		dialect    schemas.Dialect
		operations []schemas.Operation
		path       string
		want       schemas.Operation
	}{
		"its own":         {schemas.DialectOpenAI, append(slices.Clone(chat), schemas.OperationResponses), "/responses", schemas.OperationRaw},
		"chat only":       {schemas.DialectOpenAI, chat, "/responses", schemas.OperationChat},
		"another dialect": {schemas.DialectAnthropic, chat, "/responses", schemas.OperationChat},
		"no chat":         {schemas.DialectOpenAI, []schemas.Operation{schemas.OperationRaw}, "/responses", schemas.OperationRaw},
		"another path":    {schemas.DialectOpenAI, chat, "/responses/resp_1/cancel", schemas.OperationRaw},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan schemas.Operation, 1)
			resp, err := ask(t, able{dialect: c.dialect, operations: c.operations, asked: asked}, c.path, `{"model":"p/m","input":"hi","store":true}`)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Raw.Body.Close()
			if got := <-asked; got != c.want {
				t.Fatalf("asked for %s, want %s", got, c.want)
			}
			body, err := io.ReadAll(resp.Raw.Body)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == schemas.OperationRaw {
				return
			}
			if !strings.Contains(string(body), `"text":"hello"`) {
				t.Errorf("got %s", body)
			}
			if want := []string{"store", "top_k"}; !slices.Equal(resp.Dropped, want) {
				t.Errorf("left out %q, want %q", resp.Dropped, want)
			}
		})
	}
}

func TestATranslatedStreamThatBreaksOffSaysSoInItsOwnWords(t *testing.T) {
	told := &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: "m",
		Upstream: &schemas.UpstreamReply{Dialect: schemas.DialectAnthropic, Body: []byte(`{"error":{"message":"too bad"}}`)}}
	lost := &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: "the connection broke"}
	const failed, plain = "event: response.failed\n", `data: {"error":`
	for _, c := range []struct {
		path, body string
		err        error
		words      []string
		silent     string
	}{
		{"/responses", `{"model":"p/m","input":"hi","stream":true}`, told, []string{failed, "too bad", plain}, ""},
		{"/responses", `{"model":"p/m","input":"hi","stream":true}`, lost, []string{failed, lost.Message}, plain},
		{"/chat/completions", `{"model":"p/m","messages":[{"role":"user","content":"hi"}],"stream":true}`, told, []string{plain, "too bad"}, failed},
		{"/chat/completions", `{"model":"p/m","messages":[{"role":"user","content":"hi"}],"stream":true}`, lost, nil, "error"}, // its reader says so
	} {
		resp, err := ask(t, able{dialect: schemas.DialectAnthropic, asked: make(chan schemas.Operation, 1), broken: c.err,
			operations: []schemas.Operation{schemas.OperationChatStream}}, c.path, c.body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Raw.Body)
		_ = resp.Raw.Body.Close()
		var e *schemas.Error
		if !errors.As(err, &e) || e.Kind != schemas.KindUpstream {
			t.Errorf("%s: ended with %v", c.path, err)
		}
		for _, word := range append(c.words, "hel") {
			if !strings.Contains(string(body), word) {
				t.Errorf("%s, %v: no %q in %s", c.path, c.err, word, body)
			}
		}
		if c.silent != "" && strings.Contains(string(body), c.silent) {
			t.Errorf("%s, %v: %q in %s", c.path, c.err, c.silent, body)
		}
	}
}
