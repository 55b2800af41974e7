package remote

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
	"google.golang.org/protobuf/proto"

	"bifrost"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// bare is a node without sockets, in virtual time, with a client and one peer. The peer
// answers heartbeats, and nothing else by itself.
type bare struct {
	*Node
	client *bifrost.Client
	peer   *peer

	mu  sync.Mutex // guards what follows
	got []proto.Message
}

// Addresses of the bare node and its peer, and the names of the provider that lives at
// the peer: in the second form a node asks before it begins.
const (
	bareAddress = "10.0.0.1:7600"
	bareThere   = "10.0.0.2:7600"
	there       = "there"
	moving      = "moving"
	own         = "own"
)

// newBare starts a bare node in a bubble of synctest.
func newBare(t *testing.T, log zerolog.Logger) *bare {
	t.Helper()
	b := &bare{Node: newNode(Config{Listen: bareAddress, Advertise: bareAddress, Credits: 16, Logger: log})}
	b.address, b.self = bareAddress, actor.NewPID(bareAddress, nodeID)
	b.system.ProcessRegistry.Address = bareAddress
	b.system.ProcessRegistry.RegisterAddressResolver(func(*actor.PID) (actor.Process, bool) { return b, true })
	b.begin()
	b.peer = newPeer(b.Node, bareThere, false)
	b.peers[bareThere] = b.peer
	for name, asks := range map[string]bool{there: false, moving: true} {
		b.routers[name] = &Router{node: b.Node, provider: name, peers: []*peer{b.peer}, cfg: Provider{MoveWaiting: asks}}
	}
	var err error
	b.client, err = bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{own: {}}},
		bifrost.WithProvider(own, wilful{}), bifrost.WithNode(b.Node))
	if err != nil {
		t.Fatal(err)
	}
	b.loops.Go(func() { // ends with the node
		for b.ctx.Err() == nil {
			l := b.peer.reached()
			b.peer.parted(l, b.peer.keep(b.ctx, l))
			b.peer.afterLoss(b.ctx, l)
		}
	})
	synctest.Wait() // for the first heartbeat, and its answer
	return b
}

// SendUserMessage takes what the node sends to other nodes.
func (b *bare) SendUserMessage(_ *actor.PID, message any) {
	_, msg, _ := actor.UnwrapEnvelope(message)
	m := msg.(proto.Message)
	if l := b.peer.current(); l != nil {
		l.out.written(proto.Size(m) + messageCost)
	}
	if beat, ok := m.(*v1.Heartbeat); ok {
		go b.beat(beat.Sequence) // ends at once; the sender holds a lock
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, m)
}

// SendSystemMessage is the engine's.
func (b *bare) SendSystemMessage(*actor.PID, any) {}

// Stop is the engine's.
func (b *bare) Stop(*actor.PID) {}

// beat answers a heartbeat, and beats.
func (b *bare) beat(sequence uint64) {
	from := actor.NewPID(bareThere, nodeID)
	info := []byte(`{"dialect":"openai","operations":["chat","chat_stream","embeddings","list_models","raw"]}`)
	b.Receive("", &v1.HeartbeatReply{Sequence: sequence, Run: "r"}, from)
	b.Receive("", &v1.Heartbeat{Sequence: sequence, Run: "r", Epoch: 1, Providers: []*v1.Provider{
		{Name: there, Info: info, AllModels: true, Free: 10}, {Name: moving, Info: info, AllModels: true, Free: 10}}}, from)
}

// end stops everything, and returns when no goroutine is left.
func (b *bare) end(t *testing.T) {
	t.Helper()
	b.desk.refuse()
	b.desk.close()
	b.desk.work.Wait()
	if err := b.client.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	b.Node.end()
	b.loops.Wait()
	b.system.Shutdown()
}

// wilful is a provider whose model says what it does.
type wilful struct{}

// Describe is schemas.Provider's.
func (wilful) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "wilful", Dialect: schemas.DialectOpenAI, KeyOptional: true,
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationRaw}}
}

// Call is schemas.Provider's.
func (wilful) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	switch req := a.Request; {
	case req.Model == "stuck":
		<-ctx.Done()
		return nil, ctx.Err()
	case req.Model == "broken":
		return nil, errors.New("broken")
	case req.Operation == schemas.OperationChatStream:
		return &schemas.Response{Stream: &stream{ctx: ctx, left: 100, endless: req.Model == "endless"}}, nil
	case req.Raw != nil:
		body := io.NopCloser(strings.NewReader(strings.Repeat("x", 300_000)))
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: http.StatusOK, Body: body}}, nil
	default:
		return &schemas.Response{Chat: &schemas.ChatResponse{ID: "c", Model: req.Model}}, nil
	}
}

// stream is chunks of 10 kB.
type stream struct {
	ctx     context.Context
	left    int
	endless bool
}

// Next is schemas.ChunkReader's.
func (s *stream) Next() (*schemas.ChatChunk, error) {
	if s.left--; s.left < 0 && !s.endless {
		return nil, io.EOF
	}
	select {
	case <-s.ctx.Done():
		return nil, s.ctx.Err()
	case <-time.After(time.Millisecond):
	}
	return &schemas.ChatChunk{ID: "c", Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: strings.Repeat("x", 10_000)}}}}, nil
}

// Close is schemas.ChunkReader's.
func (s *stream) Close() error { return nil }
