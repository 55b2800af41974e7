package remote

import (
	"context"
	"errors"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/schemas"
)

// desk keeps the calls that are served, and their bounds.
type desk struct {
	ctx context.Context // ends with the node

	mu      sync.Mutex // guards what follows
	calls   map[servedKey]*served
	peers   map[string]int // calls of each address
	bodies  uint64         // bytes that the bodies of calls take
	closing bool
}

func newDesk(ctx context.Context) *desk {
	return &desk{ctx: ctx, calls: make(map[servedKey]*served), peers: make(map[string]int)}
}

// enter takes a call, or says why not.
func (d *desk) enter(s *served, credits int) *schemas.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.size = max(s.req.Size, uint64(len(s.req.Body)))
	_, twice := d.calls[s.key]
	switch {
	case twice:
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the number of the call is in use; give each call its own"}
	case s.size > maxRequestBytes:
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request's body is larger than a node takes; send a smaller one"}
	case d.closing:
		return refusedCall(schemas.ReasonDraining, "the node is stopping; send the request elsewhere")
	case d.peers[s.key.address] >= credits:
		return refusedCall(schemas.ReasonNoCredit, "as many calls of this sender as may be are here; retry later, or raise credits")
	case d.bodies+s.size > maxBodiesBytes:
		return refusedCall(schemas.ReasonNoCredit, "the node holds as many bytes of requests as it may; retry later")
	}
	s.ctx, s.end = context.WithCancelCause(d.ctx)
	d.calls[s.key] = s
	d.peers[s.key.address]++
	d.bodies += s.size
	return nil
}

func refusedCall(why schemas.Reason, message string) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindOverloaded, Reason: why, Message: message, RetryAfter: heartbeatEvery,
		Err: &schemas.DeadLetter{Reason: why, RetryAfter: heartbeatEvery}}
}

func (d *desk) leave(s *served) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.calls, s.key)
	if d.peers[s.key.address]--; d.peers[s.key.address] == 0 {
		delete(d.peers, s.key.address)
	}
	d.bodies -= s.size
}

func (d *desk) find(sender *actor.PID, call uint64) *served {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[keyOf(sender, call)]
}

// cancel ends the calls of an address.
func (d *desk) cancel(address string, cause error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, s := range d.calls {
		if key.address == address {
			s.end(cause)
		}
	}
}

func (d *desk) of(address string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.peers[address]
}

// refuse refuses new calls.
func (d *desk) refuse() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = true
}

// close ends the calls that are there.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.calls {
		s.end(errors.New("the node stops"))
	}
}
