package gemini

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamWatch is a dialect.Watch: it passes events on as they are, but for the key in an
// error and for what clients of the dialect cannot take. Some raise an error at any block
// that is more than one line of data, others lose it: comments are left out, and other
// blocks written anew. It is not safe for concurrent use.
type StreamWatch struct {
	dialect.StreamEnd // known are answers of models: they end after a finish reason

	key     string
	usage   []byte // that of the last event that has it
	foreign bool   // the end mark of another dialect was seen
}

var _ dialect.Watch = (*StreamWatch)(nil)

// NewStreamWatch returns a StreamWatch for the answer to a call of path. Of a path that
// does not stream an answer of a model, every end counts as regular.
func NewStreamWatch(path, key string) *StreamWatch {
	_, method := splitPath(path)
	return &StreamWatch{key: key, StreamEnd: dialect.StreamEnd{Known: method == methodStream}}
}

// See implements dialect.Watch.
func (w *StreamWatch) See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error) {
	data := dataOf(ev)
	content, failure = w.look(ev, data)
	pass = w.passed(ev, data, failure != nil)
	w.Passed(ev, pass)
	return pass, content, failure
}

// look notes what an event says.
func (w *StreamWatch) look(ev wire.Event, data []byte) (content bool, failure *schemas.Error) {
	switch {
	case len(data) == 0:
		return false, nil
	case string(data) == doneMark:
		w.foreign = true
		return true, nil
	case ev.Incomplete && !dialect.ValidBytes(data):
		w.Cut = true
		return true, nil
	}
	if bytes.Contains(data, []byte(`"error"`)) && ErrorWithin(data, w.key) != nil {
		w.Failed = errorWithin(data, w.key)
		return true, w.Failed
	}
	if !w.Known {
		return true, nil
	}
	if v := gjson.GetBytes(data, usageMember); v.IsObject() {
		w.usage = append(w.usage[:0], v.Raw...)
	}
	gjson.GetBytes(data, "candidates").ForEach(func(_, c gjson.Result) bool {
		v := c.Get("finishReason").String() != ""
		w.Finished = w.Finished || v
		content = content || v || c.Get("content.parts.0").Exists()
		return true
	})
	if gjson.GetBytes(data, "promptFeedback.blockReason").String() != "" {
		w.Finished, content = true, true
	}
	return content, nil
}

// passed returns what to pass on of an event that was looked at.
func (w *StreamWatch) passed(ev wire.Event, data []byte, failed bool) []byte {
	switch {
	case w.Cut, len(data) == 0:
		return nil // of no use to a client; half an error may have half a key
	case string(data) == doneMark:
		return nil // clients hand it to a parser of JSON
	case !failed && dialect.ValidBytes(data):
		if isPlain(ev) {
			return ev.Raw
		}
		return wire.AppendEvent(nil, "", oneLine(data))
	}
	masked := dialect.Masked(data, w.key)
	if failed && dialect.ValidBytes(data) && !dialect.ValidBytes(masked) {
		return AppendStreamError(nil, w.Failed) // the key is no more than a number, or a word of the dialect
	}
	if isPlain(ev) && bytes.Equal(masked, data) {
		return ev.Raw
	}
	return wire.AppendEvent(nil, "", oneLine(masked))
}

// isPlain reports whether a block is one line of data with a blank line, or what is there
// of it at the end of a stream, as clients know it.
func isPlain(ev wire.Event) bool {
	line, ok := bytes.CutPrefix(ev.Raw, []byte("data: "))
	if !ok || len(ev.Data) == 0 || !bytes.HasPrefix(line, ev.Data) {
		return false
	}
	end := string(line[len(ev.Data):])
	return end == "\n\n" || end == "\r\n\r\n" || ev.Incomplete && strings.HasPrefix("\n\n", end)
}

// oneLine returns JSON without line breaks.
func oneLine(data []byte) []byte {
	var line bytes.Buffer
	if json.Compact(&line, data) != nil {
		return data
	}
	return line.Bytes()
}

// Usage implements dialect.Watch. Each event counts anew; only the last is read.
func (w *StreamWatch) Usage() *schemas.Usage { return readUsage(w.usage) }

// Done implements dialect.Watch. Only the end mark of another dialect makes it true.
func (w *StreamWatch) Done() bool { return w.foreign }

// Over implements dialect.Watch.
func (w *StreamWatch) Over() bool { return w.foreign || w.StreamEnd.Over() }

// End implements dialect.Watch. The dialect has no end mark, and that of another says
// nothing of whether the answer is whole.
func (w *StreamWatch) End(err error) (missing []byte, end error) {
	if w.foreign {
		err = io.EOF
	}
	return w.Close(err, "the stream ended without a finish reason; try again", nil)
}
