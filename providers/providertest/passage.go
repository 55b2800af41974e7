package providertest

import (
	"bytes"
	"strings"
	"testing"

	"bifrost/schemas"
)

// passRaw makes a raw chat call with a stream as the answer, and returns what is
// delivered of it.
func (f Fixture) passRaw(t *testing.T, stream string) (string, error) {
	t.Helper()
	f.Upstream.Script(answers("text/event-stream", stream))
	req := f.request(schemas.OperationRaw)
	req.Raw = f.set().raw(f.Model, true)
	return f.whole(within(t), t, req)
}

// completesTheEnd: SDKs drop a last event without its blank line.
func completesTheEnd(t *testing.T, f Fixture) {
	set := f.set()
	open := func(block string) string { return strings.TrimRight(block, "\n") }
	whole := set.stream() + set.done
	for name, stream := range map[string]string{
		"no end mark":                  set.stream(),
		"an end mark without its end":  set.stream() + open(set.done),
		"a last chunk without its end": open(set.stream()),
		"half a blank line":            open(set.stream()) + "\n",
	} {
		if got, err := f.passRaw(t, stream); err != nil || got != whole {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if got, err := f.passRaw(t, open(set.stop)); err != nil || got != set.stop+set.done {
		t.Errorf("a single chunk: got %q, %v", got, err)
	}
	got, err := f.passRaw(t, set.hello+open(set.failure))
	if wantKind(t, err, schemas.KindUpstream); got != set.hello+set.failure {
		t.Errorf("an error without its end: got %q", got)
	}
	got, err = f.passRaw(t, set.hello+set.failure+set.done)
	if wantKind(t, err, schemas.KindUpstream); got != set.hello+set.failure {
		t.Errorf("an end mark after an error: got %q", got)
	}
}

// removesEmptyErrors: openai-go ends a stream at any "error" member.
func removesEmptyErrors(t *testing.T, f Fixture) {
	for _, empty := range []string{`null`, `""`, `{}`, `false`} {
		stream := strings.ReplaceAll(helloStream, `{"id":"c",`, `{"id":"c","error":`+empty+`,`)
		if got, err := f.passRaw(t, stream+chunkDone); err != nil || got != helloStream+chunkDone {
			t.Errorf("%s: got %q, %v", empty, got, err)
		}
	}
}

// keepsUsageForAskers: many clients look for the first choice of every chunk.
func keepsUsageForAskers(t *testing.T, f Fixture) {
	f.Upstream.Script(answers("text/event-stream", helloStream+chunkUsage+chunkDone))
	for options, want := range map[string]string{
		``:                       helloStream + chunkDone,
		`,"stream_options":null`: helloStream + chunkDone,
		`,"stream_options":{"include_usage":false}`: helloStream + chunkDone,
		`,"stream_options":{"include_usage":true}`:  helloStream + chunkUsage + chunkDone,
	} {
		req := f.request(schemas.OperationRaw)
		req.Raw = f.set().raw(f.Model, true)
		req.Raw.Body = append(bytes.TrimSuffix(req.Raw.Body, []byte("}")), options+"}"...)
		if got, err := f.whole(within(t), t, req); err != nil || got != want {
			t.Errorf("%s: got %q, %v", options, got, err)
		}
		calls := f.Upstream.Received()
		if got := calls[len(calls)-1].Body; !bytes.Equal(got, req.Raw.Body) {
			t.Errorf("%s: sent %s, want %s", options, got, req.Raw.Body)
		}
	}
}
