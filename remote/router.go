package remote

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"bifrost"
	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/remote/codec"
	"bifrost/schemas"
)

// Router asks one provider that lives on other nodes. It has no mailbox: the bounds are
// the owner's, and here only a credit for each call that is with a peer. It is safe for
// concurrent use.
type Router struct {
	node     *Node
	provider string
	peers    []*peer // nil: all members
	cfg      Provider
	ledger   ledger

	fallbacks []schemas.Fallback // of cfg
}

var _ bifrost.Router = (*Router)(nil)

// Ask sends the request to a node that has the provider, and waits for its answer. With
// several nodes it is the better of two that have room, by what they said last. When ctx
// ends it returns at once, and the call is cancelled there. A call whose node is lost
// fails as node_lost and is not repeated, since the provider may have begun it. The
// errors are *schemas.Error.
func (r *Router) Ask(ctx context.Context, req *schemas.Request) (*schemas.Response, error) {
	if req == nil {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest, Provider: r.provider, Message: "the request is nil"}
	}
	return r.ask(ctx, req, r.enter, r.moves)
}

// pass sends a request on to a node that has room for it.
func (r *Router) pass(ctx context.Context, req *schemas.Request) (*schemas.Response, error) {
	return r.ask(ctx, req, r.enterRoom, func(context.Context, *call, error) bool { return false })
}

func (r *Router) ask(ctx context.Context, req *schemas.Request, enter func(context.Context, *schemas.Request) (*call, error),
	moves func(context.Context, *call, error) bool) (*schemas.Response, error) {
	began := time.Now()
	r.ledger.offer()
	if err := actors.Ended(ctx, req, false); err != nil {
		r.ledger.leave()
		return nil, err
	}
	for {
		message, err := codec.EncodeRequest(req.For(r.provider)) // a new one each time: the engine may have the last one still
		if err != nil {
			r.ledger.refuse(reasonUnsendable)
			return nil, r.own(err, req)
		}
		c, err := enter(ctx, req)
		if err != nil {
			return nil, r.own(err, req)
		}
		resp, err := c.ask(ctx, req, message)
		switch {
		case err == nil:
			resp.Provider, resp.FirstContent = r.provider, time.Since(began) // as it was seen from here
			return resp, nil
		case !moves(ctx, c, err):
			return nil, r.own(err, req)
		}
		r.ledger.offer() // it is offered again, for another node
	}
}

// moves reports whether a call goes to another node: the one that it was with is lost or
// stops, has not begun it, and there is another.
func (r *Router) moves(ctx context.Context, c *call, err error) bool {
	var e *schemas.Error
	if !errors.As(err, &e) || e.MayHaveStarted || ctx.Err() != nil {
		return false
	}
	if e.Kind != schemas.KindNodeLost {
		still, _ := c.link.peer.usable(r.provider) // then it would be asked again at once
		if e.Reason != schemas.ReasonDraining || still != nil {
			return false
		}
	}
	for _, l := range r.candidates() {
		if l != c.link { // which ends, and may not be known to yet
			return true
		}
	}
	return false
}

// enter finds a peer with a credit for one more call. It waits while it is not known
// yet whether any can be reached, which is at most a moment after the start.
func (r *Router) enter(ctx context.Context, req *schemas.Request) (*call, error) {
	var c *call
	refused := false
	err := r.look(ctx, func() bool {
		c, refused = r.first(r.candidates())
		return c != nil || refused
	})
	switch {
	case c != nil:
		return c, nil
	case refused:
		r.ledger.refuse(schemas.ReasonNoCredit)
		return nil, r.noCredit(req)
	}
	return nil, r.notEntered(ctx, req, err)
}

// enterRoom finds a peer that has room, the better of two at random.
func (r *Router) enterRoom(context.Context, *schemas.Request) (*call, error) {
	c, _ := r.first(r.roomy())
	if c == nil {
		r.ledger.refuse(schemas.ReasonQueueFull)
		return nil, &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, Message: "no node has room"}
	}
	c.hops = 1
	c.link.peer.tally(func(n *counts) { n.spilled++ })
	return c, nil
}

// first enters a call at the first link that has a credit for it.
func (r *Router) first(links []*link) (c *call, refused bool) {
	for _, l := range links {
		c := &call{id: r.node.nextCall(), link: l, notify: make(chan struct{}, 1), window: windowBytes + pieceBytes,
			end: r.ledger.end, asks: r.cfg.MoveWaiting, unbegun: r.cfg.MoveWaiting}
		switch entered, lost := l.enter(c, l.peer.limit(), r.ledger.admit); {
		case entered:
			l.peer.took(r.provider)
			return c, false
		case !lost:
			refused = true
			l.peer.tally(func(n *counts) { n.refused++ })
		}
	}
	return nil, refused
}

// candidate is a link that may take a call, and how much room its peer has, as far as is
// known.
type candidate struct {
	link *link
	free int
}

// candidates are the links that may take a call, the best first: the better of two at
// random, then the others.
func (r *Router) candidates() []*link { return inOrder(r.usable(r.reach())) }

