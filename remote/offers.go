package remote

import (
	"cmp"
	"time"

	"google.golang.org/grpc/keepalive"

	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
)

// keepalives find a connection that is dead below the heartbeats; grpc allows no more.
// The kernel gives up what is not acknowledged within Timeout: it must be longer than
// silentFor, or a stall would cost the connection.
var keepalives = keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true}

// offer says what this node's own providers are, and how much room they have.
func (n *Node) offer() []*v1.Provider {
	home := n.home.Load()
	if home == nil {
		return nil
	}
	var out []*v1.Provider
	for name, s := range home.Stats().Providers {
		r := home.Router(name)
		if r == nil || s.Closed {
			continue
		}
		info, err := codec.EncodeInfo(r.Info())
		if err != nil {
			continue
		}
		models, all := r.Models()
		for i, name := range models {
			models[i] = plain(name)
		}
		out = append(out, &v1.Provider{Name: name, Info: info, Models: models, AllModels: all,
			Free: room(s), Capacity: int64(s.Concurrency + s.BufferSize)})
	}
	return out
}

// room is how many more requests a provider would accept at once.
func room(s actors.Stats) int64 {
	return int64(max(s.Concurrency+s.BufferSize-s.InHand-s.Queued-s.BackingOff-s.Waiting, 0))
}

// cancelServed gives up what is done here for an address, and was asked before its
// introduction of that number.
func (n *Node) cancelServed(address string, cause error, before uint64) {
	n.desk.cancel(address, cause, before)
}

func (n *Node) servedOf(address string) int { return n.desk.of(address) }

func compare(a, b string) int { return cmp.Compare(a, b) }
