package supervisor

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Strategy restarts failed children by a Policy. It implements
// actor.SupervisorStrategy for one supervisor; it is safe for concurrent use.
type Strategy struct {
	policy  Policy
	notify  func(child *actor.PID, backingOff bool)
	publish func(event any)

	mu       sync.Mutex // guards what follows
	stopped  bool
	children map[string]*child // by PID id
}

type child struct {
	window Window
	timer  *time.Timer // nil: not backing off
}

var _ actor.SupervisorStrategy = (*Strategy)(nil)

// New returns a strategy. notify, which may be nil, is called when a child's
// backoff begins and ends. publish, which may be nil, is called with the
// *actor.SupervisorEvent of each failure; it should not run the subscribers of the
// engine's event stream itself, since what holds it up, or panics in it, holds up
// the supervisor. Neither may block.
func New(p Policy, notify func(child *actor.PID, backingOff bool), publish func(event any)) *Strategy {
	if notify == nil {
		notify = func(*actor.PID, bool) {}
	}
	if publish == nil {
		publish = func(any) {}
	}
	return &Strategy{policy: p, notify: notify, publish: publish, children: make(map[string]*child)}
}

// HandleFailure restarts who, now or after its backoff. It does not block.
func (s *Strategy) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, who *actor.PID,
	_ *actor.RestartStatistics, reason, _ any) {
	s.publish(&actor.SupervisorEvent{Child: who, Reason: reason, Directive: actor.RestartDirective})
	s.failure(supervisor, who)
}

// failure notes a failure and restarts the child, or arms the timer that will. A
// restart only posts a message, so it happens under the lock: none follows Stop.
func (s *Strategy) failure(supervisor actor.Supervisor, who *actor.PID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	c := s.children[who.Id]
	if c == nil {
		c = &child{}
		s.children[who.Id] = c
	}
	delay := c.window.Failure(s.policy, time.Now(), rand.Float64())
	switch {
	case delay == 0:
		supervisor.RestartChildren(who)
	case c.timer == nil:
		s.notify(who, true)
		// Ends when it has fired, or by Forget or Stop.
		c.timer = time.AfterFunc(delay, func() { s.restart(supervisor, who, c) })
	}
}

func (s *Strategy) restart(supervisor actor.Supervisor, who *actor.PID, c *child) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.timer != nil {
		s.endBackoffLocked(who, c)
		supervisor.RestartChildren(who)
	}
}

func (s *Strategy) endBackoffLocked(who *actor.PID, c *child) {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
		s.notify(who, false)
	}
}

// Forget drops what is known of a child that has stopped for good.
func (s *Strategy) Forget(who *actor.PID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.children[who.Id]; c != nil {
		s.endBackoffLocked(who, c)
		delete(s.children, who.Id)
	}
}

// Stop ends all backoffs, and restarts no child any more: one that has failed is
// left as it is, suspended, for its parent to stop. It may be called again.
func (s *Strategy) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for id, c := range s.children {
		s.endBackoffLocked(&actor.PID{Id: id}, c)
	}
}
