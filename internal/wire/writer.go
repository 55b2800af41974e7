package wire

import (
	"bytes"
	"io"
	"strings"
)

// AppendEvent appends one event to dst and returns it. Data with line breaks
// becomes several data lines, which a reader joins with "\n"; an empty name
// writes no event line. Line breaks in name are written as spaces.
func AppendEvent(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(dst, "event: "...)
		dst = append(dst, oneLine(name)...)
		dst = append(dst, '\n')
	}
	for {
		i := lineBreak(data)
		dst = append(dst, "data: "...)
		if i < 0 {
			dst = append(dst, data...)
			return append(dst, "\n\n"...)
		}
		dst = append(dst, data[:i]...)
		dst = append(dst, '\n')
		if bytes.HasPrefix(data[i:], []byte("\r\n")) {
			i++
		}
		data = data[i+1:]
	}
}

// AppendComment appends a comment in a block of its own, which every reader
// skips, to dst and returns it. Line breaks in text are written as spaces.
func AppendComment(dst []byte, text string) []byte {
	dst = append(dst, ": "...)
	dst = append(dst, oneLine(text)...)
	return append(dst, "\n\n"...)
}

// Lacking returns the line ends that the last block of a stream lacks of its
// blank line, by which clients know that it is whole; "" if it has one.
func Lacking(block []byte) string {
	switch {
	case len(block) == 0 || bytes.HasSuffix(block, []byte("\n\n")):
		return ""
	case block[len(block)-1] == '\n':
		return "\n"
	}
	return "\n\n"
}

var lineBreaks = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

func oneLine(s string) string { return lineBreaks.Replace(s) }

// Writer writes events, each with one Write of the underlying writer. Flushing
// is up to its user.
type Writer struct {
	dst io.Writer
	buf []byte
}

// NewWriter returns a Writer to dst.
func NewWriter(dst io.Writer) *Writer { return &Writer{dst: dst} }

// WriteEvent writes one event as AppendEvent builds it.
func (w *Writer) WriteEvent(name string, data []byte) error {
	w.buf = AppendEvent(w.buf[:0], name, data)
	_, err := w.dst.Write(w.buf)
	return err
}

// WriteComment writes a comment as AppendComment builds it.
func (w *Writer) WriteComment(text string) error {
	w.buf = AppendComment(w.buf[:0], text)
	_, err := w.dst.Write(w.buf)
	return err
}
