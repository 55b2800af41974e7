package anthropic

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamWatch is a dialect.Watch: it passes every event on as it is, but for the key
// in an error. It is not safe for concurrent use.
type StreamWatch struct {
	dialect.StreamEnd // known are messages: they end with a stop reason or the end mark

	key   string
	usage usageWire // of the events so far
}

var _ dialect.Watch = (*StreamWatch)(nil)

// NewStreamWatch returns a StreamWatch for the answer to a call of path. Of a path
// that is not PathMessages, every end counts as regular.
func NewStreamWatch(path, key string) *StreamWatch {
	return &StreamWatch{key: key, StreamEnd: dialect.StreamEnd{Known: path == PathMessages}}
}

// See implements dialect.Watch. The beginnings of the message and of a text are no
// content yet: errors come after them too.
func (w *StreamWatch) See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error) {
	content, failure = w.look(ev)
	pass = w.passed(ev, failure != nil)
	w.Passed(ev, pass)
	return pass, content, failure
}

// look notes what an event says.
func (w *StreamWatch) look(ev wire.Event) (content bool, failure *schemas.Error) {
	if len(ev.Data) == 0 {
		return false, nil
	}
	if ev.Incomplete && !dialect.ValidBytes(ev.Data) {
		w.Cut = true
		return true, nil
	}
	v := gjson.GetManyBytes(ev.Data, "type", "error", "delta.stop_reason", "content_block.type")
	if ev.Name == eventError || v[0].Str == eventError || dialect.Present([]byte(v[1].Raw)) {
		w.Failed = errorWithin(ev.Data, w.key)
		return true, w.Failed
	}
	if !w.Known {
		return true, nil
	}
	typ := v[0].Str
	if typ == "" {
		typ = ev.Name
	}
	w.count(typ, ev.Data)
	switch typ {
	case eventMessageStop:
		w.Marked = true
		return true, nil
	case eventMessageDelta:
		w.Finished = w.Finished || v[2].Type == gjson.String
		return true, nil
	case eventBlockDelta:
		return true, nil
	case eventBlockStart:
		return v[3].Str != blockText && v[3].Str != blockThinking, nil
	}
	return false, nil
}

// count notes the usage of an event that may have it.
func (w *StreamWatch) count(typ string, data []byte) {
	path := "usage"
	switch typ {
	case eventMessageStart:
		path = "message.usage"
	case eventMessageDelta:
	default:
		return
	}
	var in usageWire
	if v := gjson.GetBytes(data, path); v.IsObject() && json.Unmarshal([]byte(v.Raw), &in) == nil {
		w.usage.merge(&in)
		w.Counted = w.usage.canonical()
	}
}

// passed returns what to pass on of an event that was looked at.
func (w *StreamWatch) passed(ev wire.Event, failed bool) []byte {
	switch {
	case w.Cut:
		return nil // of no use to a client, and half an error may have half a key
	case w.Failed != nil && !failed && w.Marked:
		return nil // clients would take what broke off for whole
	case failed || len(ev.Data) == 0 || w.Known && ev.Data[0] != '{':
		return w.withoutKey(ev)
	}
	return ev.Raw
}

// withoutKey returns an event that may quote the key, as an error does, without it.
func (w *StreamWatch) withoutKey(ev wire.Event) []byte {
	masked, intact := dialect.EventWithoutKey(ev, w.key)
	if w.Failed != nil && !intact {
		return AppendStreamError(nil, w.Failed)
	}
	return masked
}

// End implements dialect.Watch. A stream that only lacks its end mark gets it.
func (w *StreamWatch) End(err error) (missing []byte, end error) {
	return w.Close(err, "the stream ended without its end mark or a stop reason; try again", appendStop)
}

// appendStop appends the end mark.
func appendStop(dst []byte) []byte {
	return wire.AppendEvent(dst, eventMessageStop, []byte(`{"type":"message_stop"}`))
}
