package dialect

import (
	"io"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// StreamEnd is what a Watch of a stream of events knows of its end; the watches of the
// dialects embed it and set its fields as they look. The zero value is that of a stream
// of which nothing was seen. It is not safe for concurrent use.
type StreamEnd struct {
	// Known tells that the call's answers are known to say why they end. Of any other,
	// every end is regular.
	Known bool

	Finished bool           // the answer has said why it ended
	Marked   bool           // the end mark was seen
	Cut      bool           // the last event is no more than a part of one
	Failed   *schemas.Error // the error that was seen

	// Counted is what the events have counted so far; nil: nothing.
	Counted *schemas.Usage

	lacking string // what the last event has not of its blank line
}

// Done implements Watch.
func (e *StreamEnd) Done() bool { return e.Marked }

// Usage implements Watch.
func (e *StreamEnd) Usage() *schemas.Usage { return e.Counted }

// Over implements Watch.
func (e *StreamEnd) Over() bool { return e.Marked || e.Failed != nil }

// Passed notes that pass is passed on of ev, which is the last one if it is incomplete.
func (e *StreamEnd) Passed(ev wire.Event, pass []byte) {
	e.lacking = ""
	if ev.Incomplete && !e.Cut {
		e.lacking = wire.Lacking(pass)
	}
}

// Close is Watch's End. After the end mark every end is regular. What the source left out
// of its last event is missing, since clients drop one without a blank line, and, of a
// known answer, the end mark that appendMark appends; nil appends none. early is what an
// end that is not regular is told as.
func (e *StreamEnd) Close(err error, early string, appendMark func(dst []byte) []byte) (missing []byte, end error) {
	end = e.meaning(err, early)
	if end == io.EOF || e.Failed != nil {
		missing = append(missing, e.lacking...)
	}
	if end == io.EOF && e.Known && !e.Marked && appendMark != nil {
		missing = appendMark(missing)
	}
	e.lacking = ""
	return missing, end
}

func (e *StreamEnd) meaning(err error, early string) error {
	switch {
	case e.Failed != nil:
		return e.Failed
	case e.Marked:
		return io.EOF
	case err != io.EOF:
		return err
	case e.Cut:
		return BadAnswer("the stream ended in the middle of an event; try again")
	case e.Finished || !e.Known:
		return io.EOF
	}
	return BadAnswer(early)
}

// EventWithoutKey returns an event that may quote the key, as an error does, without it,
// and whether it is still one of its dialect: a key that is no more than a number or a
// word may be a part of its JSON or its name. Nothing else is lost but what is no part of
// its message: comments, an id, a time to retry. One without data is left out whole.
func EventWithoutKey(ev wire.Event, key string) (masked []byte, intact bool) {
	if !Quotes(ev.Raw, key) {
		return ev.Raw, true
	}
	if ev.Data == nil {
		return nil, true
	}
	data := Masked(ev.Data, key)
	name := string(Masked([]byte(ev.Name), key))
	intact = name == ev.Name && (ValidBytes(data) || !ValidBytes(ev.Data))
	return wire.AppendEvent(nil, name, data), intact
}
