package remote

import (
	"context"
	"time"

	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// outgoing is one connection of the engine's to a peer, as the link sees it: what it
// takes makes room in the outbox, and it ends with the link.
type outgoing struct {
	grpc.ClientStream
	link *link
}

// intercept is called when the engine connects. It connects only to a peer that is
// reached, and waits for a moment until it is: an actor of the program's own may be the
// first to ask it.
func (n *Node) intercept(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	l, err := n.linkTo(ctx, cc.Target())
	if err != nil {
		if p := n.known(cc.Target()); p != nil {
			p.refuseDial()
		}
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	stream, err := streamer(l.dial(ctx), desc, cc, method, opts...)
	if err != nil {
		return nil, err
	}
	return &outgoing{stream, l}, nil
}

// SendMsg sends a batch. It blocks while the peer takes nothing.
func (o *outgoing) SendMsg(m any) error {
	bytes := 0
	if batch := batchOf(m); batch != nil {
		for _, e := range batch.Envelopes {
			bytes += len(e.MessageData)
		}
	}
	o.link.out.write(time.Now())
	err := o.ClientStream.SendMsg(m)
	o.link.out.written(bytes)
	return err
}

func batchOf(m any) *engine.MessageBatch {
	if message, ok := m.(*engine.RemoteMessage); ok {
		return message.GetMessageBatch()
	}
	return nil
}
