package cohere

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamWatch is a dialect.Watch: it passes every event on as it is, but for the key in
// an error. It is not safe for concurrent use.
type StreamWatch struct {
	dialect.StreamEnd // known are chats: they end with the end of a message

	key string
}

var _ dialect.Watch = (*StreamWatch)(nil)

// NewStreamWatch returns a StreamWatch for the answer to a call of path. Of a path that
// is not PathChat, every end counts as regular.
func NewStreamWatch(path, key string) *StreamWatch {
	return &StreamWatch{key: key, StreamEnd: dialect.StreamEnd{Known: path == PathChat}}
}

// See implements dialect.Watch. The beginnings of the message and of its content are no
// content yet: errors come after them too.
func (w *StreamWatch) See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error) {
	content, failure = w.look(ev)
	switch {
	case w.Cut: // of no use to a client, and half an error may have half a key
	case failure != nil:
		pass = w.withoutKey(ev)
	default:
		pass = ev.Raw
	}
	w.Passed(ev, pass)
	return pass, content, failure
}

// look notes what an event says.
func (w *StreamWatch) look(ev wire.Event) (content bool, failure *schemas.Error) {
	switch {
	case len(ev.Data) == 0 || string(ev.Data) == doneMark:
		return false, nil
	case ev.Incomplete && !dialect.ValidBytes(ev.Data):
		w.Cut = true
		return true, nil
	}
	typ := gjson.GetBytes(ev.Data, "type").Str
	if typ == "" {
		typ = ev.Name
	}
	if mayFail(typ) {
		if status := statusWithin(ev.Data); status != 0 {
			w.Failed = dialect.FailureWithin(schemas.DialectCohere, status, ev.Data, w.key)
			return true, w.Failed
		}
	}
	switch typ {
	case eventMessageStart, eventContentStart, eventContentEnd, eventDebug:
		return !w.Known, nil
	case eventMessageEnd:
		w.Marked = w.Known
		w.count(ev.Data)
	}
	return true, nil
}

// count notes the usage that the end of a message has.
func (w *StreamWatch) count(data []byte) {
	var in usageWire
	if v := gjson.GetBytes(data, "delta.usage"); v.IsObject() && json.Unmarshal([]byte(v.Raw), &in) == nil {
		w.Counted = in.canonical()
	}
}

// withoutKey returns an error event without the key, which it may quote.
func (w *StreamWatch) withoutKey(ev wire.Event) []byte {
	masked, intact := dialect.EventWithoutKey(ev, w.key)
	if !intact {
		return appendError(nil, w.Failed)
	}
	return masked
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

// End implements dialect.Watch. The end of a message says why it ended, so that one that
// lacks it is not complete.
func (w *StreamWatch) End(err error) (missing []byte, end error) {
	return w.Close(err, noEnd, nil)
}
