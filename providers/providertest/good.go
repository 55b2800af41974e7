package providertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"bifrost/schemas"
)

func describesItself(t *testing.T, f Fixture) {
	first, second := f.Provider.Describe(), f.Provider.Describe()
	if first.Type == "" || first.Dialect == "" || len(first.Operations) == 0 || !reflect.DeepEqual(first, second) {
		t.Fatalf("got %+v, then %+v", first, second)
	}
}

func answersAChat(t *testing.T, f Fixture) {
	resp, err := f.call(within(t), t, f.request(schemas.OperationChat))
	if err != nil {
		t.Fatal(err)
	}
	chat := resp.Chat
	if chat == nil || chat.Text() == "" || chat.Choices[0].FinishReason == "" || chat.Choices[0].Message.Role != "assistant" || chat.Usage == nil {
		t.Fatalf("got %+v", chat)
	}
}

func streamsAChat(t *testing.T, f Fixture) {
	for _, usage := range []bool{false, true} {
		req := f.request(schemas.OperationChatStream)
		req.Chat.IncludeUsage = usage
		resp, err := f.call(within(t), t, req)
		if err != nil {
			t.Fatal(err)
		}
		var text, finish string
		var counted bool
		for {
			chunk, err := resp.Stream.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			text += chunk.Text()
			counted = counted || chunk.Usage != nil
			if len(chunk.Choices) > 0 && chunk.Choices[0].FinishReason != nil {
				finish = *chunk.Choices[0].FinishReason
			}
			if len(chunk.Choices) == 0 && !usage {
				t.Error("a chunk without choices that nobody asked for")
			}
		}
		if _, err := resp.Stream.Next(); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		if err := resp.Stream.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if text == "" || finish == "" || counted && !usage {
			t.Errorf("usage asked %v, got %v; text %q, finish reason %q", usage, counted, text, finish)
		}
	}
}

func closesAStreamEarly(t *testing.T, f Fixture) {
	resp, err := f.call(within(t), t, f.request(schemas.OperationChatStream))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Stream.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := resp.Stream.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, first := resp.Stream.Next()
	wantKind(t, first, schemas.KindCanceled)
	if _, again := resp.Stream.Next(); again != first {
		t.Fatalf("got %v, then %v", first, again)
	}
}

func answersEmbeddings(t *testing.T, f Fixture) {
	req := f.request(schemas.OperationEmbeddings)
	resp, err := f.call(within(t), t, req)
	if !slices.Contains(f.operations(), schemas.OperationEmbeddings) {
		wantKind(t, err, schemas.KindUnsupportedOperation)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.Embedding.Data) != len(req.Embedding.Input) {
		t.Fatalf("got %d vectors for %d inputs", len(resp.Embedding.Data), len(req.Embedding.Input))
	}
	for i, d := range resp.Embedding.Data {
		if d.Index != i || len(d.Embedding) == 0 {
			t.Fatalf("vector %d is %+v", i, d)
		}
	}
}

func listsModels(t *testing.T, f Fixture) {
	resp, err := f.call(within(t), t, f.request(schemas.OperationListModels))
	if !f.Provider.Describe().Supports(schemas.OperationListModels) {
		wantKind(t, err, schemas.KindUnsupportedOperation)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if resp.Models == nil || len(resp.Models.Data) == 0 || resp.Models.Data[0].ID == "" {
		t.Fatalf("got %+v", resp.Models)
	}
}

func passesRaw(t *testing.T, f Fixture) {
	resp, err := f.call(within(t), t, f.request(schemas.OperationRaw))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Raw.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Raw.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("got %d %v", resp.Raw.StatusCode, resp.Raw.Header)
	}
	if text, err := consume(resp); err != nil || !strings.Contains(text, f.set().mark) {
		t.Fatalf("got %q, %v", text, err)
	}
}

func passesRawStream(t *testing.T, f Fixture) {
	req := f.request(schemas.OperationRaw)
	req.Raw = f.set().raw(f.Model, true)
	text, err := f.whole(within(t), t, req)
	if err != nil || !strings.HasPrefix(text, f.set().begins) || !strings.HasSuffix(text, f.set().done) {
		t.Fatalf("got %q, %v", text, err)
	}
}

func refusesUnknownOperation(t *testing.T, f Fixture) {
	_, err := f.call(within(t), t, &schemas.Request{Operation: "telepathy", Model: f.Model})
	e := wantKind(t, err, schemas.KindUnsupportedOperation)
	for _, op := range f.operations() {
		if !strings.Contains(e.Message, string(op)) {
			t.Errorf("%q does not name %s", e.Message, op)
		}
	}
	_, err = f.call(within(t), t, &schemas.Request{Operation: schemas.OperationChat, Model: f.Model})
	wantKind(t, err, schemas.KindInvalidRequest)
}

func refusesBadPaths(t *testing.T, f Fixture) {
	for _, path := range []string{"", "chat/completions", "http://127.0.0.1/x", "//127.0.0.1/x", "/../x", "/a/../../x", "/a/./b",
		"/%2e%2e/x", "/%252e%252e/x", "/a%2f..%2fx", "/..;x/y", `/..\x`, "/a%5cb", "/a?b=c", "/a#b", "/a\r\nX: y", "/a%00b", "/%zz"} {
		req := f.request(schemas.OperationRaw)
		req.Raw.Path = path
		if _, err := f.call(within(t), t, req); !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%q: got %v", path, err)
		}
	}
	if f.Upstream != nil && len(f.Upstream.Received()) > 0 {
		t.Errorf("calls were made: %v", f.Upstream.Received())
	}
}

func refusesEndedContext(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(within(t))
	cancel()
	for _, op := range f.operations() {
		_, err := f.call(ctx, t, f.request(op))
		if e := wantKind(t, err, schemas.KindCanceled); e.MayHaveStarted || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %#v", op, e)
		}
	}
}

// sharesOneRequest lets the race detector watch 100 callers of one request.
func sharesOneRequest(t *testing.T, f Fixture) {
	ctx := within(t)
	for _, op := range f.operations() {
		req, untouched := f.request(op), f.request(op)
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				if _, err := f.whole(ctx, t, req); err != nil {
					t.Errorf("%s: %v", op, err)
				}
			})
		}
		callers.Wait()
		if !reflect.DeepEqual(req, untouched) {
			t.Errorf("%s: the request was modified", op)
		}
	}
}
