package main

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/actors"
	"bifrost/remote"
	"bifrost/schemas"
)

// askByPID has an actor ask the provider by its PID: the owner's address, and the name
// that a provider's router has.
func askByPID(ctx context.Context, system *actor.ActorSystem, address string) (tally, error) {
	done := make(chan tally, 1)
	props := actor.PropsFromProducer(func() actor.Actor {
		return &asker{provider: actor.NewPID(address, actors.ProviderID("simulated")), done: done}
	})
	pid, err := system.Root.SpawnNamed(props, "asker") // the name that may be answered
	if err != nil {
		return tally{}, err
	}
	defer system.Root.Stop(pid)
	select {
	case t := <-done:
		return t, nil
	case <-ctx.Done():
		return tally{}, ctx.Err()
	}
}

// asker asks the provider ten times at once, and counts the answers.
type asker struct {
	provider *actor.PID
	done     chan<- tally

	// touched only by the actor's own goroutine
	tally tally
}

type tally struct {
	responses, letters, failures int
	reason                       schemas.Reason
}

// Receive is the actor's. Answers come as messages of package bifrostv1, each with the
// number of its call; nothing blocks.
func (a *asker) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		for range 10 {
			request, err := remote.NewRequest(context.Background(), &schemas.Request{Operation: schemas.OperationChat, Chat: hello()})
			if err != nil {
				panic(err)
			}
			ctx.Request(a.provider, request)
		}
	case *actor.Stopping, *actor.Stopped:
	default:
		a.count(ctx.Message())
	}
}

func (a *asker) count(answer any) {
	_, err := remote.Open(schemas.OperationChat, answer)
	var letter *schemas.DeadLetter
	switch {
	case err == nil:
		a.tally.responses++
	case errors.As(err, &letter):
		a.tally.letters++
		a.tally.reason = letter.Reason
	default:
		a.tally.failures++
	}
	if a.tally.responses+a.tally.letters+a.tally.failures == 10 {
		a.done <- a.tally
	}
}
