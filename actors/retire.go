package actors

import (
	"context"

	"bifrost/schemas"
)

// Retire takes a provider out at once: by its PID, and for other nodes, it is not_found,
// and it may be started anew. Who has its router can still ask it, until the caller has
// it stop, which blocks as Router.Stop does; so does Shutdown if the caller does not.
// It is an error if there is no such provider.
func (s *System) Retire(name string) (stop func(context.Context) Left, err error) {
	s.mu.Lock()
	p := s.processes[name]
	var r *Router
	if p != nil {
		r = p.router.Swap(nil)
	}
	if r != nil {
		s.retired[r] = true
	}
	s.mu.Unlock()
	if r == nil {
		return nil, &schemas.Error{Kind: schemas.KindNotFound, Provider: name, Message: "there is no such provider to remove"}
	}
	p.terminated()
	return func(ctx context.Context) Left {
		left := r.Stop(ctx)
		s.mu.Lock()
		delete(s.retired, r)
		s.mu.Unlock()
		return left
	}, nil
}

// retiredAs returns a provider's routers that are retired and have not stopped.
func (s *System) retiredAs(name string) []*Router {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Router
	for r := range s.retired {
		if r.name == name {
			out = append(out, r)
		}
	}
	return out
}

// inheritRetired takes over the rests and slots of keys that are still in use by a
// provider of the same name which is stopping: they are limits of the key.
func (s *System) inheritRetired(name string, next *keyring) {
	for _, old := range s.retiredAs(name) {
		next.inherit(old.settings.peek().keys)
	}
	next.settle()
}

// unshareLast ends the sharing of the last version's keys, but of those that the provider
// which has been started in the meantime shares under the same name.
func (r *Router) unshareLast(last *settings) {
	next := r.process.router.Load()
	if next == nil || next == r {
		last.cluster.unshare(&keyring{}, last.keys)
		return
	}
	next.settings.mu.Lock()
	defer next.settings.mu.Unlock()
	if next.settings.closed {
		last.cluster.unshare(&keyring{}, last.keys)
		return
	}
	last.cluster.unshare(next.settings.now.keys, last.keys)
}
