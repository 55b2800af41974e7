package remote

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/asynkron/protoactor-go/actor"
	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/proto"

	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/certs"
	"bifrost/remote/guard"
	"bifrost/schemas"
)

// post is what the node's own PID points at. Its messages come on the readers of
// connections, and nothing here waits.
type post struct{ node *Node }

var _ actor.Process = post{}

// SendUserMessage takes a message of a peer's.
func (p post) SendUserMessage(_ *actor.PID, message any) {
	_, msg, sender := actor.UnwrapEnvelope(message)
	p.node.Receive("", msg, sender)
}

// SendSystemMessage takes none: the node is no actor.
func (p post) SendSystemMessage(*actor.PID, any) {}

// Stop does nothing: Node.Shutdown ends it.
func (p post) Stop(*actor.PID) {}

// Receive takes a message of another node's, or of an actor there, to a provider's PID;
// it implements actors.Foreign. It does not block.
func (n *Node) Receive(provider string, message any, sender *actor.PID) bool {
	if sender == nil {
		return isOurs(message)
	}
	switch m := message.(type) {
	case *v1.Heartbeat:
		if p := n.known(sender.Address); p != nil && proto.Size(m) <= maxMessageBytes {
			p.heartbeat(m)
		}
	case *v1.HeartbeatReply:
		if p := n.known(sender.Address); p != nil {
			p.replied(m)
		}
	case *v1.LeaseBallot, *v1.LeaseVote, *v1.LeaseRequest, *v1.LeaseGrant:
		n.leases.take(sender.Address, m.(proto.Message))
	case *v1.Request:
		n.noteHeard(sender)
		n.accept(m, sender, provider)
	case *v1.RequestPart:
		n.noteHeard(sender)
		if s := n.desk.find(sender, m.Call); s != nil {
			s.part(m.Data)
		}
	case *v1.Grant:
		if s := n.desk.find(sender, m.Call); s != nil {
			s.grant(m.Bytes)
		}
	case *v1.Begun:
		if s := n.desk.find(sender, m.Call); s != nil {
			s.begin()
		}
	case *v1.Cancel:
		if s := n.desk.find(sender, m.Call); s != nil {
			s.end(errCancelled)
		}
	default:
		return n.answered(message, sender)
	}
	return true
}

// answered takes what comes for a call of this node.
func (n *Node) answered(message any, sender *actor.PID) bool {
	switch m := message.(type) {
	case *v1.Begin:
		if c := n.called(sender, m.Call); c != nil {
			c.begin()
		} else {
			n.unwanted(sender, m.Call)
		}
	case *v1.Response:
		if !n.put(sender, m.Call, m, len(m.Body), m.More == v1.More_MORE_NOTHING, completed) && m.More != v1.More_MORE_NOTHING {
			n.unwanted(sender, m.Call)
		}
	case *v1.ResponsePart:
		bytes := len(m.Data)
		for _, chunk := range m.Chunks {
			bytes += len(chunk)
		}
		how := completed
		if m.Error != nil {
			how = failed
		}
		n.put(sender, m.Call, m, bytes, m.Last || m.Error != nil, how)
	case *v1.Error:
		n.put(sender, m.Call, m, 0, true, failed)
	case *v1.DeadLetter:
		n.put(sender, m.Call, m, 0, true, deadLettered)
	default:
		return false
	}
	return true
}

// put gives a message to its call, and reports whether there is one.
func (n *Node) put(sender *actor.PID, id uint64, m proto.Message, bytes int, last bool, how outcome) bool {
	c := n.called(sender, id)
	if c != nil {
		c.link.noteHeard()
		c.put(m, bytes, last, how)
	}
	return c != nil
}

// noteHeard is called for what may hold up a peer's heartbeats behind it.
func (n *Node) noteHeard(sender *actor.PID) {
	if p := n.known(sender.Address); p != nil {
		if l := p.current(); l != nil {
			l.noteHeard()
		}
	}
}

