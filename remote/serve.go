package remote

import (
	"context"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// served is a call of somebody elsewhere, at a provider of this node. It has a goroutine
// of its own, which may wait: for the rest of the request, for the provider, for the
// asker to read. What comes for it is noted by the connection's reader, which may not.
type served struct {
	node   *Node
	key    servedKey
	sender *actor.PID
	req    *v1.Request

	intro uint64 // of the peer, before which it came
	link  *link  // on which the answer goes, once it has begun; touched by run only

	size uint64          // bytes of the request, as the desk has them
	ctx  context.Context // ends when the asker cancels, or is lost
	end  context.CancelCauseFunc

	mu      sync.Mutex // guards what follows
	body    []byte     // of the request, as far as it is there
	overrun bool       // more came than its size says
	window  int        // bytes of ResponseParts that may be sent
	begun   bool       // the asker has let it begin
	changed chan struct{}
}

// servedKey names a call: its sender, and the sender's number.
type servedKey struct {
	address, id string
	call        uint64
}

func keyOf(sender *actor.PID, call uint64) servedKey {
	return servedKey{sender.Address, sender.Id, call}
}

// accept begins a call, or refuses it. It runs on a connection's reader.
func (n *Node) accept(m *v1.Request, sender *actor.PID, provider string) {
	if provider == "" {
		provider = m.Provider
	}
	m.Provider = provider
	s := &served{node: n, key: keyOf(sender, m.Call), sender: sender, req: m, body: m.Body, window: int(min(m.Window, 1<<30)),
		changed: make(chan struct{}, 1)}
	if p := n.known(sender.Address); p != nil {
		s.intro = p.introductions()
	}
	if why := n.desk.enter(s, n.cfg.Credits); why != nil {
		why.Provider, why.Model = provider, m.Model
		n.refusals.put(refusal{s.key, sender, why}, n.cfg.Credits)
		return
	}
	go func() { // ends with the call
		defer n.desk.work.Done()
		s.run()
	}()
}

// run serves the call.
func (s *served) run() {
	defer s.node.desk.leave(s)
	defer s.end(nil)
	home := s.node.home.Load()
	if home == nil {
		s.answer(codec.EncodeError(&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining, Provider: s.req.Provider,
			Message: "the node has no client yet; retry in a moment", RetryAfter: heartbeatEvery}))
		return
	}
	ctx := arrive(s.ctx, s.req.Context)
	if s.req.TimeLeft != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.req.TimeLeft.AsDuration())
		defer cancel()
	} else if s.key.id != nodeID { // an actor, whom nobody watches
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, actors.DefaultAskTimeout)
		defer cancel()
	}
	body, err := s.whole(ctx)
	if err != nil {
		s.fail(err)
		return
	}
	req, err := codec.DecodeRequest(s.req, body)
	if err != nil {
		s.fail(err)
		return
	}
	s.req.Body, s.body = nil, nil
	if s.req.Confirm {
		ctx = actors.WithGate(ctx, func() error { return s.mayBegin(ctx) })
	}
	resp, err := home.AskBounded(ctx, s.req.Provider, req)
	if err != nil {
		s.fail(err)
		return
	}
	s.respond(ctx, resp)
}

// whole waits for the rest of the request's body.
func (s *served) whole(ctx context.Context) ([]byte, error) {
	size := int(s.req.Size)
	for {
		s.mu.Lock()
		body, overrun := s.body, s.overrun
		s.mu.Unlock()
		switch {
		case size == 0 || len(body) == size:
			return body, nil
		case overrun:
			return nil, &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request's body is longer than its size says"}
		}
		if err := s.await(ctx, false); err != nil {
			return nil, err
		}
	}
}

// await waits until something came for the call, but not for ever: an asker that holds
// the rest of its request back, or has forgotten its stream, holds a place here.
func (s *served) await(ctx context.Context, started bool) error {
	timer := time.NewTimer(silentAskerFor)
	defer timer.Stop()
	select {
	case <-s.changed:
		return nil
	case <-timer.C:
		return &schemas.Error{Kind: schemas.KindTimeout, Provider: s.req.Provider, Model: s.req.Model, MayHaveStarted: started,
			Message: "the asker has neither sent the rest of its request nor read the answer for " + silentAskerFor.String()}
	case <-ctx.Done():
		return actors.Ended(ctx, &schemas.Request{Provider: s.req.Provider, Model: s.req.Model}, started)
	}
}

