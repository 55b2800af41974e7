package remote

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"bifrost/actors"
	"bifrost/remote/lease"
	"bifrost/schemas"
)

const (
	leaseInbox     = 1024        // messages about limits that wait; more are lost, and sent again
	memberFor      = time.Minute // a node that is not found any more votes for so long
	membersDiffFor = time.Minute // between two lines that say so
)

// leases is this node's part in the limits that all nodes share: the machine of package
// lease, and the goroutine that drives it. Its members are the peers of the configuration
// and those that were found, and this node.
type leases struct {
	node  *Node
	inbox chan leaseMessage
	kick  chan struct{} // something has changed; capacity 1

	mu      sync.Mutex // guards what follows
	machine *lease.Machine
	out     []outgoingLease
	found   map[string]time.Time // when each was last among those that were found
	now     []string             // those that are found now
	members []string
	logged  time.Time // that the lists differ
	left    bool
}

type leaseMessage struct {
	from    string
	message proto.Message
}

type outgoingLease struct {
	to      string
	message proto.Message
}

func newLeases(n *Node) *leases {
	return &leases{node: n, inbox: make(chan leaseMessage, leaseInbox), kick: make(chan struct{}, 1), found: make(map[string]time.Time)}
}

// begin makes the machine, once the node has its address.
func (l *leases) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.members = l.membersLocked(time.Now())
	l.machine = lease.New(lease.Config{Self: l.node.address, Run: l.node.run, Members: l.members, Timing: lease.DefaultTiming(),
		Reaches: l.node.reaches,
		Send:    func(to string, m proto.Message) { l.out = append(l.out, outgoingLease{to, m}) },
		Notice:  l.noticeLocked, Registrar: l.node.cfg.Registrar,
	}, time.Now())
}

// register runs the registrar until the node ends.
func (l *leases) register() {
	n := l.node
	if err := n.cfg.Registrar.Run(n.ctx, n.address, n.run, l.wake); err != nil {
		n.cfg.Logger.Error().Err(err).Msg("the owners of limits that all nodes share are not known here: requests that need them are refused")
	}
}

// run drives the machine until ctx ends.
func (l *leases) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case m := <-l.inbox:
			l.receive(m)
		case <-l.kick:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		next := l.step()
		timer.Stop()
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// receive gives the machine a message, and those that wait behind it.
func (l *leases) receive(m leaseMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		l.machine.Receive(time.Now(), m.from, m.message)
		select {
		case m = <-l.inbox:
		default:
			return
		}
	}
}

// step does what is due, sends what is to be sent, and returns when it is to be called
// next.
func (l *leases) step() (next time.Time) {
	l.mu.Lock()
	now := time.Now()
	if members := l.membersLocked(now); !slices.Equal(members, l.members) {
		l.members = members
		l.machine.SetMembers(now, members)
	}
	if !l.left {
		next = l.machine.Tick(now)
	}
	out := l.out
	l.out = nil
	l.mu.Unlock()
	for _, o := range out {
		if p := l.node.known(o.to); p != nil {
			if link := p.current(); link != nil {
				link.post(p.pid, o.message)
			}
		}
	}
	return next
}

// membersLocked are the nodes that vote. One that is not found any more stays one for a
// while: it may be cut off only, and must not be outvoted then.
func (l *leases) membersLocked(now time.Time) []string {
	members := slices.Clone(l.node.cfg.Peers)
	for _, address := range l.now {
		l.found[address] = now
	}
	for address, at := range l.found {
		if now.Sub(at) > memberFor {
			delete(l.found, address)
			continue
		}
		members = append(members, address)
	}
	slices.Sort(members)
	return slices.Compact(members)
}

// take takes a message of another node's. It does not block: what does not fit is lost,
// as any message about limits may be.
func (l *leases) take(from string, message proto.Message) {
	select {
	case l.inbox <- leaseMessage{from, message}:
	default:
	}
}

// wake has the goroutine look again. It does not block.
func (l *leases) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// setFound says which nodes are found now.
func (l *leases) setFound(addresses []string) {
	l.mu.Lock()
	l.now = slices.Clone(addresses)
	l.mu.Unlock()
	l.wake()
}

// leave gives everything back.
func (l *leases) leave() {
	l.mu.Lock()
	if !l.left {
		l.machine.Leave(time.Now())
		l.left = true
	}
	l.mu.Unlock()
	l.step()
}

// noticeLocked logs what has become of a limit.
func (l *leases) noticeLocked(limit string, n lease.Notice) {
	log := &l.node.cfg.Logger
	switch n {
	case lease.Elected:
		log.Info().Str("limit", limit).Msg("this node lends the slots of a limit to all nodes")
	case lease.Dismissed:
		log.Info().Str("limit", limit).Msg("this node does not lend the slots of a limit any more")
	case lease.Refusing:
		log.Warn().Str("limit", limit).Msg("no node that lends the slots of a limit is reached: requests are refused; look at the peers, and at etcd where it keeps the owners")
	case lease.Recovered:
		log.Info().Str("limit", limit).Msg("a node that lends the slots of a limit is reached again")
	case lease.MembersDiffer:
		if time.Since(l.logged) < membersDiffFor {
			return
		}
		l.logged = time.Now()
		log.Warn().Str("limit", limit).Strs("members", l.members).
			Msg("another node knows other nodes, and does not vote for this one; list all nodes but itself as peers of each, by the addresses that they advertise")
	}
}

// reaches reports whether a node can be reached now.
func (n *Node) reaches(address string) bool {
	p := n.known(address)
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link != nil && (p.state == schemas.PeerUp || p.state == schemas.PeerLeaving)
}

// Share has the nodes share a key's limit; see actors.Cluster.
func (n *Node) Share(provider, key string, limit int, slots *actors.Slots) {
	slots.Notify(n.leases.wake)
	n.leases.mu.Lock()
	n.leases.machine.Share(time.Now(), limitOf(provider, key), limit, slots)
	n.leases.mu.Unlock()
	n.leases.wake()
}

// Unshare ends that; see actors.Cluster.
func (n *Node) Unshare(provider, key string) {
	n.leases.mu.Lock()
	n.leases.machine.Unshare(time.Now(), limitOf(provider, key))
	n.leases.mu.Unlock()
	n.leases.wake()
}

// limitOf is the name of a key's limit among nodes.
func limitOf(provider, key string) string { return provider + "/" + key }
