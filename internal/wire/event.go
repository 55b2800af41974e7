package wire

import "bytes"

// Event is one block of a stream: its lines up to and with the blank line. Its
// slices are valid until the next call of Next.
type Event struct {
	// Name and ID are the last "event" and "id" of the block; "" if none.
	Name, ID string

	// Data is the "data" lines joined by "\n". Nil means that the block had
	// none, as one of comments only; such a block is no event for a client.
	Data []byte

	// Raw is the block as it was read, its line ends and comments included.
	Raw []byte

	// Incomplete tells that the stream ended before the block's blank line. By
	// the standard a client ignores such a block.
	Incomplete bool

	lines []span // of data, within Raw
}

// WithData returns a copy of Raw with other data in the place of its own, from the
// first data line to the last; the rest stays as it was read. Data has "\n" for
// line breaks, as Data has. A block without data is returned as it is.
func (e Event) WithData(data []byte) []byte {
	if len(e.lines) == 0 {
		return e.Raw
	}
	from, to := e.lines[0].from, e.lines[len(e.lines)-1].to
	out := make([]byte, 0, len(e.Raw)+len(data))
	out = append(out, e.Raw[:from]...)
	out = append(out, bytes.ReplaceAll(data, []byte("\n"), []byte("\ndata: "))...)
	return append(out, e.Raw[to:]...)
}