// silentAskerFor is how long nothing need come of an asker that is waited for.
const silentAskerFor = 2 * time.Minute

func (s *served) note(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// part takes a piece of the request. What is more than the request's size is not kept.
func (s *served) part(data []byte) {
	s.note(func() {
		if room := s.req.Size - min(uint64(len(s.body)), s.req.Size); uint64(len(data)) <= room {
			s.body = append(s.roomFor(len(data)), data...)
		} else {
			s.overrun = true
		}
	})
}

// roomFor returns the body with room for more: never beyond its size, unlike append, which
// would take far more for a large one.
func (s *served) roomFor(bytes int) []byte {
	need := len(s.body) + bytes
	if need <= cap(s.body) {
		return s.body
	}
	grown := make([]byte, len(s.body), min(int(s.req.Size), max(need, 2*cap(s.body))))
	copy(grown, s.body)
	return grown
}

// grant takes the asker's word that it can take more.
func (s *served) grant(bytes uint64) {
	s.note(func() { s.window = int(min(uint64(s.window)+bytes, 1<<30)) })
}

// mayBegin asks the asker whether the call is to begin, and waits for its word.
func (s *served) mayBegin(ctx context.Context) error {
	if err := s.send(ctx, &v1.Begin{}); err != nil {
		return err
	}
	for {
		s.mu.Lock()
		begun := s.begun
		s.mu.Unlock()
		if begun {
			return nil
		}
		if err := s.await(ctx, false); err != nil {
			return err
		}
	}
}

func (s *served) begin() { s.note(func() { s.begun = true }) }

// spend waits until the asker takes so many bytes more. One that cannot be waited for any
// longer is told.
func (s *served) spend(ctx context.Context, bytes int) error {
	for {
		s.mu.Lock()
		fits := s.window >= bytes
		if fits {
			s.window -= bytes
		}
		s.mu.Unlock()
		if fits {
			return nil
		}
		if err := s.await(ctx, true); err != nil {
			s.last(err)
			return err
		}
	}
}

// fail answers with an error.
func (s *served) fail(err error) { s.answer(codec.EncodeError(err)) }

// answer sends what is the whole answer. An asker that has cancelled wants none.
func (s *served) answer(m proto.Message) {
	if s.ctx.Err() != nil {
		return
	}
	if s.send(s.ctx, m) != errTooLarge {
		return // an asker that cannot be told is lost, and knows
	}
	instead := codec.EncodeError(answerTooLarge(s.req))
	if e, ok := m.(*v1.Error); ok {
		instead = shortened(e)
	}
	_ = s.send(s.ctx, instead)
}

// answerTooLarge is the answer instead of one whose headers would take the connection.
func answerTooLarge(m *v1.Request) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Provider: m.Provider, Model: m.Model,
		Message: "the provider's answer has more headers than fit into one message between nodes"}
}

// send sends a message to the asker.
func (s *served) send(ctx context.Context, m proto.Message) error {
	setCall(m, s.key.call)
	if s.isLocal() {
		s.node.system.Root.Send(s.sender, m)
		return nil
	}
	l, err := s.node.linkTo(ctx, s.key.address)
	switch {
	case err != nil:
		return err
	case s.link != nil && s.link != l: // parts may be lost with the one before
		return lostError(s.key.address, "its connection has ended")
	}
	s.link = l
	return l.send(ctx, s.sender, m)
}

// isLocal reports whether the asker is an actor of this process.
func (s *served) isLocal() bool { return s.node.isOwn(s.key.address) }

func (n *Node) isOwn(address string) bool { return address == n.address || address == localAddress }

func setCall(m proto.Message, call uint64) {
	switch m := m.(type) {
	case *v1.Response:
		m.Call = call
	case *v1.ResponsePart:
		m.Call = call
	case *v1.Error:
		m.Call = call
	case *v1.DeadLetter:
		m.Call = call
	case *v1.Begin:
		m.Call = call
	}
}

// localAddress is that of PIDs made before the engine listened.
const localAddress = "nonhost"

// errGivenUp ends the calls of a peer that has lost this node, or was lost.
var errGivenUp = actors.Cause(&schemas.Error{Kind: schemas.KindCanceled, Message: "the node that asked has gone", MayHaveStarted: true})

// errCancelled ends a call that its asker has cancelled.
var errCancelled = actors.Cause(&schemas.Error{Kind: schemas.KindCanceled, Message: "the asker has cancelled the call", MayHaveStarted: true})
