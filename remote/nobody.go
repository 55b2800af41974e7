package remote

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"
	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"

	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
)

// isNobody reports whether a name is one below the providers' that is no provider's: there
// is none, or it is an actor of theirs, whose mailbox has no bound. Peers ask neither.
func (n *Node) isNobody(target string) bool {
	name, isBelow := strings.CutPrefix(target, actors.ProviderID(""))
	if !isBelow {
		return false
	}
	home := n.home.Load()
	if home == nil {
		return true
	}
	_, there := home.PID(name)
	return !there
}

// insteadOfNobody answers a request to such a name as the node's own PID would: the engine
// answers too, but what it has to send has no bound.
func (n *Node) insteadOfNobody(e *engine.MessageEnvelope, batch *engine.MessageBatch) {
	m := new(v1.Request)
	if e.Sender == 0 || batch.TypeNames[e.TypeId] != ours+"Request" || proto.Unmarshal(e.MessageData, m) != nil {
		return
	}
	sender := batch.Senders[e.Sender-1]
	name := strings.TrimPrefix(batch.Targets[e.Target], actors.ProviderID(""))
	n.Receive(name, m, &actor.PID{Address: sender.Address, Id: sender.Id, RequestId: e.SenderRequestId})
}
