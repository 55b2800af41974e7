package anthropic

import (
	"io"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamWatch is a dialect.Watch: it passes every event on as it is, but for the key
// in an error. It is not safe for concurrent use.
type StreamWatch struct {
	key      string
	messages bool // ends with a stop reason or the end mark

	finished, done, cut bool
	failed              *schemas.Error
	lacking             string // what the last event has not of its blank line
}

var _ dialect.Watch = (*StreamWatch)(nil)

// NewStreamWatch returns a StreamWatch for the answer to a call of path. Of a path
// that is not PathMessages, every end counts as regular.
func NewStreamWatch(path, key string) *StreamWatch {
	return &StreamWatch{key: key, messages: path == PathMessages}
}

// See implements dialect.Watch. The beginnings of the message and of a text are no
// content yet: errors come after them too.
func (w *StreamWatch) See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error) {
	content, failure = w.look(ev)
	pass = w.passed(ev, failure != nil)
	w.lacking = ""
	if ev.Incomplete && !w.cut {
		w.lacking = wire.Lacking(pass)
	}
	return pass, content, failure
}

// look notes what an event says.
func (w *StreamWatch) look(ev wire.Event) (content bool, failure *schemas.Error) {
	if len(ev.Data) == 0 {
		return false, nil
	}
	if ev.Incomplete && !gjson.ValidBytes(ev.Data) {
		w.cut = true
		return true, nil
	}
	v := gjson.GetManyBytes(ev.Data, "type", "error", "delta.stop_reason", "content_block.type")
	if ev.Name == eventError || v[0].Str == eventError || dialect.Present([]byte(v[1].Raw)) {
		w.failed = errorWithin(ev.Data, w.key)
		return true, w.failed
	}
	if !w.messages {
		return true, nil
	}
	typ := v[0].Str
	if typ == "" {
		typ = ev.Name
	}
	switch typ {
	case eventMessageStop:
		w.done = true
		return true, nil
	case eventMessageDelta:
		w.finished = w.finished || v[2].Type == gjson.String
		return true, nil
	case eventBlockDelta:
		return true, nil
	case eventBlockStart:
		return v[3].Str != blockText && v[3].Str != blockThinking, nil
	}
	return false, nil
}

// passed returns what to pass on of an event that was looked at.
func (w *StreamWatch) passed(ev wire.Event, failed bool) []byte {
	switch {
	case w.cut:
		return nil // of no use to a client, and half an error may have half a key
	case w.failed != nil && !failed && w.done:
		return nil // clients would take what broke off for whole
	case failed || len(ev.Data) == 0 || w.messages && ev.Data[0] != '{':
		return w.withoutKey(ev)
	}
	return ev.Raw
}

// withoutKey returns an event that may quote the key, as an error does, without it.
func (w *StreamWatch) withoutKey(ev wire.Event) []byte {
	if !dialect.Quotes(ev.Raw, w.key) {
		return ev.Raw
	}
	if ev.Data == nil {
		return nil
	}
	data := dialect.Masked(ev.Data, w.key)
	name := string(dialect.Masked([]byte(ev.Name), w.key))
	if w.failed != nil && (name != ev.Name || gjson.ValidBytes(ev.Data) && !gjson.ValidBytes(data)) {
		return AppendStreamError(nil, w.failed) // the key is no more than a number, or a word of the dialect
	}
	return wire.AppendEvent(nil, name, data)
}

// Done implements dialect.Watch.
func (w *StreamWatch) Done() bool { return w.done }

// Over implements dialect.Watch.
func (w *StreamWatch) Over() bool { return w.done || w.failed != nil }

// End implements dialect.Watch. A stream that only lacks its end mark gets it.
func (w *StreamWatch) End(err error) (missing []byte, end error) {
	end = w.meaning(err)
	if end == io.EOF || w.failed != nil {
		missing = append(missing, w.lacking...)
	}
	if end == io.EOF && w.messages && !w.done {
		missing = appendStop(missing)
	}
	w.lacking = ""
	return missing, end
}

func (w *StreamWatch) meaning(err error) error {
	switch {
	case w.failed != nil:
		return w.failed
	case w.done:
		return io.EOF
	case err != io.EOF:
		return err
	case w.cut:
		return dialect.BadAnswer("the stream ended in the middle of an event; try again")
	case w.finished || !w.messages:
		return io.EOF
	}
	return dialect.BadAnswer("the stream ended without its end mark or a stop reason; try again")
}

// appendStop appends the end mark.
func appendStop(dst []byte) []byte {
	return wire.AppendEvent(dst, eventMessageStop, []byte(`{"type":"message_stop"}`))
}
