package remote

import (
	"github.com/asynkron/protoactor-go/actor"
	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// asked are the requests with which actors of this process have asked a peer by PID, and
// which are not answered yet. The node sees them pass, out and back: so those that are
// with a peer when it is lost are answered as the node's own calls are, and none is
// answered twice.
type asked map[askKey]ask

// askKey names a request: the actor, and its own number of the call.
type askKey struct {
	actor string
	call  uint64
}

type ask struct {
	sender *actor.PID
	target string // id of the PID that was asked
}

// watch looks at a message that an actor of this process sends to the peer. False says
// that it must not go.
func (l *link) watch(e *engine.MessageEnvelope, batch *engine.MessageBatch) bool {
	n := l.peer.node
	if e.Sender == 0 {
		return len(e.MessageData) <= maxMessageBytes
	}
	sender := batch.Senders[e.Sender-1]
	if sender.Address != n.address {
		return false // another node's actor: the peer would close the connection
	}
	var call uint64
	switch batch.TypeNames[e.TypeId] {
	case ours + "Request":
		m := new(v1.Request)
		if proto.Unmarshal(e.MessageData, m) != nil {
			return false
		}
		sender = &actor.PID{Address: sender.Address, Id: sender.Id, RequestId: e.SenderRequestId}
		if why := l.ask(askKey{sender.Id, m.Call}, ask{sender, batch.Targets[e.Target]}, len(e.MessageData)); why != nil {
			n.answerAsk(sender, m.Call, why)
			return false
		}
		return true
	case ours + "Cancel":
		m := new(v1.Cancel)
		if proto.Unmarshal(e.MessageData, m) == nil {
			call = m.Call
		}
		l.forget(askKey{sender.Id, call})
	}
	return len(e.MessageData) <= maxMessageBytes
}

// ask notes a request, or says why it cannot be asked.
func (l *link) ask(key askKey, one ask, bytes int) *schemas.Error {
	switch {
	case bytes > maxMessageBytes:
		return errAskTooLarge
	case !l.peer.node.asks(key.actor):
		return errNoAsker
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		return unsentError(lostError(l.peer.address, "its connection has ended"))
	}
	if l.asked == nil {
		l.asked = make(asked)
	}
	l.asked[key] = one
	return nil
}

var (
	errAskTooLarge = &schemas.Error{Kind: schemas.KindInvalidRequest,
		Message: "the request does not fit into one message between nodes; ask a client of this process, which sends it in pieces"}
	errNoAsker = &schemas.Error{Kind: schemas.KindInvalidRequest,
		Message: "answers of other nodes do not reach this actor; name it in the node's Actors, or ask with a future"}
)

// forget takes a request out, and reports whether it was there.
func (l *link) forget(key askKey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, there := l.asked[key]
	delete(l.asked, key)
	return there
}

func (l *link) hasAsked(key askKey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, there := l.asked[key]
	return there
}

// forgetAll takes out what an actor has asked of a PID that does not exist.
func (l *link) forgetAll(asker, target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, one := range l.asked {
		if key.actor == asker && one.target == target {
			delete(l.asked, key)
		}
	}
}

// answerAsk answers an actor of this process.
func (n *Node) answerAsk(sender *actor.PID, call uint64, why *schemas.Error) {
	m := codec.EncodeError(why)
	setCall(m, call)
	n.system.Root.Send(sender, m)
}

// answerAll answers everything that was asked.
func (n *Node) answerAll(all asked, why *schemas.Error) {
	for key, one := range all {
		n.answerAsk(one.sender, key.call, why)
	}
}

// hear puts the node between the guard and the engine, for the answers to actors.
func (n *Node) hear(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	s := &heard{ServerStream: stream, node: n}
	defer s.ended()
	return handler(srv, s)
}

// heard is a connection of a peer, as the engine reads it.
type heard struct {
	grpc.ServerStream
	node *Node
	from string // the peer, who has introduced himself
	peer *peer  // likewise; nil: this node itself
}

// ended is called when nothing comes on the connection any more.
func (s *heard) ended() {
	if s.peer != nil {
		s.peer.hungUp()
	}
}

// RecvMsg waits for the peer's next batch, in which late answers to actors are left out.
func (s *heard) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	if message, ok := m.(*engine.RemoteMessage); ok && s.from == "" {
		s.from = message.GetConnectRequest().GetServerConnection().GetAddress()
		if s.peer = s.node.known(s.from); s.peer != nil {
			s.peer.connected()
		}
	}
	batch := batchOf(m)
	if batch == nil {
		return nil
	}
	kept := batch.Envelopes[:0]
	for _, e := range batch.Envelopes {
		target := batch.Targets[e.Target]
		if s.node.isNobody(target) {
			s.node.insteadOfNobody(e, batch)
			continue
		}
		if target == nodeID || !s.node.asks(target) || s.node.returns(e.MessageData, batch.TypeNames[e.TypeId], target, s.from) {
			kept = append(kept, e)
		}
	}
	clear(batch.Envelopes[len(kept):])
	batch.Envelopes = kept
	return nil
}

// returns looks at a message for an actor of this process. False says that the actor has
// been answered already, or has asked nothing.
func (n *Node) returns(data []byte, typeName, target, from string) bool {
	p := n.known(from)
	if p == nil {
		return false
	}
	l := p.current()
	if l == nil {
		return false
	}
	switch typeName {
	case ours + "Response":
		m := new(v1.Response)
		if proto.Unmarshal(data, m) != nil {
			return false
		}
		key := askKey{target, m.Call}
		if m.More == v1.More_MORE_NOTHING {
			return l.forget(key)
		}
		return l.hasAsked(key)
	case ours + "ResponsePart":
		m := new(v1.ResponsePart)
		if proto.Unmarshal(data, m) != nil {
			return false
		}
		key := askKey{target, m.Call}
		if m.Last || m.Error != nil {
			return l.forget(key)
		}
		return l.hasAsked(key)
	case ours + "Error":
		m := new(v1.Error)
		return proto.Unmarshal(data, m) == nil && l.forget(askKey{target, m.Call})
	case ours + "DeadLetter":
		m := new(v1.DeadLetter)
		return proto.Unmarshal(data, m) == nil && l.forget(askKey{target, m.Call})
	case "actor.DeadLetterResponse":
		m := new(actor.DeadLetterResponse)
		if proto.Unmarshal(data, m) != nil || m.GetTarget().GetAddress() != from {
			return false
		}
		l.forgetAll(target, m.Target.Id)
		return true
	}
	return false
}
