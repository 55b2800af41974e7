package remote_test

import (
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"

	"bifrost"
	"bifrost/remote"
	v1 "bifrost/remote/bifrostv1"
)

// stranger is a peer of another make: the bare engine, whose node's PID does what a test
// says. It keeps the heartbeats going by itself.
type stranger struct {
	system *actor.ActorSystem
	does   func(s *stranger, message proto.Message, sender *actor.PID) // runs on the connection's reader

	mu   sync.Mutex // guards what follows
	got  []proto.Message
	beat uint64
}

func newStranger(t *testing.T, does func(s *stranger, message proto.Message, sender *actor.PID)) *stranger {
	t.Helper()
	s := &stranger{system: bareEngine(t), does: does}
	if _, ok := s.system.ProcessRegistry.Add(s, "bifrost"); !ok {
		t.Fatal("the name is taken")
	}
	return s
}

// bareEngine is a program with the engine's remote, and no node.
func bareEngine(t *testing.T) *actor.ActorSystem {
	t.Helper()
	quiet := actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) })
	system := actor.NewActorSystem(quiet)
	r := engine.NewRemote(system, engine.Configure("127.0.0.1", 0))
	r.Start()
	t.Cleanup(func() { r.Shutdown(false); system.Shutdown() })
	return system
}

// strangersAsker starts a process that asks the stranger for the provider.
func strangersAsker(t *testing.T, s *stranger) *process {
	t.Helper()
	return launch(t, remote.Config{Providers: map[string]remote.Provider{providerName: {Nodes: []string{s.system.Address()}}}},
		bifrost.WithHooks(), nil)
}

// SendUserMessage is the engine's.
func (s *stranger) SendUserMessage(_ *actor.PID, message any) {
	_, msg, sender := actor.UnwrapEnvelope(message)
	m, ok := msg.(proto.Message)
	if !ok || sender == nil {
		return
	}
	switch m := m.(type) {
	case *v1.Heartbeat:
		s.mu.Lock()
		s.beat++
		own := s.beat
		s.mu.Unlock()
		s.send(sender, &v1.HeartbeatReply{Sequence: m.Sequence, Run: "stranger"})
		s.send(sender, &v1.Heartbeat{Sequence: own, Run: "stranger", Epoch: 1, Providers: []*v1.Provider{{Name: providerName,
			Info: []byte(`{"dialect":"openai","operations":["chat","chat_stream","raw"]}`), AllModels: true, Free: 1000}}})
		return
	case *v1.HeartbeatReply:
		return
	}
	s.mu.Lock()
	s.got = append(s.got, m)
	s.mu.Unlock()
	if s.does != nil {
		s.does(s, m, sender)
	}
}

func (s *stranger) send(to *actor.PID, m proto.Message) {
	s.system.Root.Send(to, &actor.MessageEnvelope{Message: m, Sender: actor.NewPID(s.system.Address(), "bifrost")})
}

// SendSystemMessage is the engine's.
func (s *stranger) SendSystemMessage(*actor.PID, any) {}

// Stop is the engine's.
func (s *stranger) Stop(*actor.PID) {}

// messages returns what has come so far.
func (s *stranger) messages() []proto.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]proto.Message(nil), s.got...)
}
