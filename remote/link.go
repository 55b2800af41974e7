package remote

import (
	"context"
	"math"
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
	began time.Time
	out   *outbox
	alive atomic.Int64 // when the peer last answered a heartbeat, in nanoseconds of the node's clock

	heard atomic.Int64 // when it last sent a piece of a request or an answer, likewise

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
	asked   asked
}

func newLink(p *peer, epoch uint64) *link {
	ctx, end := context.WithCancelCause(context.Background())
	return &link{peer: p, epoch: epoch, began: time.Now(), out: newOutbox(outboxBytes), ctx: ctx, end: end,
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
	asked := l.asked
	l.asked = nil
	l.mu.Unlock()
	l.peer.node.answerAll(asked, err)
	failed := 0
	for _, c := range calls {
		if c.lost(err) {
			failed++
		}
	}
	for _, cancel := range streams {
		cancel()
	}
	return failed
}

// orphans takes out what the peer has given up, since it had lost this node. The link
// goes on.
func (l *link) orphans() (calls map[uint64]*call, asked asked) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if calls, asked = l.calls, l.asked; calls != nil {
		l.calls, l.asked = make(map[uint64]*call), nil
	}
	return calls, asked
}

// giveUp fails what orphans has taken out, and returns how many calls failed. What of them
// the peer has got since is cancelled there.
func (l *link) giveUp(calls map[uint64]*call, asked asked) (failed int) {
	err := lostError(l.peer.address, "it could not reach this node for a while")
	l.peer.node.answerAll(asked, err)
	for id, c := range calls {
		if c.lost(err) {
			failed++
			l.post(l.peer.pid, &v1.Cancel{Call: id})
		}
	}
	return failed
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

// enter adds a call, if the peer has a credit for it and the link has not ended. It is
// counted by admit before anything can end it.
func (l *link) enter(c *call, credits int, admit func()) (entered, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.calls == nil:
		return false, true
	case len(l.calls) >= credits:
		return false, false
	}
	admit()
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

func (l *link) inFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls)
}

// send hands a message to the engine when there is room for it. Before that ctx and
// the end of the link end it; after it nothing does, and nothing tells whether it
// arrives.
func (l *link) send(ctx context.Context, to *actor.PID, m proto.Message) error {
	size := proto.Size(m)
	if size > maxMessageBytes {
		return errTooLarge
	}
	if err := l.out.take(ctx, size+messageCost); err != nil {
		return err
	}
	return l.hand(to, m)
}

// post is send for a small message that must not wait. A peer that reads nothing while
// such messages are made is lost.
func (l *link) post(to *actor.PID, m proto.Message) {
	size := proto.Size(m)
	if size > maxMessageBytes {
		return
	}
	switch err := l.out.force(size + messageCost); err {
	case nil:
		_ = l.hand(to, m) // else it is lost with the link
	case errFlooded:
		l.fail(err.Error())
	}
}

// messageCost is what a message takes in the engine beside its bytes, about.
const messageCost = 256

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

// noteHeard is called for each piece of a request or an answer.
func (l *link) noteHeard() { l.heard.Store(int64(time.Since(l.peer.node.began))) }

// hears reports whether requests or answers are coming: a heartbeat, or the answer to one,
// may be far behind them on a slow network. They end soon if nothing gets through to the
// peer.
func (l *link) hears() bool {
	heard := l.heard.Load()
	return heard > 0 && time.Since(l.peer.node.began)-time.Duration(heard) < movingFor
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
	m := &v1.Heartbeat{Sequence: sequence, Run: n.run, Epoch: l.epoch, Version: plain(n.cfg.Version),
		Leaving: leaving, Providers: n.offer(), Credits: uint32(min(n.cfg.Credits, math.MaxUint32))}
	shorten(m)
	l.post(l.peer.pid, m)
}

// shorten makes a heartbeat fit into a message: a provider whose models are too many to be
// named is said to have any, and providers beyond that are left out.
func shorten(m *v1.Heartbeat) {
	if proto.Size(m) <= maxMessageBytes {
		return
	}
	for _, p := range m.Providers {
		p.Models, p.AllModels = nil, true
	}
	for len(m.Providers) > 0 && proto.Size(m) > maxMessageBytes {
		m.Providers = m.Providers[:len(m.Providers)-1]
	}
}
