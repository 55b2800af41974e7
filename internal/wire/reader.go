package wire

import (
	"bytes"
	"fmt"
	"io"

	"bifrost/schemas"
)

const (
	// MaxLine is the longest line that a Reader takes, in bytes.
	MaxLine = 32 << 20
	// MaxEvent is the largest block that a Reader takes, in bytes.
	MaxEvent = 2 * MaxLine

	firstBuffer = 4 << 10
	// A larger buffer is given up once its event has been handed out, so that
	// one long line does not stay in memory for the rest of the stream.
	largestKept = 256 << 10
)

// Reader reads events. It blocks in the underlying reader only, and never waits
// for a byte that is not part of the event, so an event is handed out as soon as
// its blank line is there.
type Reader struct {
	src      io.Reader
	srcErr   error // what src ended with; returned once buf is used up
	maxLine  int
	maxEvent int

	buf        []byte
	start, end int // buf[start:end] is read from src and not handed out

	begun  bool // the first line, which may carry a byte order mark, was seen
	skipLF bool // the last line ended in CR: an LF right after it belongs to it

	lines  []span // data lines of the block, relative to start
	joined []byte
}

type span struct{ from, to int }

// NewReader returns a Reader of src.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, maxLine: MaxLine, maxEvent: MaxEvent}
}

// Next returns the next block. At the end of src it returns io.EOF, and on a
// broken src its error, in both cases after what was left of a block, which is
// Incomplete. A line over MaxLine or a block over MaxEvent is an *schemas.Error
// of kind upstream, and so is every later call.
func (r *Reader) Next() (Event, error) {
	r.shrink()
	r.lines = r.lines[:0]
	var ev Event
	pos := 0 // of the next line, relative to start
	for {
		from, to, next, err := r.line(pos)
		if err != nil {
			return r.rest(ev, from, err)
		}
		pos = next
		if from == to {
			return r.finish(ev, pos), nil
		}
		r.field(&ev, from, to)
	}
}

// line finds the line that begins at pos: its text is [from,to), the next line
// begins at next, all relative to start. An error means that src ended within it;
// from is its beginning then too.
func (r *Reader) line(pos int) (from, to, next int, err error) {
	scanned := pos
	for {
		if r.skipLF && r.end-r.start > pos {
			r.skipLF = false
			if r.buf[r.start+pos] == '\n' {
				pos++
				scanned = max(scanned, pos)
			}
		}
		if i := lineBreak(r.buf[r.start+scanned : r.end]); i >= 0 {
			to = scanned + i
			if err := r.tooLong(pos, to); err != nil {
				return 0, 0, 0, err // nothing is left
			}
			next = r.lineEnd(to)
			return r.withoutMark(pos, to), to, next, nil
		}
		scanned = r.end - r.start
		if err := r.tooLong(pos, scanned); err != nil {
			return 0, 0, 0, err
		}
		if err := r.fill(); err != nil {
			return pos, 0, 0, err
		}
	}
}

// lineEnd returns what follows the line end at to. An LF after a CR is taken
// along if it is there already, otherwise when it comes.
func (r *Reader) lineEnd(to int) int {
	if r.buf[r.start+to] == '\n' {
		return to + 1
	}
	if r.start+to+1 < r.end {
		if r.buf[r.start+to+1] == '\n' {
			return to + 2
		}
		return to + 1
	}
	r.skipLF = true
	return to + 1
}

// withoutMark returns where the text begins: after the byte order mark in the
// first line of the stream.
func (r *Reader) withoutMark(from, to int) int {
	if r.begun {
		return from
	}
	r.begun = true
	if bytes.HasPrefix(r.buf[r.start+from:r.start+to], []byte("\xEF\xBB\xBF")) {
		return from + 3
	}
	return from
}

// field notes one line of a block.
func (r *Reader) field(ev *Event, from, to int) {
	line := r.buf[r.start+from : r.start+to]
	name, value, _ := bytes.Cut(line, []byte(":"))
	valueFrom := to - len(value)
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
		valueFrom++
	}
	switch string(name) {
	case "data":
		r.lines = append(r.lines, span{valueFrom, to})
	case "event":
		ev.Name = string(value)
	case "id":
		if !bytes.ContainsRune(value, 0) {
			ev.ID = string(value)
		}
	}
}

// finish hands out the block that ends at pos.
func (r *Reader) finish(ev Event, pos int) Event {
	ev.Raw = r.buf[r.start : r.start+pos : r.start+pos]
	ev.lines = r.lines
	switch len(r.lines) {
	case 0:
	case 1:
		l := r.lines[0]
		ev.Data = ev.Raw[l.from:l.to:l.to]
	default:
		r.joined = r.joined[:0]
		for i, l := range r.lines {
			if i > 0 {
				r.joined = append(r.joined, '\n')
			}
			r.joined = append(r.joined, ev.Raw[l.from:l.to]...)
		}
		ev.Data = r.joined
	}
	r.start += pos
	return ev
}

// rest hands out what is left when src has ended within a block, then err.
func (r *Reader) rest(ev Event, pos int, err error) (Event, error) {
	left := r.end - r.start
	if left == 0 {
		return Event{}, err
	}
	if pos < left {
		if from := r.withoutMark(pos, left); from < left {
			r.field(&ev, from, left)
		}
	}
	// A lone LF that completes the CR of the block before is nothing new.
	ev.Incomplete = left > 1 || r.buf[r.start] != '\n'
	return r.finish(ev, left), nil
}

// fill reads more from src.
func (r *Reader) fill() error {
	if r.srcErr != nil {
		return r.srcErr
	}
	r.room()
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		r.srcErr = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	r.srcErr = io.ErrNoProgress
	return r.srcErr
}

// room makes place behind end: by moving the block to the front, or by growing.
func (r *Reader) room() {
	if r.end < len(r.buf) {
		return
	}
	to := r.buf
	if r.end-r.start > len(r.buf)/2 {
		to = make([]byte, max(2*len(r.buf), firstBuffer))
	} else if to == nil {
		to = make([]byte, firstBuffer)
	}
	r.end = copy(to, r.buf[r.start:r.end])
	r.start, r.buf = 0, to
}

// shrink gives a large buffer back once what is left fits a small one.
func (r *Reader) shrink() {
	if len(r.buf) > largestKept && r.end-r.start < firstBuffer {
		small := make([]byte, firstBuffer)
		r.end = copy(small, r.buf[r.start:r.end])
		r.start, r.buf, r.joined = 0, small, nil
	}
}

// tooLong returns the error for a line that runs from pos to at least to.
func (r *Reader) tooLong(pos, to int) error {
	switch {
	case to-pos > r.maxLine:
		return r.fail(fmt.Sprintf("a line of the stream is over %d bytes; the provider sends something else than events", r.maxLine))
	case to > r.maxEvent:
		return r.fail(fmt.Sprintf("an event of the stream is over %d bytes; the provider sends something else than events", r.maxEvent))
	}
	return nil
}

// lineBreak returns the index of the first CR or LF, or -1.
func lineBreak(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// fail ends the stream with an error of ours; what is buffered is dropped.
func (r *Reader) fail(message string) error {
	r.srcErr = &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: message}
	r.start, r.end = 0, 0
	return r.srcErr
}
