package providertest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"bifrost/schemas"
)

// streams returns the ways to ask for a stream that is watched: typed and, if it is one
// of events, raw.
func (f Fixture) streams() map[string]*schemas.Request {
	raw := f.request(schemas.OperationRaw)
	raw.Raw = f.set().raw(f.Model, true)
	if f.set().frames {
		return map[string]*schemas.Request{"chat_stream": f.request(schemas.OperationChatStream)}
	}
	return map[string]*schemas.Request{"chat_stream": f.request(schemas.OperationChatStream), "raw": raw}
}

func errorBeforeContent(t *testing.T, f Fixture) {
	set := f.set()
	for name, script := range map[string]http.HandlerFunc{
		"an opening, then an error": answers(set.media(), set.wait()+set.opening+set.failure),
		"an opening, then the end":  answers(set.media(), set.wait()+set.opening),
		"an error event":            answers(set.media(), set.failure+set.done),
		"comments, then an error":   answers(set.media(), set.wait()+set.wait()+set.failure),
		"comments, then the end":    answers(set.media(), set.wait()),
		"comments, then a break":    breaks(set.media(), set.wait()),
		"half an event, then a cut": answers(set.media(), set.hello[:30]),
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
	set := f.set()
	f.Upstream.Script(answers(set.media(), set.hello+set.failure+set.done))
	for way, req := range f.streams() {
		resp, err := f.call(within(t), t, req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := consume(resp)
		if e := wantKind(t, err, schemas.KindUpstream); e.StatusCode != set.failureStatus || e.Upstream == nil || text == "" {
			t.Errorf("%s: got %q, %#v", way, text, e)
		}
	}
}

func endsEarly(t *testing.T, f Fixture) {
	set := f.set()
	scripts := map[string]http.HandlerFunc{
		"a bare end":     answers(set.media(), set.hello+set.there),
		"a cut event":    answers(set.media(), set.hello+set.there[:50]),
		"a broken line":  breaks(set.media(), set.hello+set.there[:50]),
		"a break":        breaks(set.media(), set.hello),
		"something else": answers(set.media(), set.hello+"<html>\n\n"),
	}
	if set.failingReason != "" {
		scripts["a failing reason"] = answers(set.media(), set.hello+set.failingReason+set.done)
	}
	for name, script := range scripts {
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
	set := f.set()
	odd := set.odd
	f.Upstream.Script(answers(set.media()+"; charset=utf-8", odd))
	for _, size := range []int{1, 7, 64 << 10} {
		req := f.request(schemas.OperationRaw)
		req.Raw = f.set().raw(f.Model, true)
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
		want := odd
		if before, _, marked := strings.Cut(odd, set.done); marked && set.done != "" {
			want = before + set.done
		}
		if string(got) != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}
