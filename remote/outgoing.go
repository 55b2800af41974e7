package remote

import (
	"context"
	"io"
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
		if bytes = o.pick(batch); len(batch.Envelopes) == 0 {
			return nil
		}
	}
	o.link.out.write(time.Now())
	err := o.ClientStream.SendMsg(m)
	o.link.out.written(bytes)
	return err
}

// pick takes out what must not be sent, and returns what the rest has taken of the outbox.
func (o *outgoing) pick(batch *engine.MessageBatch) (bytes int) {
	n := o.link.peer.node
	kept := batch.Envelopes[:0]
	for _, e := range batch.Envelopes {
		switch {
		case e.Sender > 0 && batch.Senders[e.Sender-1].Id == nodeID: // the node's own, and counted
			bytes += len(e.MessageData) + messageCost
		case !o.link.watch(e, batch):
			continue
		}
		kept = append(kept, e)
	}
	batch.Envelopes = kept
	for i, sender := range batch.Senders { // also one that no envelope has any more would be refused
		if sender.Address != n.address {
			batch.Senders[i] = n.self
		}
	}
	return bytes
}

// RecvMsg waits for the end of the connection. An end in good order is none that the
// engine would notice: it would go on to send to nobody.
func (o *outgoing) RecvMsg(m any) error {
	err := o.ClientStream.RecvMsg(m)
	if err == io.EOF {
		return status.Error(codes.Unavailable, "the peer has ended the connection")
	}
	return err
}

func batchOf(m any) *engine.MessageBatch {
	if message, ok := m.(*engine.RemoteMessage); ok {
		return message.GetMessageBatch()
	}
	return nil
}
