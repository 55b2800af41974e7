package wire

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// chunked hands out its bytes in parts of the drawn sizes.
type chunked struct {
	data  []byte
	sizes []int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := len(c.data)
	if len(c.sizes) > 0 {
		n, c.sizes = min(n, c.sizes[0]), c.sizes[1:]
	}
	n = copy(p, c.data[:n])
	c.data = c.data[n:]
	return n, nil
}

func TestWhatAWriterWritesAReaderReadsAtAnyChunking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type written struct{ name, data string }
		var sent []written
		var out bytes.Buffer
		w := NewWriter(&out)
		for range rapid.IntRange(0, 8).Draw(t, "events") {
			if rapid.Bool().Draw(t, "comment first") {
				_ = w.WriteComment(rapid.String().Draw(t, "comment"))
			}
			ev := written{rapid.String().Draw(t, "name"), rapid.StringMatching(`[ -~\r\n]{0,40}`).Draw(t, "data")}
			_ = w.WriteEvent(ev.name, []byte(ev.data))
			sent = append(sent, ev)
		}
		text := out.String()
		sizes := rapid.SliceOf(rapid.IntRange(1, 20)).Draw(t, "sizes")
		r := NewReader(&chunked{data: []byte(text), sizes: sizes})
		var raw strings.Builder
		for {
			ev, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil || ev.Incomplete {
				t.Fatalf("got %v, incomplete %v", err, ev.Incomplete)
			}
			raw.Write(ev.Raw)
			if ev.Data == nil {
				continue
			}
			if len(sent) == 0 {
				t.Fatalf("an event too many: %q", ev.Data)
			}
			want := sent[0]
			sent = sent[1:]
			if string(ev.Data) != normalized(want.data) || ev.Name != oneLine(want.name) {
				t.Fatalf("got %q %q, want %q %q", ev.Name, ev.Data, want.name, want.data)
			}
		}
		if len(sent) != 0 || raw.String() != text {
			t.Fatalf("%d events lost; raw %q, written %q", len(sent), raw.String(), text)
		}
	})
}

// normalized is data with every line end as LF, which is all that the format keeps.
func normalized(data string) string {
	return strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"data: a\n\n", "data: a\r\n\r\n", ":c\n\nevent: x\rdata\r\r", "\xEF\xBB\xBFdata: [DONE]", "id: 1\n\n\n\n"} {
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		r := NewReader(bytes.NewReader(in))
		whole := dataOf(t, r, in)
		sizes := make([]int, len(in))
		for i := range sizes {
			sizes[i] = int(size)*(i+1)%7 + 1 // 7 and its multiples: byte by byte
		}
		parts := dataOf(t, NewReader(&chunked{data: bytes.Clone(in), sizes: sizes}), in)
		if whole != parts {
			t.Fatalf("chunking changed the events: %q and %q", whole, parts)
		}
	})
}

// dataOf returns all events in one string, after checking that their raw bytes
// are the input.
func dataOf(t *testing.T, r *Reader, in []byte) string {
	var all, raw strings.Builder
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		raw.Write(ev.Raw)
		if ev.Data != nil {
			all.WriteString(ev.Name + "\x01" + ev.ID + "\x01" + string(ev.Data) + "\x02")
		}
	}
	if raw.String() != string(in) {
		t.Fatalf("raw bytes %q, input %q", raw.String(), in)
	}
	return all.String()
}
