package remote

import (
	"fmt"
	"io"
	"sync"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// errClosed is what follows when the reader has closed its stream.
var errClosed = &schemas.Error{Kind: schemas.KindCanceled, Message: "the stream was closed by its reader", MayHaveStarted: true}

// part takes the next part of an answer. After the last one err is what it ended with:
// io.EOF at its regular end.
func (c *call) part() (part *v1.ResponsePart, err error) {
	m, err := c.take()
	if err != nil {
		return nil, err
	}
	part, ok := m.(*v1.ResponsePart)
	switch {
	case !ok:
		return nil, c.nonsense(fmt.Errorf("a %T is in the middle of its answer", m))
	case part.Error != nil:
		err = codec.DecodeError(part.Error)
	case part.Last:
		err = io.EOF
	}
	if part.Last {
		c.usage.Store(codec.DecodeUsage(part.Usage))
	}
	return part, err
}

// chunkReader reads the chunks of a stream; see schemas.ChunkReader. A reader that does
// not read slows the peer's provider: the peer sends no more than it was granted.
type chunkReader struct {
	call  *call
	rest  [][]byte
	begun []byte // of the next chunk
	err   error  // what follows rest
}

// Next returns the next chunk.
func (r *chunkReader) Next() (*schemas.ChatChunk, error) {
	mine := 0
	defer func() { r.call.release(mine) }()
	for len(r.rest) == 0 {
		if r.err != nil {
			return nil, r.err
		}
		part, err := r.call.part()
		r.err = err
		if part == nil {
			continue
		}
		r.rest = part.Chunks
		r.begun = append(r.begun, part.Data...)
		r.call.read(len(part.Data))
		mine += len(part.Data)
		full := r.call.collect(len(part.Data))
		if full == nil && len(r.begun) > maxChunkBytes {
			full = r.call.nonsense(fmt.Errorf("a chunk of its answer has more than %d bytes", maxChunkBytes))
		}
		if full != nil {
			r.rest, r.begun, r.err = nil, nil, full
		}
	}
	data := r.rest[0]
	r.rest = r.rest[1:]
	r.call.read(len(data))
	if len(r.begun) > 0 {
		data, r.begun = append(r.begun, data...), nil
	}
	chunk, err := codec.DecodeChunk(data)
	if err != nil {
		r.rest, r.err = nil, r.call.nonsense(err)
		return nil, r.err
	}
	return chunk, nil
}

// Usage is schemas.UsageReporter's.
func (r *chunkReader) Usage() *schemas.Usage { return r.call.usage.Load() }

// Close gives up the rest of the stream.
func (r *chunkReader) Close() error {
	r.call.stop(errClosed, cancelled)
	return nil
}

// bodyReader reads a raw answer's body, with the same back-pressure.
type bodyReader struct {
	call *call
	over bool // the peer has sent no more than rest; never changed

	mu   sync.Mutex // held by Read
	rest []byte
	err  error // what follows rest
}

// Read reads the body.
func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.rest) == 0 {
		switch {
		case r.err != nil:
			return 0, r.err
		case r.over:
			return 0, io.EOF
		}
		part, err := r.call.part()
		r.err = err
		if part != nil {
			r.rest = part.Data
			r.call.read(len(part.Data)) // at once: what follows is bounded by the window
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Usage is schemas.UsageReporter's.
func (r *bodyReader) Usage() *schemas.Usage { return r.call.usage.Load() }

// Close gives up the rest of the body.
func (r *bodyReader) Close() error {
	r.call.stop(errClosed, cancelled)
	return nil
}
