package openai

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamWatch follows a stream that is passed on, to tell what a caller must know
// of it: its first content, an error in it, and whether its end is a regular one.
// It also says what to pass on: every event as it is, but for the little that
// clients of the dialect cannot take. It is not safe for concurrent use.
type StreamWatch struct {
	dialect.StreamEnd

	opts      StreamOptions
	chat      bool   // ends with a finish_reason or the end mark
	responses bool   // ends with an event of the Responses API that says so
	kept      bool   // has events of a kept response, maybe none that is new
	usage     bool   // the last event has usage and no choice
	asked     bool   // for its usage, not by the caller
	counted   []byte // the last usage that was seen
}

// NewStreamWatch returns a StreamWatch for the answer to a call of path. Of a
// path that is not known, every end counts as regular.
func NewStreamWatch(path string, opts StreamOptions) *StreamWatch {
	w := &StreamWatch{opts: opts, chat: path == PathChat || path == PathCompletions, responses: path == PathResponses,
		kept: strings.HasPrefix(path, PathResponses+"/")}
	w.Known = w.chat || w.responses
	return w
}

// See looks at the next event. It returns what to pass on of it, which is valid as
// long as the event is, whether it has content for the caller, the end mark
// included, and the error if it carries one.
func (w *StreamWatch) See(ev wire.Event) (pass []byte, content bool, failure *schemas.Error) {
	if w.chat {
		ev = withoutMember(ev, "error")
		if w.asked {
			ev = withoutMember(ev, "usage")
		}
	}
	w.usage = false
	content, failure = w.look(ev)
	pass = w.passed(ev, failure != nil)
	w.Passed(ev, pass)
	return pass, content, failure
}

// passed returns what to pass on of an event that was looked at.
func (w *StreamWatch) passed(ev wire.Event, failed bool) []byte {
	switch {
	case w.Cut:
		return nil // of no use to a client, and half an error may have half a key
	case w.Failed != nil && string(ev.Data) == EndOfStream:
		return nil // clients would take what broke off for whole
	case w.usage && !w.opts.IncludeUsage:
		return nil // clients that did not ask for it look for the first choice in vain
	case failed || len(ev.Data) == 0 || w.chat && ev.Data[0] != '{' ||
		(w.responses || w.kept) && eventType(ev) == statusFailed:
		return w.withoutKey(ev)
	}
	return ev.Raw
}

// withoutKey returns an event that may quote the key, as an error does, without it.
func (w *StreamWatch) withoutKey(ev wire.Event) []byte {
	masked, intact := dialect.EventWithoutKey(ev, w.opts.Key)
	if w.Failed != nil && !intact {
		return AppendStreamError(nil, w.Failed)
	}
	return masked
}

// withoutMember returns a chunk without a member of that name that says nothing: openai-go
// ends the stream at any "error" that exists, and "usage" is not there unless it is asked
// for. Others are returned as they are.
func withoutMember(ev wire.Event, member string) wire.Event {
	if !bytes.Contains(ev.Data, []byte(`"`+member+`"`)) || !dialect.ValidBytes(ev.Data) {
		return ev
	}
	text := bytes.TrimSpace(ev.Data)
	if text[0] != '{' {
		return ev
	}
	var data []byte
	kept, cut := false, false // a member was, so far
	done, last := 0, 0        // what of text is dealt with, and the end of the last member
	gjson.ParseBytes(text).ForEach(func(name, v gjson.Result) bool {
		switch {
		case name.Str != member || dialect.Present([]byte(v.Raw)):
			if cut && !kept {
				done = name.Index // without the comma that would be the first
			}
			kept = true
		case kept:
			data = append(data, text[done:last+bytes.IndexByte(text[last:], ',')]...)
			cut, done = true, v.Index+len(v.Raw)
		default:
			if !cut {
				data = append(data, text[:name.Index]...)
			}
			cut, done = true, v.Index+len(v.Raw)
		}
		last = v.Index + len(v.Raw)
		return true
	})
	if !cut {
		return ev
	}
	ev.Data = append(data, text[done:]...)
	ev.Raw = ev.WithData(ev.Data)
	return ev
}

// mentionsError tells apart the few events that may have an "error" member.
func mentionsError(data []byte) bool { return bytes.Contains(data, []byte(`"error"`)) }

// look notes what an event says.
func (w *StreamWatch) look(ev wire.Event) (content bool, failure *schemas.Error) {
	if len(ev.Data) == 0 {
		return false, nil
	}
	if string(ev.Data) == EndOfStream {
		w.Marked = true
		return true, nil
	}
	if ev.Incomplete && !dialect.ValidBytes(ev.Data) {
		w.Cut = true
		return true, nil
	}
	w.count(ev.Data)
	if w.responses {
		return w.seeResponses(ev)
	}
	if w.carriesError(ev) {
		w.Failed = errorInStream(ev.Data, w.opts.Key)
		return true, w.Failed
	}
	if w.chat {
		content = w.seeChat(ev.Data)
		return content, w.Failed
	}
	return true, nil
}

// count notes the usage that an event has, as its own or as that of the response in it.
func (w *StreamWatch) count(data []byte) {
	if w.kept || !bytes.Contains(data, []byte(`"usage"`)) {
		return
	}
	path := "usage"
	if w.responses {
		path = "response.usage"
	}
	if v := gjson.GetBytes(data, path); v.IsObject() {
		w.counted = append(w.counted[:0], v.Raw...)
	}
}

// Usage implements dialect.Watch.
func (w *StreamWatch) Usage() *schemas.Usage { return usageIn(w.counted) }

func (w *StreamWatch) carriesError(ev wire.Event) bool {
	if ev.Name == "error" {
		return true
	}
	if !mentionsError(ev.Data) {
		return false
	}
	v := gjson.GetManyBytes(ev.Data, "error", "object", "type")
	return dialect.Present([]byte(v[0].Raw)) || v[1].Str == "error" || v[2].Str == "error"
}

func (w *StreamWatch) seeChat(data []byte) (content bool) {
	choices := gjson.GetBytes(data, "choices")
	if !choices.IsArray() {
		choices = gjson.Result{} // gjson would take a scalar for its own element
	}
	choices.ForEach(func(_, choice gjson.Result) bool {
		content = true
		switch reason := choice.Get("finish_reason").String(); reason {
		case "":
		case "error": // OpenRouter, Mistral
			w.Failed = dialect.BadAnswer("the provider broke off the answer with the finish reason error; try again")
		default:
			w.Finished = true
		}
		return true
	})
	w.usage = !content && gjson.GetBytes(data, "usage").IsObject()
	return content
}

func (w *StreamWatch) seeResponses(ev wire.Event) (content bool, failure *schemas.Error) {
	if w.Failed = responsesFailure(ev, w.opts.Key); w.Failed != nil {
		return true, w.Failed
	}
	switch eventType(ev) {
	case "created", statusInProgress, "queued":
		return false, nil
	case statusCompleted, statusIncomplete, statusFailed, statusCancelled:
		w.Finished = true
	}
	return true, nil
}

// eventType returns the name of an event of the Responses API, without "response.".
func eventType(ev wire.Event) string {
	name := ev.Name
	if name == "" {
		name = gjson.GetBytes(ev.Data, "type").String()
	}
	return strings.TrimPrefix(name, "response.")
}

// End implements dialect.Watch. Some clients wait for the end mark, so a chat that only
// lacks it gets it.
func (w *StreamWatch) End(err error) (missing []byte, end error) {
	mark := AppendEnd
	if !w.chat {
		mark = nil
	}
	return w.Close(err, "the stream ended without its end mark or a finish reason; try again", mark)
}
