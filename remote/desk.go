package remote

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"bifrost/schemas"
)

// desk keeps the calls that are served, and their bounds.
type desk struct {
	ctx context.Context // ends with the node

	mu      sync.Mutex // guards what follows
	calls   map[servedKey]*served
	peers   map[string]int    // calls of each address
	sizes   map[string]uint64 // bytes of the calls of each address
	bodies  uint64            // of all
	closing bool

	work sync.WaitGroup // the calls; none is added when closing
}

func newDesk(ctx context.Context) *desk {
	return &desk{ctx: ctx, calls: make(map[servedKey]*served), peers: make(map[string]int), sizes: make(map[string]uint64)}
}

// enter takes a call, or says why not. Who enters leaves, and calls work.Done then.
func (d *desk) enter(s *served, credits int) *schemas.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	body := uint64(len(s.req.Body))
	s.size = max(s.req.Size, body) + uint64(proto.Size(s.req)) - body
	_, twice := d.calls[s.key]
	switch {
	case twice:
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the number of the call is in use; give each call its own"}
	case s.req.Size > 0 && body > s.req.Size:
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request's body is longer than its size says"}
	case s.size > maxRequestBytes:
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request is larger than a node takes, which is " +
			strconv.Itoa(maxRequestBytes>>20) + " MiB; send a smaller one"}
	case d.closing:
		return refusedCall(schemas.ReasonDraining, "the node is stopping; send the request elsewhere")
	case d.peers[s.key.address] >= credits:
		return refusedCall(schemas.ReasonNoCredit, "as many calls of this sender as may be are here; retry later, or raise credits")
	case d.bodies+s.size > maxBodiesBytes || d.sizes[s.key.address]+s.size > maxPeerBodiesBytes:
		return refusedCall(schemas.ReasonNoCredit, "the node holds as many bytes of requests as it may; retry later")
	}
	s.ctx, s.end = context.WithCancelCause(d.ctx)
	d.calls[s.key] = s
	d.peers[s.key.address]++
	d.sizes[s.key.address] += s.size
	d.bodies += s.size
	d.work.Add(1)
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
		delete(d.sizes, s.key.address)
	} else {
		d.sizes[s.key.address] -= s.size
	}
	d.bodies -= s.size
}

func (d *desk) find(sender *actor.PID, call uint64) *served {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[keyOf(sender, call)]
}

// cancel ends the calls of an address that were made before its introduction of that
// number.
func (d *desk) cancel(address string, cause error, before uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, s := range d.calls {
		if key.address == address && s.intro < before {
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

// close ends the calls that are there, and returns how many.
func (d *desk) close() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.calls {
		s.end(errors.New("the node stops"))
	}
	return len(d.calls)
}
