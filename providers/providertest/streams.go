package providertest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost/schemas"
)

// streams returns the two ways to ask for a stream.
func (f Fixture) streams() map[string]*schemas.Request {
	raw := f.request(schemas.OperationRaw)
	raw.Raw = rawChat(f.Model, true)
	return map[string]*schemas.Request{"chat_stream": f.request(schemas.OperationChatStream), "raw": raw}
}

func errorBeforeContent(t *testing.T, f Fixture) {
	for name, script := range map[string]http.HandlerFunc{
		"an error event":            answers("text/event-stream", chunkError+chunkDone),
		"comments, then an error":   answers("text/event-stream", comment+comment+chunkError),
		"comments, then the end":    answers("text/event-stream", comment),
		"comments, then a break":    breaks("text/event-stream", comment),
		"half an event, then a cut": answers("text/event-stream", chunkHello[:30]),
	} {
		f.Upstream.Script(script)
		for way, req := range f.streams() {
			_, err := f.call(within(t), t, req)
			if e := wantKind(t, err, schemas.KindUpstream); !e.MayHaveStarted || e.Provider == "" {
				t.Errorf("%s, %s: got %#v", name, way, e)
			}
		}
	}
}

func errorAfterContent(t *testing.T, f Fixture) {
	f.Upstream.Script(answers("text/event-stream", chunkHello+chunkError+chunkDone))
	for way, req := range f.streams() {
		resp, err := f.call(within(t), t, req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := consume(resp)
		if e := wantKind(t, err, schemas.KindUpstream); e.StatusCode != 503 || e.Upstream == nil || text == "" {
			t.Errorf("%s: got %q, %#v", way, text, e)
		}
	}
}

func endsEarly(t *testing.T, f Fixture) {
	for name, script := range map[string]http.HandlerFunc{
		"a bare end":       answers("text/event-stream", chunkHello+chunkThere),
		"a cut event":      answers("text/event-stream", chunkHello+chunkThere[:50]),
		"a broken line":    breaks("text/event-stream", chunkHello+chunkThere[:50]),
		"a break":          breaks("text/event-stream", chunkHello),
		"something else":   answers("text/event-stream", chunkHello+"<html>\n\n"),
		"a failing reason": answers("text/event-stream", chunkHello+`data: {"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}`+"\n\n"+chunkDone),
	} {
		f.Upstream.Script(script)
		for way, req := range f.streams() {
			resp, err := f.call(within(t), t, req)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, way, err)
			}
			_, err = consume(resp)
			if e := wantKind(t, err, schemas.KindUpstream); !e.MayHaveStarted || e.Provider == "" {
				t.Errorf("%s, %s: got %#v", name, way, e)
			}
			if resp.Stream != nil {
				if _, again := resp.Stream.Next(); again != err {
					t.Errorf("%s: got %v, then %v", name, err, again)
				}
			}
		}
	}
}

func deliversVerbatim(t *testing.T, f Fixture) {
	const odd = "\xEF\xBB\xBF" + comment + "event: x\r\n" + "id:7\r\n" + "data:{\"choices\":[{\"index\":0,\"delta\":{}}],\r\ndata: \"x\":1}\r\n\r\n" +
		chunkHello + ":\n\n" + chunkStop + chunkDone + comment
	f.Upstream.Script(answers("text/event-stream; charset=utf-8", odd))
	for _, size := range []int{1, 7, 64 << 10} {
		req := f.request(schemas.OperationRaw)
		req.Raw = rawChat(f.Model, true)
		resp, err := f.call(within(t), t, req)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		buf := make([]byte, size)
		for {
			n, err := resp.Raw.Body.Read(buf)
			got = append(got, buf[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := resp.Raw.Body.Close(); err != nil {
			t.Error(err)
		}
		// The end mark is the end: what an upstream still says is nobody's.
		if want, _, _ := strings.Cut(odd, chunkDone); string(got) != want+chunkDone {
			t.Fatalf("got %q, want %q", got, want+chunkDone)
		}
	}
}
