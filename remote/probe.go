package remote

import (
	"context"
	"errors"
	"fmt"

	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
)

// probe connects to the peer as the engine would, is introduced, and hangs up: it shows
// that the address answers, with a certificate that names it, and is a node. The engine
// itself sleeps after a dial that failed, so it dials only what a probe has reached.
func (p *peer) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := grpc.NewClient(p.address, p.node.dialOptions()...)
	if err != nil {
		return fmt.Errorf("the address cannot be dialled: %w", err)
	}
	defer conn.Close()
	stream, err := engine.NewRemotingClient(conn).Receive(ctx)
	if err != nil {
		return fmt.Errorf("it cannot be reached: %w", err)
	}
	if err := stream.Send(p.node.introduction()); err != nil {
		return fmt.Errorf("it did not take an introduction: %w", err)
	}
	answer, err := stream.Recv()
	if err != nil {
		return fmt.Errorf("it refused this node's introduction: %w", err)
	}
	switch response := answer.GetConnectResponse(); {
	case response == nil:
		return errors.New("it does not answer as a node; check the address")
	case response.MemberId == p.node.run:
		return errors.New("it is this node itself; advertise the address by which it is found")
	}
	return nil
}

// introduction is how this node makes itself known.
func (n *Node) introduction() *engine.RemoteMessage {
	return &engine.RemoteMessage{MessageType: &engine.RemoteMessage_ConnectRequest{ConnectRequest: &engine.ConnectRequest{
		ConnectionType: &engine.ConnectRequest_ServerConnection{ServerConnection: &engine.ServerConnection{
			MemberId: n.run, Address: n.address}}}}}
}
