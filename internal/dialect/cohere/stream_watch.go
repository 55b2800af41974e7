package cohere

import (
	"encoding/json"
	"io"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamWatch is a dialect.Watch: it passes every event on as it is, but for the key in
// an error. It is not safe for concurrent use.
type StreamWatch struct {
	key  string
	chat bool // ends with the end of a message

	done, cut bool
	failed    *schemas.Error
	lacking   string // what the last event has not of its blank line
}

var _ dialect.Watch = (*StreamWatch)(nil)

// NewStreamWatch returns a StreamWatch for the answer to a call of path. Of a path that
// is not PathChat, every end counts as regular.
func NewStreamWatch(path, key string) *StreamWatch {
	return &StreamWatch{key: key, chat: path == PathChat}
}

// See implements dialect.Watch. The beginnings of the message and of its content are no
// content yet: errors come after them too.
func (w *StreamWatch) See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error) {
	content, failure = w.look(ev)
	switch {
	case w.cut: // of no use to a client, and half an error may have half a key
	case failure != nil:
		pass = w.withoutKey(ev)
	default:
		pass = ev.Raw
	}
	w.lacking = ""
	if ev.Incomplete && !w.cut {
		w.lacking = wire.Lacking(pass)
	}
	return pass, content, failure
}

// look notes what an event says.
func (w *StreamWatch) look(ev wire.Event) (content bool, failure *schemas.Error) {
	switch {
	case len(ev.Data) == 0 || string(ev.Data) == doneMark:
		return false, nil
	case ev.Incomplete && !gjson.ValidBytes(ev.Data):
		w.cut = true
		return true, nil
	}
	typ := gjson.GetBytes(ev.Data, "type").Str
	if typ == "" {
		typ = ev.Name
	}
	if mayFail(typ) {
		if status := statusWithin(ev.Data); status != 0 {
			w.failed = dialect.FailureWithin(schemas.DialectCohere, status, ev.Data, w.key)
			return true, w.failed
		}
	}
	switch typ {
	case eventMessageStart, eventContentStart, eventContentEnd, eventDebug:
		return !w.chat, nil
	case eventMessageEnd:
		w.done = w.chat
	}
	return true, nil
}

// withoutKey returns an error event without the key, which it may quote.
func (w *StreamWatch) withoutKey(ev wire.Event) []byte {
	if !dialect.Quotes(ev.Raw, w.key) {
		return ev.Raw
	}
	data := dialect.Masked(ev.Data, w.key)
	name := string(dialect.Masked([]byte(ev.Name), w.key))
	if name != ev.Name || gjson.ValidBytes(ev.Data) && !gjson.ValidBytes(data) {
		return appendError(nil, w.failed) // the key is no more than a number, or a word of the dialect
	}
	return wire.AppendEvent(nil, name, data)
}

// appendError appends err as the end of a message.
func appendError(dst []byte, err *schemas.Error) []byte {
	var end struct {
		Type  string `json:"type"`
		Delta struct {
			FinishReason string `json:"finish_reason"`
			Error        string `json:"error"`
		} `json:"delta"`
	}
	end.Type, end.Delta.FinishReason, end.Delta.Error = eventMessageEnd, finishError, err.Message
	data, fault := json.Marshal(&end)
	if fault != nil { // texts cannot fail
		panic("bug: " + fault.Error())
	}
	return wire.AppendEvent(dst, eventMessageEnd, data)
}

// Done implements dialect.Watch.
func (w *StreamWatch) Done() bool { return w.done }

// Over implements dialect.Watch.
func (w *StreamWatch) Over() bool { return w.done || w.failed != nil }

// End implements dialect.Watch. The end of a message says why it ended, so that one that
// lacks it is not complete.
func (w *StreamWatch) End(err error) (missing []byte, end error) {
	end = w.meaning(err)
	if end == io.EOF || w.failed != nil {
		missing = append(missing, w.lacking...)
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
		return cutOff()
	case !w.chat:
		return io.EOF
	}
	return endedEarly()
}
