package simulated

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/surface"
	"bifrost/schemas"
)

// The simulation itself speaks OpenAI's dialect. A call in another one is read by that
// dialect's surface, simulated as a call of OpenAI's, and answered by the surface.

// surfaceOf returns the surface that a call is written for, and its path below the
// version prefix; false for a call of OpenAI's dialect, but for the Responses API, which
// the simulation answers by a chat.
func surfaceOf(c call) (dialect.Surface, string, bool) {
	of, path := surface.Detect(c.path, c.header)
	if of == schemas.DialectOpenAI && path != openai.PathResponses {
		return nil, "", false
	}
	s, ok := surface.Known(of)
	return s, path, ok
}

// speak answers a call in its own dialect.
func (u *Upstream) speak(ctx context.Context, c call) (reply, error) {
	s, path, foreign := surfaceOf(c)
	if !foreign {
		return u.answer(ctx, c)
	}
	translation, err := surface.Translate(&schemas.RawRequest{Dialect: s.Dialect(), Method: c.method, Path: path, Query: c.query,
		Header: c.header, Body: c.body})
	if err != nil {
		return u.refuseIn(s, err), nil
	}
	inner := c
	inner.dialect, inner.chat = s.Dialect(), translation.Request().Chat
	if inner.path, inner.body, err = asOwn(translation.Request()); err != nil {
		return u.refuseIn(s, err), nil
	}
	rep, err := u.answer(ctx, inner)
	if err != nil {
		return reply{}, err
	}
	return u.translate(s, translation, rep)
}

// ownCodec writes what the simulation understands beyond OpenAI's own API.
var ownCodec = openai.Codec{Chat: openai.ChatOptions{CacheControl: true, ReasoningDetails: true}}

// asOwn writes a request in the simulation's own dialect. Tokens are counted by
// answering, for want of another way.
func asOwn(req *schemas.Request) (path string, body []byte, err error) {
	own := *req
	if own.Operation == schemas.OperationCountTokens {
		own.Operation = schemas.OperationChat
	}
	written, _, err := ownCodec.Encode(&own)
	if err != nil {
		return "", nil, err
	}
	return written.Path, written.Body, nil
}

// refuseIn answers, and counts, a call that its surface cannot read.
func (u *Upstream) refuseIn(s dialect.Surface, err error) reply {
	rep := u.reject(badRequest("", ""))
	if rep.status == http.StatusTooManyRequests {
		err = openai.DecodeError(rep.status, rep.header, rep.body, "")
	}
	return inDialect(s, rep, err)
}

// inDialect replaces an error answer by that of a surface.
func inDialect(s dialect.Surface, rep reply, err error) reply {
	status, header, body := s.ErrorReply(err)
	for name, values := range rep.header {
		if _, own := header[name]; !own {
			header[name] = values
		}
	}
	for name := range header {
		if strings.HasPrefix(name, "X-Bifrost-") {
			delete(header, name) // a provider is no gateway
		}
	}
	return reply{status: status, header: header, body: body}
}

// translate writes an answer of the simulation in a caller's dialect. Without a
// translation it is a list of models.
func (u *Upstream) translate(s dialect.Surface, t dialect.Translation, rep reply) (reply, error) {
	switch {
	case rep.status >= http.StatusBadRequest:
		return inDialect(s, rep, openai.DecodeError(rep.status, rep.header, rep.body, "")), nil
	case rep.stream != nil:
		w, contentType := t.Stream()
		rep.header["Content-Type"] = []string{contentType}
		rep.stream = &spokenStream{source: rep.stream, surface: s, write: w, stopped: rep.stopped,
			chunks: openai.NewChatStream(rep.stream, openai.StreamOptions{IncludeUsage: true})}
		return rep, nil
	case rep.header.Get("Content-Type") != typeJSON: // the web page that was asked for
		return rep, nil
	}
	body, err := encode(t, rep)
	if errors.Is(err, schemas.ErrNotFound) {
		return u.refuseIn(s, err), nil
	}
	if err != nil {
		return reply{}, err
	}
	rep.body = body
	return rep, nil
}

func encode(t dialect.Translation, rep reply) ([]byte, error) {
	op := t.Request().Operation
	counted := op == schemas.OperationCountTokens
	if counted {
		op = schemas.OperationChat
	}
	resp, err := openai.Codec{}.Decode(&schemas.Request{Operation: op}, nil, rep.body, "")
	if err != nil {
		return nil, err
	}
	if resp.Chat != nil {
		resp.Chat.Choices[0].StopSequence = rep.stopped
	}
	if counted {
		resp = &schemas.Response{Tokens: &schemas.TokenCount{InputTokens: resp.Chat.Usage.PromptTokens}}
	}
	_, body, err := t.Encode(resp)
	return body, err
}

// spokenStream is a stream in another dialect. An event of the simulation may become
// none, or several at once.
type spokenStream struct {
	source  eventStream
	surface dialect.Surface
	write   dialect.ChunkWriter
	chunks  *openai.ChatStream
	stopped string // the stop sequence that ends it

	pending []byte
	err     error
}

// next implements eventStream.
func (s *spokenStream) next() ([]byte, error) {
	for s.err == nil {
		if event := s.advance(); len(event) > 0 {
			return event, nil
		}
	}
	return nil, s.err
}

func (s *spokenStream) advance() []byte {
	chunk, err := s.chunks.Next()
	if err == nil {
		for i := range chunk.Choices {
			if c := &chunk.Choices[i]; c.Index == 0 && c.FinishReason != nil {
				c.StopSequence = s.stopped
			}
		}
		var event []byte
		if event, s.err = s.write.Append(nil, chunk); s.err != nil {
			return nil
		}
		return event
	}
	s.err = io.EOF
	var e *schemas.Error
	switch {
	case err == io.EOF:
		return s.write.AppendEnd(nil)
	case !errors.As(err, &e):
		s.err = err
	case e.Upstream != nil:
		return s.surface.AppendStreamError(nil, e)
	case e.Err != nil || e.Kind != schemas.KindUpstream: // the simulated connection's own
		s.err = err
	}
	return nil // else it was cut: it ends without its end mark
}

// Read implements io.Reader.
func (s *spokenStream) Read(p []byte) (int, error) {
	if len(s.pending) == 0 && len(p) > 0 {
		var err error
		if s.pending, err = s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.pending)
	s.pending = s.pending[n:]
	return n, nil
}

// Close implements io.Closer.
func (s *spokenStream) Close() error { return s.source.Close() }
