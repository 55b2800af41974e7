package adapter

import (
	"io"
	"net/http"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// counts reports whether the tokens that an answer tells are those of the call that was
// made, and whether it can be read for them.
func counts(req *schemas.RawRequest, sight dialect.Sight, resp *httpx.Response) bool {
	if req.Method != http.MethodPost || sight.Stored || sight.Kept || !plain(resp.Header) {
		return false
	}
	switch mediaType(resp.Header) {
	case "application/json", "application/x-ndjson", "application/vnd.amazon.eventstream":
		return true
	}
	return false
}

// ending keeps the end of an answer that is passed on.
type ending struct {
	header http.Header
	data   []byte
	cut    bool // data is not all
}

// keep takes the next bytes. It never has more than twice what is looked at.
func (e *ending) keep(p []byte) {
	const most = dialect.MaxEnding
	if over := len(p) - most; over > 0 {
		p, e.data, e.cut = p[over:], e.data[:0], true
	}
	if len(e.data)+len(p) > 2*most {
		n := copy(e.data, e.data[len(e.data)-most:])
		e.data, e.cut = e.data[:n], true
	}
	e.data = append(e.data, p...)
}

// count looks at the next bytes of the body, and at its end for the tokens.
func (b *rawBody) count(p []byte) {
	e := b.ending
	switch {
	case e == nil:
		return
	case b.ended == io.EOF && len(e.data) == 0: // all of it
		e.data = p
	case b.ended == nil || b.ended == io.EOF:
		e.keep(p)
	}
	if b.ended == nil {
		return
	}
	if b.ended == io.EOF {
		b.usage.Store(b.call.codec.Usage(e.header, dialect.Ending{Data: e.data, Cut: e.cut}))
	}
	b.ending = nil
}

// Usage implements schemas.UsageReporter.
func (b *rawBody) Usage() *schemas.Usage { return b.usage.Load() }

// note takes a chunk's usage to itself, and reports whether anything is left for a caller
// who did not ask for it.
func (s *chunkStream) note(chunk *schemas.ChatChunk) bool {
	if chunk.Usage == nil {
		return true
	}
	usage := *chunk.Usage // the chunk will be the reader's
	s.usage.Store(&usage)
	if s.wanted {
		return true
	}
	chunk.Usage = nil
	return len(chunk.Choices) > 0
}

// Usage implements schemas.UsageReporter.
func (s *chunkStream) Usage() *schemas.Usage { return s.usage.Load() }
