package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// control is the actor that is parent and supervisor of one provider's workers.
// It handles no requests.
//
//	message            does
//	*grow              spawns workers, unless the router has been halted
//	*actor.Terminated  a worker has stopped: replaces it if one is missing
//	halt               stops, once the last worker has
type control struct {
	router *Router
	halted bool
}

// Receive is the actor's.
func (a *control) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *grow:
		if !a.router.isHalted() {
			a.spawn(ctx, m.workers)
		}
	case halt:
		a.halted = true
		a.stopIfAlone(ctx)
	case *actor.Terminated:
		a.router.strategy.Forget(m.Who)
		a.spawn(ctx, a.router.replacements())
		a.stopIfAlone(ctx)
	}
}

// stopIfAlone stops the actor after its last worker: stopping it earlier would
// tell workers to stop that may be gone by then.
func (a *control) stopIfAlone(ctx actor.Context) {
	if a.halted && len(ctx.Children()) == 0 {
		ctx.Stop(ctx.Self())
	}
}

func (a *control) spawn(ctx actor.Context, workers []*worker) {
	for _, w := range workers {
		props := actor.PropsFromProducer(func() actor.Actor { return w }, actor.WithDispatcher(dispatcher{}))
		ctx.SpawnPrefix(props, "worker-")
	}
}

// providersActor is the parent of all control actors.
//
//	message            does
//	*spawnControl      spawns a provider's control actor
//	*actor.Terminated  a control actor and its workers have stopped; tells the router
//	*actor.Stopped     all of them have
type providersActor struct {
	stopped chan struct{}
	routers map[string]*Router // by the control actor's id; touched only by the actor's own goroutine
}

// Receive is the actor's.
func (a *providersActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *spawnControl:
		props := actor.PropsFromProducer(func() actor.Actor { return m.actor },
			actor.WithSupervisor(m.actor.router.strategy))
		pid := ctx.SpawnPrefix(props, m.prefix)
		a.routers[pid.Id] = m.actor.router
		m.up <- pid
	case *actor.Terminated:
		// Not before: a child that is told to stop when it is gone already makes the
		// engine publish a dead letter, whose throttle lives on for a second.
		if r := a.routers[m.Who.Id]; r != nil {
			delete(a.routers, m.Who.Id)
			r.ended()
		}
	case *actor.Stopped:
		close(a.stopped)
	}
}