// unwanted cancels a call that nobody here waits for any more, and that goes on there:
// nobody would grant it to.
func (n *Node) unwanted(sender *actor.PID, id uint64) {
	if p := n.known(sender.Address); p != nil {
		if l := p.current(); l != nil {
			l.post(p.pid, &v1.Cancel{Call: id})
		}
	}
}

// called returns the call that a peer's message is about; nil if it is over.
func (n *Node) called(sender *actor.PID, id uint64) *call {
	p := n.known(sender.Address)
	if p == nil {
		return nil
	}
	l := p.current()
	if l == nil {
		return nil
	}
	return l.call(id)
}

func isOurs(message any) bool {
	m, ok := message.(proto.Message)
	return ok && strings.HasPrefix(string(proto.MessageName(m)), ours)
}

// ours begins the names of the messages of this package.
const ours = "bifrost.v1."

// allow says which messages may come from other nodes, and to whom.
func (n *Node) allow(target, typeName string) bool {
	name, isOurs := strings.CutPrefix(typeName, ours)
	switch {
	case target == nodeID:
		return isOurs
	case strings.HasPrefix(target, actors.ProviderID("")):
		return isOurs && (name == "Request" || name == "RequestPart" || name == "Grant" || name == "Cancel")
	case n.asks(target):
		return typeName == "actor.DeadLetterResponse" ||
			isOurs && (name == "Response" || name == "ResponsePart" || name == "Error" || name == "DeadLetter")
	}
	return false
}

// asks reports whether an actor of this process may be answered by other nodes.
func (n *Node) asks(name string) bool {
	if strings.HasPrefix(name, "future$") {
		return true
	}
	for _, actor := range n.cfg.Actors {
		if name == actor {
			return true
		}
	}
	return false
}

// admit judges who introduces himself: he must speak for himself, and he becomes a peer.
func (n *Node) admit(from guard.Peer) error {
	host, port, err := splitAddress(from.Address)
	if err != nil || host == "" || port == 0 || isUnspecified(host) {
		return errors.New("its advertised address cannot be reached; it must advertise host:port")
	}
	if from.Address == n.address && from.MemberID != n.run {
		return errors.New("it advertises this node's own address")
	}
	if from.TLS != nil {
		err = certs.VerifyHost(*from.TLS, host)
	} else {
		err = n.plainly(from, host)
	}
	if err != nil {
		return err
	}
	if from.Address == n.address {
		return nil // this node itself
	}
	p := n.peer(from.Address, true)
	if p == nil {
		return fmt.Errorf("this node stops, or knows %d peers already, or %d that nobody configured at that host", maxPeers, maxHostGuests)
	}
	p.introduced()
	p.wake()
	return nil
}

// plainly judges who introduces himself without a certificate: he is configured, or
// speaks for the host that he comes from. Anything else would let him choose what this
// node connects to.
func (n *Node) plainly(from guard.Peer, host string) error {
	if p := n.known(from.Address); p != nil && !p.isGuest() {
		return nil
	}
	source, _, err := net.SplitHostPort(from.Remote.String())
	if err != nil || source != host && !(isLoopback(source) && isLoopback(host)) {
		return errors.New("it comes from another host than it advertises, without a certificate; configure it as a peer, or use certificates")
	}
	return nil
}

// event takes the engine's word of connections. It runs on the goroutine that publishes
// it, and does not block.
func (n *Node) event(e any) {
	if gone, ok := e.(*engine.EndpointTerminatedEvent); ok {
		if p := n.known(gone.Address); p != nil {
			p.terminated()
		}
	}
}

// publish tells the program of a refusal here. It does not wait for those who listen; what
// they are too slow for is in the counters only.
func (n *Node) publish(provider string, letter *schemas.DeadLetter) {
	copied := *letter
	event := &actor.DeadLetterEvent{PID: actor.NewPID(n.address, actors.ProviderID(provider)), Message: &copied}
	select {
	case n.letters <- event:
	default:
	}
}

// publishLetters runs those who listen, until the node ends.
func (n *Node) publishLetters() {
	for {
		select {
		case event := <-n.letters:
			n.system.EventStream.Publish(event)
		case <-n.ctx.Done():
			return
		}
	}
}
