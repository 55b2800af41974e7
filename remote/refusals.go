package remote

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/remote/codec"
	"bifrost/schemas"
)

// refusals answers the calls that were refused on a connection's reader, which must not
// wait for a way back. Of one address as many wait as it may have calls here, which no
// honest one exceeds: a flood beyond gets no answer.
type refusals struct {
	wake chan struct{} // capacity 1

	mu      sync.Mutex // guards what follows
	waiting []refusal
	of      map[string]int // those of each address
}

// refusal has nothing of the request, which may be large.
type refusal struct {
	key    servedKey
	sender *actor.PID
	why    *schemas.Error
}

func newRefusals() *refusals {
	return &refusals{wake: make(chan struct{}, 1), of: make(map[string]int)}
}

func (r *refusals) put(one refusal, limit int) {
	r.mu.Lock()
	fits := r.of[one.key.address] < limit
	if fits {
		r.of[one.key.address]++
		r.waiting = append(r.waiting, one)
	}
	r.mu.Unlock()
	if fits {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// take returns what waits.
func (r *refusals) take() []refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.waiting
	r.waiting = nil
	clear(r.of)
	return all
}

// run answers until the node ends.
func (r *refusals) run(n *Node) {
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-r.wake:
			for _, one := range r.take() {
				n.refuse(one)
			}
		}
	}
}

// refuse answers one of them. The sender of one that finds no way has lost this node.
func (n *Node) refuse(one refusal) {
	m := codec.EncodeError(one.why)
	setCall(m, one.key.call)
	if n.isOwn(one.key.address) {
		n.system.Root.Send(one.sender, m)
	} else if p := n.known(one.key.address); p != nil {
		if l := p.current(); l != nil {
			l.post(one.sender, m)
		}
	}
}
