package remote_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"

	"bifrost"
	"bifrost/remote"
)

// ending is a node that ends each connection in good order once something was sent on it.
type ending struct {
	engine.UnimplementedRemotingServer
	batches atomic.Int64
}

// Receive is the engine's.
func (e *ending) Receive(stream grpc.BidiStreamingServer[engine.RemoteMessage, engine.RemoteMessage]) error {
	for {
		m, err := stream.Recv()
		switch {
		case err != nil:
			return nil
		case m.GetMessageBatch() != nil:
			e.batches.Add(1)
			return nil
		}
		err = stream.Send(&engine.RemoteMessage{MessageType: &engine.RemoteMessage_ConnectResponse{ConnectResponse: &engine.ConnectResponse{}}})
		if err != nil {
			return err
		}
	}
}

// The engine takes such an end for none, and would go on to send to nobody, for ever.
func TestAPeerThatHasEndedItsConnectionIsConnectedToAgain(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &ending{}
	server := grpc.NewServer()
	engine.RegisterRemotingServer(server, e)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends when the server is stopped
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	here := launch(t, remote.Config{Peers: []string{listener.Addr().String()}}, bifrost.WithProvider("own", answering()), nil)
	eventually(t, "it has been connected to three times", func() bool { return e.batches.Load() >= 3 })
	if err := here.node.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
