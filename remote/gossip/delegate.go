package gossip

import (
	"bytes"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/hashicorp/memberlist"
)

// A delegate is what memberlist tells and asks. Its methods come from memberlist's
// goroutines, some of them under its lock, so they never block and never call it.
type delegate struct {
	facts facts
	table *table
	queue *memberlist.TransmitLimitedQueue
	own   atomic.Pointer[report] // this node's loads; nil before the first

	// changed has room for one: that the list is another one.
	changed chan struct{}
}

// --- about this node

// NodeMeta is what the others are told of this node with its name.
func (d *delegate) NodeMeta(int) []byte { return d.facts.encode() }

// GetBroadcasts gives the loads that are to be sent with a packet.
func (d *delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.queue.GetBroadcasts(overhead, limit)
}

// LocalState gives this node's loads to one that it exchanges everything with.
func (d *delegate) LocalState(bool) []byte {
	own := d.own.Load()
	if own == nil {
		return nil
	}
	if messages := own.encode(maxState); len(messages) > 0 {
		return messages[0].data
	}
	return nil
}

// --- from others

// NotifyMsg takes a broadcast. What is new is passed on, as the rumour that it is.
func (d *delegate) NotifyMsg(data []byte) {
	r, err := decodeReport(data)
	if err != nil || r.run == d.facts.run {
		return
	}
	if d.take(r) {
		d.queue.QueueBroadcast(broadcast{name: r.name(), data: bytes.Clone(data)})
	}
}

// take keeps what is new and reports whether it was.
func (d *delegate) take(r report) bool {
	if !r.leaving {
		return len(r.loads) > 0 && d.table.report(r)
	}
	isNew, changed := d.table.goodbye(r.run)
	if changed {
		d.change()
	}
	return isNew
}

// MergeRemoteState takes what LocalState of another node has given.
func (d *delegate) MergeRemoteState(data []byte, _ bool) {
	if r, err := decodeReport(data); err == nil && r.run != d.facts.run {
		d.table.report(r)
	}
}

// NotifyAlive refuses members whose name or facts are none.
func (d *delegate) NotifyAlive(n *memberlist.Node) error {
	if host, port, err := net.SplitHostPort(n.Name); err != nil || host == "" || port == "" || len(n.Name) > maxAddress {
		return fmt.Errorf("a member's name of %d bytes is no address", len(n.Name))
	}
	_, err := decodeFacts(n.Meta)
	return err
}

// NotifyJoin and NotifyUpdate: a member is there, or has become another run.
func (d *delegate) NotifyJoin(n *memberlist.Node) {
	f, err := decodeFacts(n.Meta)
	if err == nil && d.table.alive(n.Name, n.Address(), f) {
		d.change()
	}
}

// NotifyUpdate is NotifyJoin for a member that is known.
func (d *delegate) NotifyUpdate(n *memberlist.Node) { d.NotifyJoin(n) }

// NotifyLeave: a member is gone, with or without saying so.
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	if d.table.gone(n.Name) {
		d.change()
	}
}

func (d *delegate) change() {
	select {
	case d.changed <- struct{}{}:
	default: // the news on its way includes this
	}
}

// A broadcast takes the place of an older one that is still to be sent.
type broadcast struct {
	name string
	data []byte
}

// name is that of the node and the part of its report that begins with a provider.
func (r report) name() string {
	if r.leaving {
		return r.run
	}
	return r.run + "/" + r.loads[0].Provider
}

func (b broadcast) Name() string { return b.name }

func (b broadcast) Invalidates(other memberlist.Broadcast) bool {
	o, ok := other.(broadcast)
	return ok && o.name == b.name
}

func (b broadcast) Message() []byte { return b.data }

func (b broadcast) Finished() {}
