package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// NewRequest makes the message with which an actor of this process asks a provider of
// another node, by the PID of address and actors.ProviderID. What is left of ctx's
// deadline goes with it, and so do its trace, tenant and session; the end of ctx does
// not: send a Cancel with the same call to give it up. The call has a number of its own in
// this process. It is answered with one Response, DeadLetter or Error, also when its node
// is lost; but wait with a timeout, since what is sent while a connection ends may vanish.
// The actor is a future, or one of Config.Actors. The answer must fit into one message, and cannot stream; an actor that
// reads parts sets Window, and grants. Errors are *schemas.Error of kind invalid_request,
// for a request that does not fit into a message either, or unsupported_operation.
func NewRequest(ctx context.Context, req *schemas.Request) (*v1.Request, error) {
	if req == nil {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request is nil"}
	}
	m, err := codec.EncodeRequest(req)
	if err != nil {
		return nil, err
	}
	m.Call, m.Context = nextAsk.Add(1), travel(ctx)
	if deadline, ends := ctx.Deadline(); ends {
		m.TimeLeft = durationpb.New(max(time.Until(deadline), 0))
	}
	if len(m.Body) > maxMessageBytes/2 {
		return nil, errAskTooLarge
	}
	return m, nil
}

// nextAsk numbers the requests of NewRequest.
var nextAsk atomic.Uint64

// Open returns the answer to a request of NewRequest: what a *bifrostv1.Response says, or
// the error of a DeadLetter, whose cause is a *schemas.DeadLetter, or of an Error. Where
// nobody has the PID it is not_found: a node says so with a DeadLetter, an engine without a
// node with a DeadLetterResponse.
// What is none of these, or cannot be read, is an upstream error. Errors are
// *schemas.Error.
func Open(op schemas.Operation, answer any) (*schemas.Response, error) {
	switch m := answer.(type) {
	case *v1.Response:
		if m.GetMore() != v1.More_MORE_NOTHING {
			return nil, &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
				Message: "more of the answer follows in parts; collect them, or give the request no window"}
		}
		resp, err := codec.DecodeResponse(op, m, m.GetBody())
		if err == nil && resp.Raw != nil {
			resp.Raw.Body = io.NopCloser(bytes.NewReader(m.GetBody()))
		}
		return resp, err
	case *v1.DeadLetter:
		return nil, codec.DecodeDeadLetter(m)
	case *v1.Error:
		return nil, codec.DecodeError(m)
	case *actor.DeadLetterResponse:
		return nil, &schemas.Error{Kind: schemas.KindNotFound, Reason: schemas.ReasonNotFound,
			Message: "nobody has the PID that was asked; compare its address and name with the node's providers"}
	}
	return nil, &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Message: fmt.Sprintf("a %T is no answer of a node", answer)}
}
