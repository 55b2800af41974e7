package adapter

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// chatStream returns once the stream's first chunk is there.
func (c *call) chatStream(req *schemas.Request, resp *httpx.Response) (*schemas.Response, error) {
	if err := c.notAStream(resp); err != nil {
		return nil, err
	}
	s := &chunkStream{call: c, body: resp.Body, wanted: req.Chat.IncludeUsage,
		chunks: c.codec.Stream(req, resp.Body, c.secret), began: time.Now().Unix()}
	var err error
	if s.first, err = s.Next(); err != nil && err != io.EOF {
		_ = s.Close()
		return nil, err
	}
	return &schemas.Response{Stream: s}, nil
}

// notAStream returns nil, or the error for a successful answer that is plainly
// something else than a stream; it closes the answer then.
func (c *call) notAStream(resp *httpx.Response) error {
	switch mediaType(resp.Header) {
	case "application/json", "text/html":
		return c.noAnswer(resp, "the provider answered a request for a stream with a whole answer; make the call without a stream")
	}
	return nil // some providers do not name the type of their streams
}

// errStreamClosed is the cause of what Next returns after Close.
var errStreamClosed = errors.New("stream closed by its reader")

// chunkStream is a schemas.ChunkReader.
type chunkStream struct {
	call   *call
	body   io.ReadCloser
	chunks dialect.ChunkSource
	began  int64 // Unix seconds
	wanted bool  // usage, by the caller
	usage  atomic.Pointer[schemas.Usage]
	closed atomic.Bool

	// Touched by the reader only.
	first *schemas.ChatChunk
	ended error
}

// Next implements schemas.ChunkReader.
func (s *chunkStream) Next() (*schemas.ChatChunk, error) {
	if s.ended != nil {
		return nil, s.ended
	}
	if s.closed.Load() {
		s.ended = s.call.named(&schemas.Error{Kind: schemas.KindCanceled, MayHaveStarted: true, Err: errStreamClosed,
			Message: "the stream was closed before its end"})
		return nil, s.ended
	}
	if chunk := s.first; chunk != nil {
		s.first = nil
		return chunk, nil
	}
	chunk, err := s.chunks.Next()
	for err == nil && !s.note(chunk) {
		chunk, err = s.chunks.Next()
	}
	if err == nil {
		if chunk.Created == 0 {
			chunk.Created = s.began
		}
		return chunk, nil
	}
	s.ended = err
	if err == io.EOF {
		drain(s.body)
	} else {
		s.ended = s.call.named(err)
	}
	_ = s.Close()
	return nil, s.ended
}

// Close implements schemas.ChunkReader.
func (s *chunkStream) Close() error {
	s.closed.Store(true)
	return s.body.Close()
}

const (
	drainTime  = 100 * time.Millisecond
	drainBytes = 4 << 10
)

// drain reads what follows a stream's end mark, so that the connection can be
// used again. It gives up, and closes the body, soon.
func drain(body io.ReadCloser) {
	giveUp := time.AfterFunc(drainTime, func() { _ = body.Close() })
	defer giveUp.Stop()
	_, _ = io.Copy(io.Discard, io.LimitReader(body, drainBytes)) // only its end is of interest
}
