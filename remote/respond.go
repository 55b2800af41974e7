package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// respond sends an answer, in pieces if it is long or streams, as fast as the asker
// grants: that is how a slow reader there slows the provider here.
func (s *served) respond(ctx context.Context, resp *schemas.Response) {
	m, err := codec.EncodeResponseAs(resp, s.req.BodyForm)
	switch {
	case err != nil:
		discard(resp)
		s.fail(err)
	case resp.Raw != nil:
		s.respondRaw(ctx, m, resp.Raw)
	case resp.Stream != nil:
		s.respondChunks(ctx, m, resp.Stream)
	default:
		s.respondWhole(ctx, m)
	}
}

// respondWhole sends an answer that is complete.
func (s *served) respondWhole(ctx context.Context, m *v1.Response) {
	rest := m.Body
	if len(rest) <= s.fitting() {
		s.answer(m)
		return
	}
	if !s.grants() {
		return
	}
	m.Body, rest, m.More = rest[:pieceBytes], rest[pieceBytes:], v1.More_MORE_BYTES
	if !s.open(ctx, m) {
		return
	}
	for len(rest) > 0 {
		n := min(pieceBytes, len(rest))
		part := &v1.ResponsePart{Data: rest[:n], Last: n == len(rest)}
		if s.spend(ctx, n) != nil || s.send(ctx, part) != nil {
			return
		}
		rest = rest[n:]
	}
}

// respondRaw sends a raw answer as it comes.
func (s *served) respondRaw(ctx context.Context, m *v1.Response, raw *schemas.RawResponse) {
	defer raw.Body.Close()
	whole := s.req.Window == 0 || isWhole(raw)
	buffer := s.node.buffers.Get().(*[]byte)
	defer s.node.buffers.Put(buffer)
	n, err := read(raw.Body, (*buffer)[:s.fitting()], whole)
	m.Body, m.More = bytes.Clone((*buffer)[:n]), v1.More_MORE_BYTES // the engine keeps it until it is written
	if err == io.EOF {
		m.More, m.Usage = v1.More_MORE_NOTHING, codec.EncodeUsage(usageOf(raw.Body))
		s.answer(m)
		return
	}
	if err != nil && s.req.Window == 0 {
		s.fail(err)
		return
	}
	if !s.grants() || !s.open(ctx, m) {
		return
	}
	for err == nil {
		n, err = read(raw.Body, (*buffer)[:pieceBytes], whole)
		if n == 0 {
			continue
		}
		if s.spend(ctx, n) != nil || s.send(ctx, &v1.ResponsePart{Data: bytes.Clone((*buffer)[:n])}) != nil {
			return
		}
	}
	s.lastCounted(err, usageOf(raw.Body))
}

// open sends the first message of an answer that others follow.
func (s *served) open(ctx context.Context, m *v1.Response) bool {
	err := s.send(ctx, m)
	if err == errTooLarge {
		s.fail(answerTooLarge(s.req))
	}
	return err == nil
}

// isWhole reports whether nobody can use a raw answer before all of it is there.
func isWhole(raw *schemas.RawResponse) bool {
	kind, _, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// read reads what is there, or, of an answer that is useful only as a whole, as much as
// the buffer takes. It returns io.EOF with the last bytes.
func read(from io.Reader, buffer []byte, whole bool) (int, error) {
	if !whole {
		return from.Read(buffer)
	}
	n, err := io.ReadFull(from, buffer)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// respondChunks sends a stream chunk by chunk.
func (s *served) respondChunks(ctx context.Context, m *v1.Response, stream schemas.ChunkReader) {
	defer stream.Close()
	if !s.grants() || !s.open(ctx, m) {
		return
	}
	for {
		chunk, err := stream.Next()
		if err != nil {
			s.lastCounted(err, usageOf(stream))
			return
		}
		data, err := codec.EncodeChunkAs(chunk, s.req.BodyForm)
		if err != nil {
			s.last(err)
			return
		}
		if s.sendChunk(ctx, data) != nil {
			return
		}
	}
}

// sendChunk sends one chunk, in pieces if it is long.
func (s *served) sendChunk(ctx context.Context, data []byte) error {
	for len(data) > pieceBytes {
		if err := s.spend(ctx, pieceBytes); err != nil {
			return err
		}
		if err := s.send(ctx, &v1.ResponsePart{Data: data[:pieceBytes]}); err != nil {
			return err
		}
		data = data[pieceBytes:]
	}
	if err := s.spend(ctx, len(data)); err != nil {
		return err
	}
	return s.send(ctx, &v1.ResponsePart{Chunks: [][]byte{data}})
}

// usageOf returns the tokens of an answer that has streamed, as its source tells them.
func usageOf(source any) *schemas.Usage {
	if r, ok := source.(schemas.UsageReporter); ok {
		return r.Usage()
	}
	return nil
}

// last ends an answer that came in parts, regularly or with an error.
func (s *served) last(err error) { s.lastCounted(err, nil) }

// lastCounted is last for an answer whose tokens may be known.
func (s *served) lastCounted(err error, usage *schemas.Usage) {
	part := &v1.ResponsePart{Last: true, Usage: codec.EncodeUsage(usage)}
	if !errors.Is(err, io.EOF) {
		part.Error = errorOf(err)
	}
	if s.ctx.Err() != nil {
		return
	}
	if s.send(s.ctx, part) == errTooLarge {
		part.Error = shortened(part.Error)
		_ = s.send(s.ctx, part)
	}
}

// shortened is an error without the provider's own answer, which would not fit.
func shortened(m *v1.Error) *v1.Error {
	return &v1.Error{Call: m.Call, Kind: m.Kind, Reason: m.Reason, Provider: m.Provider, Model: m.Model, StatusCode: m.StatusCode,
		RetryAfter: m.RetryAfter, QuotaSpent: m.QuotaSpent, MayHaveStarted: m.MayHaveStarted,
		Message: plain(m.Message[:min(len(m.Message), maxErrorText)])}
}

// maxErrorText is how long the message of an error may be that is shortened.
const maxErrorText = 4 << 10

// errorOf is an error in the middle of an answer. A refusal there is none of a mailbox.
func errorOf(err error) *v1.Error {
	if m, ok := codec.EncodeError(err).(*v1.Error); ok {
		return m
	}
	var e *schemas.Error
	if !errors.As(err, &e) || e == nil {
		e = &schemas.Error{Kind: schemas.KindOverloaded, MayHaveStarted: true, Message: "the provider has refused the rest of its answer"}
	}
	out := *e
	out.Err = nil
	m, _ := codec.EncodeError(&out).(*v1.Error)
	return m
}

// fitting is how much of an answer's body goes into its first message.
func (s *served) fitting() int {
	if s.req.Window == 0 {
		return maxMessageBytes / 2
	}
	return pieceBytes
}

// grants reports whether the asker takes an answer in parts; one that does not is told.
func (s *served) grants() bool {
	if s.req.Window >= pieceBytes {
		return true
	}
	s.fail(&schemas.Error{Kind: schemas.KindInvalidRequest, MayHaveStarted: true, Provider: s.req.Provider, Model: s.req.Model,
		Message: "the answer does not fit into one message; give the request a window of at least 64 KiB, and read the parts"})
	return false
}

func discard(resp *schemas.Response) {
	if resp.Stream != nil {
		_ = resp.Stream.Close()
	}
	if resp.Raw != nil && resp.Raw.Body != nil {
		_ = resp.Raw.Body.Close()
	}
}
