package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// control is the actor that is parent and supervisor of one provider's workers.
// It handles no requests.
//
//	message            does
//	*grow              spawns workers
//	*actor.Terminated  a worker has stopped: replaces it if one is missing
//	*actor.Stopped     the workers have stopped before it; tells the router
type control struct {
	router *Router
}

// Receive is the actor's.
func (a *control) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *grow:
		a.spawn(ctx, m.workers)
	case *actor.Terminated:
		a.router.strategy.Forget(m.Who)
		a.spawn(ctx, a.router.replacements())
	case *actor.Stopped:
		close(a.router.stopped)
	}
}

func (a *control) spawn(ctx actor.Context, workers []*worker) {
	for _, w := range workers {
		props := actor.PropsFromProducer(func() actor.Actor { return w }, a.router.sys.workerOptions...)
		ctx.SpawnPrefix(props, "worker-")
	}
}

// providersActor is the parent of all control actors.
type providersActor struct{ stopped chan struct{} }

// Receive is the actor's.
func (a *providersActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *spawnControl:
		props := actor.PropsFromProducer(func() actor.Actor { return m.actor },
			actor.WithSupervisor(m.actor.router.strategy))
		m.up <- ctx.SpawnPrefix(props, m.prefix)
	case *actor.Stopped:
		close(a.stopped)
	}
}
