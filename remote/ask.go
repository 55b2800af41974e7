package remote

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// ask sends a request and returns its answer, or the beginning of one that streams.
func (c *call) ask(ctx context.Context, req *schemas.Request, m *v1.Request) (*schemas.Response, error) {
	c.follow(ctx, func() error { return actors.Ended(ctx, req, true) })
	c.prepare(ctx, req.Provider, m)
	if err := c.send(ctx, m); err != nil {
		return nil, c.unsent(ctx, req, err)
	}
	first, err := c.take()
	if err != nil {
		return nil, err
	}
	return c.open(first, req.Operation) // of one that streams, ctx covers the rest too
}

// send sends a request, its body in pieces.
func (c *call) send(ctx context.Context, m *v1.Request) error {
	rest := m.Body
	if len(rest) > pieceBytes {
		m.Size = uint64(len(rest))
		m.Body, rest = rest[:pieceBytes], rest[pieceBytes:]
	} else {
		rest = nil
	}
	if err := c.link.send(ctx, c.link.peer.pid, m); err != nil {
		return err
	}
	if c.isOver() { // what ended it may have told the peer before there was anything to end
		c.link.post(c.link.peer.pid, &v1.Cancel{Call: c.id})
	}
	for len(rest) > 0 && !c.isOver() { // it may be refused before it is there
		n := min(pieceBytes, len(rest))
		if err := c.link.send(ctx, c.link.peer.pid, &v1.RequestPart{Call: c.id, Data: rest[:n]}); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// unsent is the error of a call that was not sent whole, so that the provider has not
// begun it.
func (c *call) unsent(ctx context.Context, req *schemas.Request, err error) error {
	if gone := actors.Ended(ctx, req, false); gone != nil {
		c.stop(gone, cancelled)
		return gone
	}
	c.stop(err, failed)
	var lost *schemas.Error
	if errors.As(err, &lost) {
		return unsentError(lost)
	}
	return err
}

// open reads the first message of an answer.
func (c *call) open(m proto.Message, op schemas.Operation) (*schemas.Response, error) {
	switch m := m.(type) {
	case *v1.Error:
		return nil, codec.DecodeError(m)
	case *v1.DeadLetter:
		return nil, codec.DecodeDeadLetter(m)
	case *v1.Response:
		return c.response(m, op)
	}
	return nil, c.nonsense(fmt.Errorf("a %T began its answer", m))
}

func (c *call) response(m *v1.Response, op schemas.Operation) (*schemas.Response, error) {
	c.read(len(m.Body))
	body := m.Body
	switch {
	case v1.More_name[int32(m.More)] == "":
		return nil, c.nonsense(errors.New("what follows its answer is of a kind that is unknown here"))
	case m.Raw != nil && (m.Raw.Status < 200 || m.Raw.Status > 599): // which nobody could pass on
		return nil, c.nonsense(errors.New("its answer has a status that no final answer has"))
	case m.Raw == nil && m.More == v1.More_MORE_BYTES:
		var err error
		if body, err = c.rest(body); err != nil {
			return nil, err
		}
	}
	resp, err := codec.DecodeResponse(op, m, body)
	if err != nil {
		return nil, c.nonsense(err)
	}
	switch {
	case m.Raw != nil:
		c.usage.Store(codec.DecodeUsage(m.Usage))
		resp.Raw.Body = &bodyReader{call: c, rest: m.Body, over: m.More == v1.More_MORE_NOTHING}
	case m.More == v1.More_MORE_CHUNKS:
		resp.Stream = &chunkReader{call: c}
	}
	return resp, nil
}

// rest collects an answer that came in pieces.
func (c *call) rest(body []byte) ([]byte, error) {
	mine := 0
	defer func() { c.release(mine) }()
	for {
		m, err := c.take()
		if err != nil {
			return nil, err
		}
		part, ok := m.(*v1.ResponsePart)
		if !ok {
			return nil, c.nonsense(fmt.Errorf("a %T is in the middle of its answer", m))
		}
		body = append(body, part.Data...)
		c.read(len(part.Data))
		mine += len(part.Data)
		full := c.collect(len(part.Data))
		switch {
		case part.Error != nil:
			return nil, codec.DecodeError(part.Error)
		case part.Last:
			return body, nil
		case len(body) > maxAnswerBytes:
			return nil, c.nonsense(fmt.Errorf("its answer has more than %d bytes", maxAnswerBytes))
		case full != nil:
			return nil, full
		}
	}
}

// collect counts bytes of an answer that are kept until more of it is there. The error ends
// the call: all such answers together have as many as they may.
func (c *call) collect(bytes int) error {
	if c.link.peer.node.held.Add(int64(bytes)) <= maxBodiesBytes {
		return nil
	}
	e := &schemas.Error{Kind: schemas.KindOverloaded, MayHaveStarted: true, RetryAfter: heartbeatEvery,
		Message: "this node holds as many bytes of answers as it may; retry later, or with fewer calls at once"}
	c.stop(e, failed)
	return e
}

// release takes back what collect has counted.
func (c *call) release(bytes int) { c.link.peer.node.held.Add(-int64(bytes)) }

// nonsense gives up a call whose peer does not keep to the protocol.
func (c *call) nonsense(err error) error {
	e := &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Err: atNode(c.link.peer.address, err),
		Message: "another node sent an answer that this one cannot read; compare their versions"}
	c.stop(e, failed)
	return e
}
