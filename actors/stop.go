package actors

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// stopGrace is how long a stop waits for workers whose calls it has cancelled. A
// provider that heeds its context needs milliseconds.
const stopGrace = time.Second

// errStopping is what a shutdown cancels with.
var errStopping = &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining,
	Message: "the provider is stopping and the call was cancelled; send it elsewhere", RetryAfter: time.Second}

// stopping is errStopping as the answer to one call.
func stopping(req *schemas.Request, started bool) error {
	e := *errStopping
	e.Provider, e.Model, e.MayHaveStarted = req.Provider, req.Model, started
	return &e
}

// Left is what a stop did not finish in time.
type Left struct {
	Provider   string
	Queued     int // answered as dead letters
	BackingOff int // answered as dead letters
	InHand     int // cancelled
	Stuck      int // of those in hand, the ones whose provider did not heed the cancel

	// Cause is why the stop waited no longer: the cause of its context's end, or
	// nil if an actor of the program's own ended it.
	Cause error
}

// None reports whether nothing was left.
func (l Left) None() bool { return l.Queued+l.BackingOff+l.InHand+l.Stuck == 0 }

// String says what was left.
func (l Left) String() string {
	return fmt.Sprintf("%s: %d queued, %d backing off and %d in hand were answered unserved, %d do not end",
		l.Provider, l.Queued, l.BackingOff, l.InHand, l.Stuck)
}

// Stop closes admission, refuses the waiters, and lets queued and in-hand work
// finish until ctx ends; then it answers and cancels what is left. It blocks
// until the workers have stopped, but no longer than a second after ctx ended.
func (r *Router) Stop(ctx context.Context) Left {
	r.closeAdmission()
	select {
	case <-r.mb.Idle():
	default:
		select {
		case <-r.mb.Idle():
		case <-ctx.Done():
		}
	}
	left := r.halt()
	left.Cause = context.Cause(ctx)
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-r.stopped:
	case <-grace.C:
		left.Stuck = r.mb.Stats().InHand
	}
	r.settings.close(r.unshareLast)
	return left
}

// closeAdmission refuses from now on, and refuses those who wait. It does not
// block.
func (r *Router) closeAdmission() { r.refuseAll(r.mb.Close()) }

func (r *Router) refuseAll(out []mailbox.Returned[*call]) {
	for _, o := range out {
		r.refuseEntry(o.Entry.Value, o.Refusal)
	}
}

// halt ends everything at once, without blocking: what is in the mailbox and in
// hand is answered, in-hand calls are cancelled, and then the workers are told to
// stop. It may be called again.
func (r *Router) halt() Left {
	r.closeAdmission()
	d := r.mb.Drain()
	left := Left{Provider: r.name, Queued: len(d.Queued), BackingOff: len(d.BackingOff), InHand: d.InHand}
	r.refuseAll(d.BackingOff)
	r.refuseAll(d.Queued)
	for _, e := range d.Abandoned {
		c := e.Value
		c.answer(nil, stopping(c.req, true))
	}
	r.halting.Store(true)
	r.coolFree(0)
	r.strategy.Stop()
	r.stopWorkers()
	return left
}

// ended notes that the workers and the control actor have stopped, and tells who
// watches the provider.
func (r *Router) ended() {
	if !r.isHalted() { // somebody stopped the control actor
		r.halt()
	}
	r.settings.close(r.unshareLast)
	close(r.stopped)
	if r.process.router.Load() == r {
		r.process.terminated()
	}
}

// hasEnded reports whether the workers have stopped.
func (r *Router) hasEnded() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

// Ending is closed when a provider that was told to stop, by Stop, by its PID or
// by a PoisonPill, has stopped; nil if it was not told to.
func (r *Router) Ending() <-chan struct{} {
	if !r.mb.Stats().Closed {
		return nil
	}
	return r.stopped
}

// poison stops the router once what is accepted is finished. It does not block;
// the goroutine ends when the mailbox is idle or the router has stopped.
func (r *Router) poison() {
	r.closeAdmission()
	r.poisonOnce.Do(func() {
		go func() {
			select {
			case <-r.mb.Idle():
				r.halt()
			case <-r.stopped:
			}
		}()
	})
}

// Shutdown stops all providers as Router.Stop does, then the tree, and publishes
// the last dead letters. It returns what was left of the providers that did not
// finish. The first call does the work; a later one waits for it, and makes it a
// hard stop when its own ctx ends.
func (s *System) Shutdown(ctx context.Context) []Left {
	s.mu.Lock()
	first := s.down == nil
	if first {
		ctx, s.hurry = context.WithCancelCause(ctx)
		s.down = make(chan struct{})
	}
	s.mu.Unlock()
	if first {
		defer s.hurry(nil)
		s.left = s.shutdown(ctx)
		close(s.down)
		return s.left
	}
	select {
	case <-s.down:
	case <-ctx.Done():
		s.hurry(context.Cause(ctx))
		<-s.down
	}
	return s.left
}

func (s *System) shutdown(ctx context.Context) []Left {
	s.close()
	left := stopAll(ctx, s.routers())
	s.engine.Root.Stop(s.root)
	waitFor(s.rootStopped, stopGrace)
	s.letters.stop()
	waitFor(s.letters.done, stopGrace)
	s.unregister()
	if s.owned {
		s.engine.Shutdown()
	}
	return left
}

// close lets whoever has begun to start a provider end, and then nobody begin.
func (s *System) close() {
	s.starting.Lock()
	defer s.starting.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
}

func (s *System) routers() []*Router {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*Router, 0, len(s.processes)+len(s.retired))
	for _, p := range s.processes {
		if r := p.router.Load(); r != nil {
			out = append(out, r)
		}
	}
	for r := range s.retired {
		out = append(out, r)
	}
	return out
}

// stopAll stops the routers side by side and waits for all of them.
func stopAll(ctx context.Context, routers []*Router) []Left {
	results := make(chan Left, len(routers))
	for _, r := range routers {
		r.closeAdmission() // of all at once, before the first one is waited for
	}
	for _, r := range routers {
		go func() { results <- r.Stop(ctx) }() // ends within a second after ctx
	}
	var left []Left
	for range routers {
		if l := <-results; !l.None() {
			left = append(left, l)
		}
	}
	return left
}

func waitFor(done <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// Remove stops a provider as Router.Stop does; asking for it afterwards is
// answered with not_found until it is started again.
func (s *System) Remove(ctx context.Context, name string) (Left, error) {
	s.mu.Lock()
	p := s.processes[name]
	s.mu.Unlock()
	var r *Router
	if p != nil {
		r = p.router.Load()
	}
	if r == nil {
		return Left{}, &schemas.Error{Kind: schemas.KindNotFound, Provider: name, Message: "there is no such provider to remove"}
	}
	left := r.Stop(ctx)
	if p.router.CompareAndSwap(r, nil) {
		p.terminated()
	}
	return left, nil
}

// unregister takes the providers' PIDs out of the engine and tells their
// watchers.
func (s *System) unregister() {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.processes))
	s.mu.Unlock()
	for _, p := range all {
		s.engine.ProcessRegistry.Remove(p.pid)
		p.terminated() // may run a watcher, who may ask for statistics
	}
}
