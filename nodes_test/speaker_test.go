//go:build linux

package nodes_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
)

// speaker is a node of another version: it speaks the protocol by hand, word for word as
// its test gives them, answers heartbeats, and keeps what it hears.
type speaker struct {
	engine.UnimplementedRemotingServer
	address string
	pid     *actor.PID

	mu    sync.Mutex
	out   engine.Remoting_ReceiveClient // to the node
	heard []proto.Message
}

// newSpeaker introduces itself to a node, and listens for it, at a place.
func newSpeaker(t *testing.T, where place, to string) *speaker {
	t.Helper()
	l, err := where.listen("tcp", nodeAt(where))
	must(t, err)
	s := &speaker{address: nodeAt(where), pid: actor.NewPID(nodeAt(where), "bifrost")}
	server := grpc.NewServer()
	engine.RegisterRemotingServer(server, s)
	served := make(chan struct{})
	go func(l net.Listener) { // ends when server is stopped
		defer close(served)
		_ = server.Serve(l)
	}(l)
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	out, err := introduce(t, to, s.address, insecure.NewCredentials())
	must(t, err)
	s.mu.Lock()
	s.out = out
	s.mu.Unlock()
	return s
}

// introduce connects to a node as one with an address, and returns the connection if the
// node accepts it.
func introduce(t *testing.T, to, as string, c credentials.TransportCredentials) (engine.Remoting_ReceiveClient, error) {
	t.Helper()
	conn, err := grpc.NewClient(to, grpc.WithTransportCredentials(c))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	out, err := engine.NewRemotingClient(conn).Receive(t.Context())
	if err != nil {
		return nil, err
	}
	if err := out.Send(&engine.RemoteMessage{MessageType: &engine.RemoteMessage_ConnectRequest{ConnectRequest: &engine.ConnectRequest{
		ConnectionType: &engine.ConnectRequest_ServerConnection{ServerConnection: &engine.ServerConnection{MemberId: "speaker", Address: as}}}}}); err != nil {
		return nil, err
	}
	_, err = out.Recv()
	return out, err
}

// Receive is what the node sends to the speaker.
func (s *speaker) Receive(stream engine.Remoting_ReceiveServer) error {
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		if m.GetConnectRequest() != nil {
			err = stream.Send(&engine.RemoteMessage{MessageType: &engine.RemoteMessage_ConnectResponse{
				ConnectResponse: &engine.ConnectResponse{MemberId: "speaker"}}})
		}
		if batch := m.GetMessageBatch(); batch != nil {
			err = s.take(batch)
		}
		if err != nil {
			return err
		}
	}
}

func (s *speaker) take(batch *engine.MessageBatch) error {
	for _, e := range batch.Envelopes {
		m, err := engine.Deserialize(e.MessageData, batch.TypeNames[e.TypeId], e.SerializerId)
		if err != nil {
			return err
		}
		if beat, ok := m.(*v1.Heartbeat); ok {
			if err := s.say("bifrost.v1.HeartbeatReply", encoded(&v1.HeartbeatReply{Sequence: beat.Sequence})); err != nil {
				return err
			}
			continue
		}
		s.mu.Lock()
		s.heard = append(s.heard, m.(proto.Message))
		s.mu.Unlock()
	}
	return nil
}

// say sends a message of a type to the node's own PID.
func (s *speaker) say(typeName string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil { // the node has come before this side was ready
		return nil
	}
	return s.out.Send(&engine.RemoteMessage{MessageType: &engine.RemoteMessage_MessageBatch{MessageBatch: &engine.MessageBatch{
		TypeNames: []string{typeName}, Targets: []string{"bifrost"}, Senders: []*actor.PID{s.pid},
		Envelopes: []*engine.MessageEnvelope{{MessageData: data, Sender: 1}}}}})
}

// encoded is a message as it travels, with the bytes of fields that its type does not
// have.
func encoded(m proto.Message, more ...byte) []byte {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return append(data, more...)
}

// hear waits for the answers to a call, as many as end it.
func (s *speaker) hear(t *testing.T, call uint64) (answers []proto.Message) {
	t.Helper()
	eventually(t, "the call has its whole answer", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		answers = nil
		for _, m := range s.heard {
			id, last := about(m)
			if id != call {
				continue
			}
			if answers = append(answers, m); last {
				return true
			}
		}
		return false
	})
	return answers
}

// about says which call an answer is for, and whether it is the last.
func about(m proto.Message) (call uint64, last bool) {
	switch m := m.(type) {
	case *v1.Response:
		return m.Call, m.More == v1.More_MORE_NOTHING
	case *v1.ResponsePart:
		return m.Call, m.Last
	case *v1.Error:
		return m.Call, true
	case *v1.DeadLetter:
		return m.Call, true
	}
	return 0, false
}

// beat sends heartbeats until the test ends, as the bytes say.
func (s *speaker) beat(t *testing.T, data func(sequence uint64) []byte) {
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // ends when stop is closed
		defer close(stopped)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for i := uint64(1); ; i++ {
			_ = s.say("bifrost.v1.Heartbeat", data(i))
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
	})
}
