package remote

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// link is one time that a peer is reached: from the probe that reached it until it is
// lost. What is under way with the peer belongs to a link and ends with it; the next
// one begins with nothing.
type link struct {
	peer  *peer
	epoch uint64
	first uint64 // of its heartbeats
	out   *outbox
	alive atomic.Int64 // when the peer last answered a heartbeat, in nanoseconds of the node's clock

	ctx  context.Context // ends with the link, with the error of its calls
	end  context.CancelCauseFunc
	down chan string // why it is to end; capacity 1
	up   chan struct{}

	handing sync.Mutex // guards severed
	severed bool

	mu      sync.Mutex // guards what follows
	calls   map[uint64]*call
	dialed  bool // the engine has begun to connect
	streams []context.CancelFunc
}

func newLink(p *peer, epoch uint64) *link {
	ctx, end := context.WithCancelCause(context.Background())
	return &link{peer: p, epoch: epoch, out: newOutbox(outboxBytes), ctx: ctx, end: end,
		down: make(chan string, 1), up: make(chan struct{}), calls: make(map[uint64]*call)}
}

// fail asks the peer's goroutine to end the link. It does not block.
func (l *link) fail(why string) {
	select {
	case l.down <- why:
	default:
	}
}

// close ends the link: nothing is sent any more, its calls fail with err, and the
// engine's connection is given up. It returns how many calls failed.
func (l *link) close(err *schemas.Error) int {
	l.sever()
	l.out.close(err)
	l.end(err)
	l.mu.Lock()
	calls := l.calls
	l.calls = nil
	streams := l.streams
	l.mu.Unlock()
	for _, c := range calls {
		c.lost(err)
	}
	for _, cancel := range streams {
		cancel()
	}
	return len(calls)
}

// dial notes that the engine connects, and returns the context of its connection,
// which ends with the link.
func (l *link) dial(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	l.dialed = true
	l.streams = append(l.streams, cancel)
	l.mu.Unlock()
	context.AfterFunc(l.ctx, cancel)
	return ctx
}

func (l *link) wasDialed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dialed
}

// enter adds a call, if the peer has a credit for it and the link has not ended.
func (l *link) enter(c *call, credits int) (entered, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.calls == nil:
		return false, true
	case len(l.calls) >= credits:
		return false, false
	}
	l.calls[c.id] = c
	return true, false
}

// leave takes a call out, and reports whether it was there.
func (l *link) leave(c *call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, there := l.calls[c.id]
	delete(l.calls, c.id)
	return there
}

func (l *link) call(id uint64) *call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[id]
}

// inHand returns the calls that are with the peer.
func (l *link) inHand() []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.calls))
}

func (l *link) inFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// send hands a message to the engine when there is room for it. Before that ctx and
// the end of the link end it; after it nothing does, and nothing tells whether it
// arrives.
func (l *link) send(ctx context.Context, to *actor.PID, m proto.Message) error {
	if err := l.out.take(ctx, proto.Size(m)); err != nil {
		return err
	}
	return l.hand(to, m)
}

// post is send for a small message that must not wait.
func (l *link) post(to *actor.PID, m proto.Message) {
	if l.out.force(proto.Size(m)) == nil {
		_ = l.hand(to, m) // else it is lost with the link
	}
}

// hand gives a message to the engine, unless the engine's connection has ended: for one
// message more it would connect anew.
func (l *link) hand(to *actor.PID, m proto.Message) error {
	n := l.peer.node
	l.handing.Lock()
	defer l.handing.Unlock()
	if l.severed {
		return lostError(l.peer.address, "its connection has ended")
	}
	n.system.Root.Send(to, &actor.MessageEnvelope{Message: m, Sender: n.self})
	return nil
}

// sever ends what hand does. It is called before the engine forgets its connection.
func (l *link) sever() {
	l.handing.Lock()
	defer l.handing.Unlock()
	l.severed = true
}

// noteAlive is called for each answer to a heartbeat: both ways work.
func (l *link) noteAlive() { l.alive.Store(int64(time.Since(l.peer.node.began))) }

// silence is for how long no heartbeat was answered.
func (l *link) silence() time.Duration {
	return time.Since(l.peer.node.began) - time.Duration(l.alive.Load())
}

// confirm notes that the peer has been heard of since it was reached.
func (l *link) confirm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.up:
	default:
		close(l.up)
	}
}

func (l *link) isUp() bool { return l.wasUp() && l.ctx.Err() == nil }

func (l *link) wasUp() bool {
	select {
	case <-l.up:
		return true
	default:
		return false
	}
}

// beat sends a heartbeat.
func (l *link) beat(sequence uint64, leaving bool) {
	n := l.peer.node
	l.post(l.peer.pid, &v1.Heartbeat{Sequence: sequence, Run: n.run, Epoch: l.epoch, Version: n.cfg.Version,
		Leaving: leaving, Providers: n.offer(), Credits: uint32(n.cfg.Credits)})
}
