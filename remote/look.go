package remote

import (
	"context"
	"errors"
	"time"
)

// errNoPeer is that no peer can take the call, and none is being reached for the first
// time.
var errNoPeer = errors.New("no peer is up")

// look calls found until it reports true, or until no peer is being reached for the first
// time. What the peers are is asked before it, so that one that comes up meanwhile is
// looked for once more.
func (r *Router) look(ctx context.Context, found func() bool) error {
	for {
		p := r.pending()
		switch {
		case found():
			return nil
		case p == nil || r.node.ctx.Err() != nil:
			return errNoPeer
		}
		if err := p.more(ctx); err != nil {
			return err
		}
	}
}

// pending returns a peer of which it is not known yet what it has; nil if there is none.
// One that has just been reached comes first, since it is about to say so. A peer that is
// reached between the two questions is so in one of them.
func (r *Router) pending() (first *peer) {
	for _, p := range r.reach() {
		isNew := p.isNew()
		if p.begins() {
			return p
		}
		if isNew && first == nil {
			first = p
		}
	}
	return first
}

// begins reports whether the peer has just been reached, and has no providers: a node listens
// before it has them.
func (p *peer) begins() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.offers) == 0 && p.link != nil && time.Since(p.link.began) < beginFor
}

// isNew reports whether it is not known yet whether the peer can be reached.
func (p *peer) isNew() bool {
	select {
	case <-p.settled:
		return false
	default:
		return true
	}
}

// more waits until more may be known of the peer, or of another one, which is soon. The
// error is that ctx has ended.
func (p *peer) more(ctx context.Context) error {
	settled, again := p.settled, lookAgain
	if !p.isNew() {
		settled, again = nil, awaitEvery
	}
	timer := time.NewTimer(again)
	defer timer.Stop()
	select {
	case <-settled:
	case <-timer.C:
	case <-p.node.ctx.Done():
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
