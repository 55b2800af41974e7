package adapter

import (
	"io"
	"sync"
	"sync/atomic"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// maxHeld is the most that is read of a stream in wait for its first content.
// What comes before it are comments, so more than that is no honest beginning.
const maxHeld = 1 << 20

// rawStream reads a stream up to its first content, or its first error, and
// returns a body that begins with what was read.
func (c *call) rawStream(watch dialect.Watch, resp *httpx.Response) (io.ReadCloser, error) {
	s := &rawStream{call: c, body: resp.Body, events: wire.NewReader(resp.Body),
		watch: watch}
	var held []byte
	for len(held) < maxHeld {
		ev, err := s.events.Next()
		if err != nil {
			var missing []byte
			s.usage.Store(s.watch.Usage())
			if missing, s.ended = s.watch.End(err); s.ended != io.EOF {
				return nil, s.ended
			}
			held = append(held, missing...)
			break
		}
		pass, content, failure := s.watch.See(ev)
		if failure != nil {
			return nil, failure
		}
		held = append(held, pass...)
		if content && !ev.Incomplete { // of one that is, the end decides, which is there already
			break
		}
	}
	s.pending = held
	return s, nil
}

// rawStream is the body of a stream that is passed on and watched: if it ends
// before its end mark, Read says so.
type rawStream struct {
	call *call
	body io.ReadCloser

	reading sync.Mutex // held by Read; Close takes it if nobody reads
	events  *wire.Reader
	watch   dialect.Watch
	pending []byte // read and not delivered
	ended   error  // what follows pending

	usage atomic.Pointer[schemas.Usage]
}

// Read implements io.Reader.
func (s *rawStream) Read(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
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

// advance reads the next event. It does not wait for the source to close after the
// end mark or an error: some never do.
func (s *rawStream) advance() {
	if s.watch.Over() {
		if s.watch.Done() {
			drain(s.body)
		}
		s.end(io.EOF)
		return
	}
	ev, err := s.events.Next()
	if err == nil {
		s.pending, _, _ = s.watch.See(ev) // an error in it is passed on, and is what the end means
		return
	}
	s.end(err)
}

// end notes what it means that the source has ended with err.
func (s *rawStream) end(err error) {
	s.usage.Store(s.watch.Usage())
	if s.pending, s.ended = s.watch.End(err); s.ended != io.EOF {
		s.ended = s.call.named(s.ended)
	}
}

// Usage implements schemas.UsageReporter. Of a stream that is closed before its end it is
// what the events that were read have counted.
func (s *rawStream) Usage() *schemas.Usage { return s.usage.Load() }

// Close implements io.Closer. A reader that stops at the end mark, as SDKs do,
// leaves a connection that can be used again.
func (s *rawStream) Close() error {
	if s.reading.TryLock() {
		if s.ended == nil && s.watch.Done() {
			drain(s.body)
		}
		s.usage.Store(s.watch.Usage())
		s.reading.Unlock()
	}
	return s.body.Close()
}