// roomy are those of two peers at random that have room, the better first.
func (r *Router) roomy() []*link {
	var roomy []candidate
	for _, c := range r.usable(r.reach()) {
		if c.free > 0 {
			roomy = append(roomy, c)
		}
	}
	links := inOrder(roomy)
	return links[:min(len(links), 2)]
}

// reach returns the peers that may have the provider.
func (r *Router) reach() []*peer {
	if r.peers != nil {
		return r.peers
	}
	return r.node.members()
}

func (r *Router) usable(peers []*peer) []candidate {
	var up []candidate
	for _, p := range peers {
		if l, free := p.usable(r.provider); l != nil {
			up = append(up, candidate{l, free})
		}
	}
	return up
}

// inOrder shuffles, and puts the better of the first two first.
func inOrder(all []candidate) []*link {
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if len(all) > 1 && all[1].free > all[0].free {
		all[0], all[1] = all[1], all[0]
	}
	links := make([]*link, len(all))
	for i, c := range all {
		links[i] = c.link
	}
	return links
}

// notEntered is the error of a call that found no peer.
func (r *Router) notEntered(ctx context.Context, req *schemas.Request, err error) error {
	if err := actors.Ended(ctx, req, false); err != nil {
		r.ledger.leave()
		return err
	}
	for _, p := range r.reach() {
		if p.isUp() && !p.begins() {
			if _, offers := p.offer(r.provider); !offers {
				r.ledger.refuse(schemas.ReasonNotFound)
				return &schemas.Error{Kind: schemas.KindNotFound, Reason: schemas.ReasonNotFound,
					Message: "the provider's node has no such provider; add it there, or name another node", Err: atNode(p.address, nil)}
			}
		}
	}
	r.ledger.refuse(schemas.ReasonNodeLost)
	if len(r.reach()) == 0 {
		return &schemas.Error{Kind: schemas.KindNodeLost, Reason: schemas.ReasonNodeLost, RetryAfter: heartbeatEvery,
			Message: "no other node is known; nothing was sent"}
	}
	return &schemas.Error{Kind: schemas.KindNodeLost, Reason: schemas.ReasonNodeLost, RetryAfter: heartbeatEvery, Err: errors.Join(err, r.reasons()),
		Message: "no node that has it can be reached; nothing was sent"}
}

func (r *Router) reasons() error {
	var all []error
	for _, p := range r.reach() {
		p.mu.Lock()
		all = append(all, atNode(p.address, p.why))
		p.mu.Unlock()
	}
	return errors.Join(all...)
}

// noCredit is the refusal of a call that has no credit left at any peer.
func (r *Router) noCredit(req *schemas.Request) error {
	letter := &schemas.DeadLetter{Provider: r.provider, Reason: schemas.ReasonNoCredit, RetryAfter: heartbeatEvery}
	for _, p := range r.reach() {
		if l := p.current(); l != nil {
			letter.Capacity += p.limit()
			letter.InHand += l.inFlight()
		}
	}
	r.node.publish(r.provider, letter)
	return &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonNoCredit, Provider: r.provider, Model: req.Model,
		RetryAfter: letter.RetryAfter, Err: letter,
		Message: "as many calls as may be are with the provider's node; retry later, or raise credits on both nodes"}
}

// own makes an error the provider's as this node names it.
func (r *Router) own(err error, req *schemas.Request) error {
	var e *schemas.Error
	if !errors.As(err, &e) {
		e = &schemas.Error{Kind: schemas.KindInternal, Err: err, Message: "the request could not be sent to another node"}
	}
	out := *e
	out.Provider, out.Model = r.provider, req.For(r.provider).Model
	return &out
}

// prepare completes a message before it is sent.
func (c *call) prepare(ctx context.Context, provider string, m *v1.Request) {
	m.Call, m.Provider, m.Window, m.Hops, m.Confirm = c.id, provider, windowBytes, c.hops, c.asks
	m.Context = travel(ctx)
	c.granted = time.Now()
	if deadline, ends := ctx.Deadline(); ends {
		m.TimeLeft = durationpb.New(max(time.Until(deadline), 0))
	}
}

// Info returns what the provider can do, as the first of its nodes says that is known.
// Until one has, at most a moment after the start, it waits.
func (r *Router) Info() schemas.ProviderInfo {
	o, ok := r.known()
	if !ok {
		return r.cfg.Info
	}
	return o.info
}

// Models returns the models that the provider serves by name; see Info.
func (r *Router) Models() (names []string, all bool) {
	o, ok := r.known()
	if !ok {
		return nil, true
	}
	return o.models, o.all
}

func (r *Router) known() (o offer, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout+confirmFor)
	defer cancel()
	_ = r.look(ctx, func() bool {
		for _, p := range r.reach() {
			if o, ok = p.offer(r.provider); ok {
				break
			}
		}
		return ok
	})
	return o, ok
}

// Fallbacks returns what this node's configuration says of fallbacks.
func (r *Router) Fallbacks() ([]schemas.Fallback, []schemas.ErrorKind) {
	return r.fallbacks, r.cfg.FallbackOn
}

// Stats returns what this node counts of the provider: in hand are the calls that are
// with a peer, dead-lettered those that a peer refused.
func (r *Router) Stats() actors.Stats {
	s := r.ledger.stats()
	s.Unreached = len(r.usable(r.reach())) == 0
	return s
}
