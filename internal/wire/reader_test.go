package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"bifrost/schemas"
)

// event is an Event whose parts may be kept.
type event struct {
	name, id, data string
	hasData        bool
	raw            string
	incomplete     bool
}

func readAll(t *testing.T, src io.Reader) ([]event, error) {
	t.Helper()
	r := NewReader(src)
	var all []event
	for {
		ev, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, event{ev.Name, ev.ID, string(ev.Data), ev.Data != nil, string(ev.Raw), ev.Incomplete})
	}
}

func TestReaderUnderstandsEveryLineEndAndField(t *testing.T) {
	cases := map[string]struct {
		in   string
		want []event
	}{
		"lf":         {"data: a\n\n", []event{{data: "a", hasData: true, raw: "data: a\n\n"}}},
		"crlf":       {"data: a\r\n\r\n", []event{{data: "a", hasData: true, raw: "data: a\r\n\r\n"}}},
		"cr":         {"data: a\r\rdata: b\r\r", []event{{data: "a", hasData: true, raw: "data: a\r\r"}, {data: "b", hasData: true, raw: "data: b\r\r"}}},
		"no space":   {"data:a\n\n", []event{{data: "a", hasData: true, raw: "data:a\n\n"}}},
		"two spaces": {"data:  a\n\n", []event{{data: " a", hasData: true, raw: "data:  a\n\n"}}},
		"no colon":   {"data\n\n", []event{{hasData: true, raw: "data\n\n"}}},
		"many lines": {"data: a\ndata:\ndata: b\n\n", []event{{data: "a\n\nb", hasData: true, raw: "data: a\ndata:\ndata: b\n\n"}}},
		"named":      {"event: x\nid: 7\ndata: a\n\n", []event{{name: "x", id: "7", data: "a", hasData: true, raw: "event: x\nid: 7\ndata: a\n\n"}}},
		"bad id":     {"id: a\x00b\ndata: a\n\n", []event{{data: "a", hasData: true, raw: "id: a\x00b\ndata: a\n\n"}}},
		"comment":    {": hi\n\ndata: a\n\n", []event{{raw: ": hi\n\n"}, {data: "a", hasData: true, raw: "data: a\n\n"}}},
		"in block":   {": hi\ndata: a\n\n", []event{{data: "a", hasData: true, raw: ": hi\ndata: a\n\n"}}},
		"mark":       {"\xEF\xBB\xBFdata: a\n\n", []event{{data: "a", hasData: true, raw: "\xEF\xBB\xBFdata: a\n\n"}}},
		"mark later": {"\n\xEF\xBB\xBFdata: a\n\n", []event{{raw: "\n"}, {raw: "\xEF\xBB\xBFdata: a\n\n"}}},
		"unknown":    {"retry: 3\nfoo: bar\n\n", []event{{raw: "retry: 3\nfoo: bar\n\n"}}},
		"empty":      {"", nil},
		"cut":        {"data: a\n\ndata: b\n", []event{{data: "a", hasData: true, raw: "data: a\n\n"}, {data: "b", hasData: true, raw: "data: b\n", incomplete: true}}},
		"cut line":   {"data: [DONE]", []event{{data: "[DONE]", hasData: true, raw: "data: [DONE]", incomplete: true}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(c.in), iotest.DataErrReader(strings.NewReader(c.in))} {
				got, err := readAll(t, src)
				if err != nil || !equal(got, c.want) {
					t.Fatalf("got %+v, %v; want %+v", got, err, c.want)
				}
			}
			got, err := readAll(t, iotest.OneByteReader(strings.NewReader(c.in)))
			if err != nil || rawOf(got) != c.in || !sameFields(got, c.want) {
				t.Fatalf("byte by byte: got %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

func TestReaderHandsOutAnEventBeforeAnyLaterByteArrives(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\r", "\r\n\r\n", "\r\n\r"} {
		in, out := io.Pipe()
		go func() { _, _ = out.Write([]byte("data: a" + end)) }() // ends when the pipe's reader has all
		ev, err := NewReader(in).Next()
		if err != nil || string(ev.Data) != "a" {
			t.Fatalf("%q: got %q, %v", end, ev.Data, err)
		}
		_ = in.Close()
	}
}

func TestReaderTakesALineEndThatComesInTwoReads(t *testing.T) {
	for _, last := range []string{"data: [DONE]", "data: [DONE]\r\n"} {
		src := io.MultiReader(strings.NewReader("data: a\r\n\r"), strings.NewReader("\n"+last))
		r := NewReader(src)
		var got []string
		for {
			ev, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(ev.Data))
		}
		if strings.Join(got, " ") != "a [DONE]" {
			t.Errorf("%q: got %q", last, got)
		}
	}
}

func TestReaderReturnsTheSourcesErrorAfterTheRest(t *testing.T) {
	cut := errors.New("cut")
	src := io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(cut))
	r := NewReader(src)
	for _, want := range []string{"a", "b"} {
		ev, err := r.Next()
		if err != nil || string(ev.Data) != want || ev.Incomplete != (want == "b") {
			t.Fatalf("got %q, %v", ev.Data, err)
		}
	}
	for range 2 {
		if _, err := r.Next(); err != cut {
			t.Fatalf("got %v, want the source's error", err)
		}
	}
}

func TestReaderRefusesALineOrEventOverItsLimit(t *testing.T) {
	for name, in := range map[string]string{
		"line":      "data: " + strings.Repeat("x", 200) + "\n\n",
		"open line": strings.Repeat("x", 200),
		"event":     strings.Repeat("data: 123456789\n", 60) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
				r := NewReader(src)
				r.maxLine, r.maxEvent = 100, 500
				for range 2 {
					ev, err := r.Next()
					if !errors.Is(err, schemas.ErrUpstream) || ev.Raw != nil {
						t.Fatalf("got %d bytes, %v; want an upstream error", len(ev.Raw), err)
					}
				}
			}
		})
	}
}

