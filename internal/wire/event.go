package wire

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
}
