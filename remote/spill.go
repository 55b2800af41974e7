package remote

import (
	"context"
	"errors"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// spill asks a provider of this node, and sends on what it has no place for.
type spill struct {
	*actors.Router // the provider's own
	there          *Router
}

// Spill returns a router for a provider of this node that sends on what it has no place
// for; see schemas.OverflowSpill.
func (n *Node) Spill(provider string, own *actors.Router) bifrost.Router {
	return &spill{own, n.spillRouter(provider)}
}

// Ask asks the provider itself, if it has a place, then another node that has room, once,
// and then the provider again, to wait or to be refused.
func (s *spill) Ask(ctx context.Context, req *schemas.Request) (*schemas.Response, error) {
	resp, had, err := s.TryAsk(ctx, req)
	if had {
		return resp, err
	}
	resp, err = s.there.pass(ctx, req)
	if err == nil || !unbegun(err) {
		return resp, err
	}
	return s.Router.Ask(ctx, req)
}

// unbegun reports whether a request that was sent on has certainly not been begun there,
// and may be asked here.
func unbegun(err error) bool {
	var e *schemas.Error
	if !errors.As(err, &e) || e.MayHaveStarted {
		return false
	}
	switch e.Kind {
	case schemas.KindOverloaded, schemas.KindNotFound:
		return e.Reason != ""
	case schemas.KindNodeLost:
		return true
	}
	return false
}

// spillRouter returns the way of a provider's overflow: over all peers that this node is
// configured with, or has found.
func (n *Node) spillRouter(provider string) *Router {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.spills[provider]
	if r == nil {
		r = &Router{node: n, provider: provider}
		n.spills[provider] = r
	}
	return r
}
