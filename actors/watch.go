package actors

import "github.com/asynkron/protoactor-go/actor"

// SendSystemMessage handles watching and stopping; there is nothing else that a
// router takes from the engine.
func (p *process) SendSystemMessage(_ *actor.PID, message any) {
	switch m := message.(type) {
	case *actor.Watch:
		p.watch(m.Watcher)
	case *actor.Unwatch:
		p.mu.Lock()
		p.watchers.Remove(m.Watcher)
		p.mu.Unlock()
	case *actor.Stop:
		if r := p.router.Load(); r != nil {
			r.halt()
		}
	}
}

// Stop ends the provider at once, as (*actor.RootContext).Stop on its PID asks.
// It does not block: the workers end by themselves.
func (p *process) Stop(pid *actor.PID) { p.SendSystemMessage(pid, &actor.Stop{}) }

// watch registers a watcher; one that comes too late is told so.
func (p *process) watch(watcher *actor.PID) {
	p.mu.Lock()
	r := p.router.Load()
	gone := r == nil || r.hasEnded()
	if !gone {
		p.watchers.Add(watcher)
	}
	p.mu.Unlock()
	if gone {
		p.tell(watcher)
	}
}

// terminated tells all watchers, once.
func (p *process) terminated() {
	p.mu.Lock()
	watchers := p.watchers.Values()
	p.watchers = actor.NewPIDSet()
	p.mu.Unlock()
	for _, w := range watchers {
		p.tell(w)
	}
}

func (p *process) tell(watcher *actor.PID) {
	if to, ok := p.sys.engine.ProcessRegistry.Get(watcher); ok {
		to.SendSystemMessage(watcher, &actor.Terminated{Who: p.pid})
	}
}
