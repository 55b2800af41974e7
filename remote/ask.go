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
	unhook := c.follow(ctx, func() error { return actors.Ended(ctx, req, true) })
	c.prepare(ctx, req.Provider, m)
	if err := c.send(ctx, m); err != nil {
		unhook()
		return nil, c.unsent(ctx, req, err)
	}
	first, err := c.take()
	if err != nil {
		unhook()
		return nil, err
	}
	resp, streams, err := c.open(first, req.Operation)
	switch {
	case err != nil:
		unhook()
		return nil, err
	case streams:
		return resp, nil // ctx covers the rest too
	}
	unhook()
	return resp, nil
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
		out := *lost
		out.MayHaveStarted = false
		return &out
	}
	return err
}

// open reads the first message of an answer. streams says that more follows than the
// response has.
func (c *call) open(m proto.Message, op schemas.Operation) (resp *schemas.Response, streams bool, err error) {
	switch m := m.(type) {
	case *v1.Error:
		return nil, false, codec.DecodeError(m)
	case *v1.DeadLetter:
		return nil, false, codec.DecodeDeadLetter(m)
	case *v1.Response:
		return c.response(m, op)
	}
	return nil, false, c.nonsense(fmt.Errorf("a %T began its answer", m))
}

func (c *call) response(m *v1.Response, op schemas.Operation) (*schemas.Response, bool, error) {
	c.read(len(m.Body))
	whole := m.Raw == nil && m.More != v1.More_MORE_CHUNKS
	body := m.Body
	if whole && m.More == v1.More_MORE_BYTES {
		var err error
		if body, err = c.rest(body); err != nil {
			return nil, false, err
		}
	}
	resp, err := codec.DecodeResponse(op, m, body)
	if err != nil {
		return nil, false, c.nonsense(err)
	}
	switch {
	case m.Raw != nil:
		b := &bodyReader{call: c, rest: m.Body, over: m.More == v1.More_MORE_NOTHING}
		if resp.Raw == nil {
			return nil, false, c.nonsense(errors.New("a raw answer has no head"))
		}
		resp.Raw.Body = b
		return resp, !b.over, nil
	case m.More == v1.More_MORE_CHUNKS:
		resp.Stream = &chunkReader{call: c}
		return resp, true, nil
	}
	return resp, false, nil
}

// rest collects an answer that came in pieces.
func (c *call) rest(body []byte) ([]byte, error) {
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
		switch {
		case part.Error != nil:
			return nil, codec.DecodeError(part.Error)
		case part.Last:
			return body, nil
		case len(body) > maxAnswerBytes:
			return nil, c.nonsense(fmt.Errorf("its answer has more than %d bytes", maxAnswerBytes))
		}
	}
}

// nonsense gives up a call whose peer does not keep to the protocol.
func (c *call) nonsense(err error) error {
	e := &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Err: err,
		Message: "node " + c.link.peer.address + " sent an answer that this node cannot read; compare their versions"}
	c.stop(e, failed)
	return e
}
