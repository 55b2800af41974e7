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

	size uint64          // bytes of the request's body, as the desk has them
	ctx  context.Context // ends when the asker cancels, or is lost
	end  context.CancelCauseFunc

	mu      sync.Mutex // guards what follows
	body    []byte     // of the request, as far as it is there
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
	if why := n.desk.enter(s, n.cfg.Credits); why != nil {
		n.refusals.put(refusal{s, why})
		return
	}
	n.work.Go(s.run) // ends with the call
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
		body := s.body
		s.mu.Unlock()
		switch {
		case size == 0 || len(body) == size:
			return body, nil
		case len(body) > size:
			return nil, &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request's body is longer than its size says"}
		}
		if err := s.await(ctx); err != nil {
			return nil, err
		}
	}
}

// await waits until something came for the call.
func (s *served) await(ctx context.Context) error {
	select {
	case <-s.changed:
		return nil
	case <-ctx.Done():
		return actors.Ended(ctx, &schemas.Request{Provider: s.req.Provider, Model: s.req.Model}, false)
	}
}

func (s *served) note(f func()) {
	s.mu.Lock()
	f()
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// part takes a piece of the request. More than the request's size is noticed by whole;
// it is not kept.
func (s *served) part(data []byte) {
	s.note(func() {
		if uint64(len(s.body)) <= s.req.Size {
			s.body = append(s.body, data...)
		}
	})
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
		if err := s.await(ctx); err != nil {
			return err
		}
	}
}

func (s *served) begin() { s.note(func() { s.begun = true }) }

// spend waits until the asker takes so many bytes more.
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
		if err := s.await(ctx); err != nil {
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
	ctx, cancel := context.WithTimeout(s.ctx, answerTimeout)
	defer cancel()
	_ = s.send(ctx, m) // an asker that cannot be told is lost, and knows
}

// send sends a message to the asker.
func (s *served) send(ctx context.Context, m proto.Message) error {
	setCall(m, s.key.call)
	if s.isLocal() {
		s.node.system.Root.Send(s.sender, m)
		return nil
	}
	l, err := s.node.linkTo(ctx, s.key.address)
	if err != nil {
		return err
	}
	return l.send(ctx, s.sender, m)
}

// isLocal reports whether the asker is an actor of this process.
func (s *served) isLocal() bool {
	return s.key.address == s.node.address || s.key.address == localAddress
}

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

// answerTimeout is how long an answer waits for a way to its asker. A peer that is not
// up by then has lost this node, and its calls.
const answerTimeout = 5 * time.Second

// localAddress is that of PIDs made before the engine listened.
const localAddress = "nonhost"

// errGivenUp ends the calls of a peer that has lost this node, or was lost.
var errGivenUp = actors.Cause(&schemas.Error{Kind: schemas.KindCanceled, Message: "the node that asked has gone", MayHaveStarted: true})

// errCancelled ends a call that its asker has cancelled.
var errCancelled = actors.Cause(&schemas.Error{Kind: schemas.KindCanceled, Message: "the asker has cancelled the call", MayHaveStarted: true})
