package surface

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Answer returns the answer to a translated call as its caller expects it, in the
// place of the provider's. A stream is written as its body is read; closing the body
// closes the stream. One that the provider breaks off in its own words ends with an
// error event of s, as one that is passed on does. resp is not modified.
func Answer(s dialect.Surface, t dialect.Translation, resp *schemas.Response) (*schemas.Response, error) {
	out := &schemas.Response{Served: resp.Served}
	if lossy, ok := t.(dialect.Lossy); ok {
		out.Dropped = slices.Concat(lossy.Dropped(), resp.Dropped)
	}
	if resp.Stream != nil {
		w, contentType := t.Stream()
		out.Raw = &schemas.RawResponse{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}},
			Body: &stream{surface: s, chunks: resp.Stream, write: w}}
		return out, nil
	}
	if resp.Raw != nil { // sound is the same in every dialect
		out.Raw = resp.Raw
		return out, nil
	}
	header, body, err := t.Encode(resp)
	if err != nil {
		return nil, err
	}
	out.Raw = &schemas.RawResponse{StatusCode: http.StatusOK, Header: header, Body: &whole{bytes.NewReader(body), resp.Usage()}}
	return out, nil
}

// whole is the body of an answer that is there.
type whole struct {
	*bytes.Reader
	usage *schemas.Usage
}

// Usage implements schemas.UsageReporter.
func (w *whole) Usage() *schemas.Usage { return w.usage }

// Close implements io.Closer.
func (w *whole) Close() error { return nil }

// stream is the body of a translated stream. Read returns the stream's own error
// where it breaks off.
type stream struct {
	surface dialect.Surface
	chunks  schemas.ChunkReader
	write   dialect.ChunkWriter

	buffer  []byte // reused
	pending []byte // written and not delivered
	ended   error  // what follows pending
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.pending) == 0 {
		if s.ended != nil {
			return 0, s.ended
		}
		s.advance()
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// advance writes the next chunk, or the end.
func (s *stream) advance() {
	chunk, err := s.chunks.Next()
	switch {
	case err == io.EOF:
		s.pending, s.ended = s.write.AppendEnd(s.buffer[:0]), io.EOF
	case err != nil:
		s.breakOff(err)
	default:
		if s.pending, err = s.write.Append(s.buffer[:0], chunk); err != nil {
			_ = s.chunks.Close()
			s.breakOff(err)
			return
		}
		s.buffer = s.pending
	}
}

// breakOff ends the stream with err, after the event that some dialects have for it, and
// after the provider's own error: who reads the stream takes that for told.
func (s *stream) breakOff(err error) {
	s.pending, s.ended = s.buffer[:0], err
	if w, ok := s.write.(dialect.FailureWriter); ok {
		s.pending = w.AppendFailure(s.pending, err)
	}
	var e *schemas.Error
	if errors.As(err, &e) && e.Upstream != nil {
		s.pending = s.surface.AppendStreamError(s.pending, err)
	}
}

// Usage implements schemas.UsageReporter.
func (s *stream) Usage() *schemas.Usage { return (&schemas.Response{Stream: s.chunks}).Usage() }

// Close implements io.Closer.
func (s *stream) Close() error { return s.chunks.Close() }
