// Command actors shows an actor of the program's own that asks a provider by its
// PID, and what it receives: a response, or a dead letter when the provider's
// mailbox is full. It needs no key and no network: the provider is simulated.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/schemas"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "actors:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	defer system.Shutdown()
	client, err := bifrost.Init(schemas.BifrostConfig{
		Account: schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 2},
			Simulation:               &schemas.SimulationConfig{Latency: 100 * time.Millisecond},
		}}},
		DropExcessRequests: true,
	}, bifrost.WithActorSystem(system))
	if err != nil {
		return err
	}
	provider, _ := client.ProviderPID("simulated")

	done := make(chan tally, 1)
	props := actor.PropsFromProducer(func() actor.Actor { return &asker{provider: provider, done: done} })
	pid := system.Root.Spawn(props)
	select {
	case t := <-done:
		fmt.Fprintf(out, "asked 5 at once: %d responses, %d dead letters (%s), %d failures\n", t.responses, t.letters, t.reason, t.failures)
	case <-ctx.Done():
		err = ctx.Err()
	}
	system.Root.Stop(pid)
	if stop := client.Shutdown(ctx); err == nil {
		err = stop
	}
	return err
}

// asker asks a provider five times at once and counts the answers.
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

// Receive is the actor's. Answers come as messages; nothing blocks.
func (a *asker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		for range 5 {
			ctx.Request(a.provider, &schemas.Request{
				Operation: schemas.OperationChat,
				Model:     "sim-small",
				Chat:      &schemas.ChatRequest{Messages: []schemas.ChatMessage{schemas.UserMessage("Hello?")}},
			})
		}
	case *schemas.Response:
		a.tally.responses++
		a.check()
	case *schemas.Error:
		a.tally.failures++
		a.check()
	case *schemas.DeadLetter:
		a.tally.letters++
		a.tally.reason = m.Reason
		a.check()
	}
}

func (a *asker) check() {
	if a.tally.responses+a.tally.letters+a.tally.failures == 5 {
		a.done <- a.tally
	}
}