func TestReaderTakesALineOfTheFullLimitAndGivesTheMemoryBack(t *testing.T) {
	long := bytes.Repeat([]byte("x"), MaxLine-len("data: "))
	src := io.MultiReader(strings.NewReader("data: "), bytes.NewReader(long), strings.NewReader("\n\ndata: b\n\n"))
	r := NewReader(src)
	ev, err := r.Next()
	if err != nil || len(ev.Data) != len(long) {
		t.Fatalf("got %d bytes, %v", len(ev.Data), err)
	}
	ev, err = r.Next()
	if err != nil || string(ev.Data) != "b" || len(r.buf) > largestKept {
		t.Fatalf("got %q, %v, a buffer of %d", ev.Data, err, len(r.buf))
	}
}

func TestReaderGivesUpOnASourceThatNeverProgresses(t *testing.T) {
	stuck := readerFunc(func([]byte) (int, error) { return 0, nil })
	if _, err := NewReader(stuck).Next(); err != io.ErrNoProgress {
		t.Fatalf("got %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func equal(a, b []event) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// sameFields compares all but Raw, whose cut may differ in a CRLF that arrived
// in two parts.
func sameFields(a, b []event) bool {
	a, b = withoutRaw(a), withoutRaw(b)
	return equal(a, b)
}

func withoutRaw(evs []event) []event {
	var out []event
	for _, ev := range evs {
		if ev.raw == "\n" && !ev.hasData && !ev.incomplete {
			continue // the rest of a CRLF, or a blank line: no event
		}
		ev.raw = ""
		out = append(out, ev)
	}
	return out
}

func rawOf(evs []event) string {
	var b strings.Builder
	for _, ev := range evs {
		b.WriteString(ev.raw)
	}
	return b.String()
}

func TestABlockLacksWhatMakesItsBlankLine(t *testing.T) {
	for block, want := range map[string]string{
		"": "", "data: a\n\n": "", "data: a": "\n\n", "data: a\n": "\n", "data: a\r\n": "\n", "data: a\r": "\n\n",
	} {
		if got := Lacking([]byte(block)); got != want {
			t.Errorf("%q: got %q, want %q", block, got, want)
		}
		ev, err := NewReader(strings.NewReader(block + Lacking([]byte(block)))).Next()
		if block != "" && (err != nil || ev.Incomplete || string(ev.Data) != "a") {
			t.Errorf("%q: completed to %+v, %v", block, ev, err)
		}
	}
}
