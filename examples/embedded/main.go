// Command embedded shows Bifrost inside a Go program: a chat, a stream, and what
// happens when three times as much is asked as the provider may hold. It needs no
// key and no network: the provider is simulated.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"bifrost"
	"bifrost/schemas"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "embedded:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	account := schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 10, BufferSize: 20},
		Simulation:               &schemas.SimulationConfig{Latency: 300 * time.Millisecond, TokensPerSecond: 200},
	}}}
	client, err := bifrost.Init(schemas.BifrostConfig{
		Account:            account,
		InitialPoolSize:    100,
		DropExcessRequests: true,
	})
	if err != nil {
		return err
	}
	err = errors.Join(ask(ctx, client, out), stream(ctx, client, out))
	if err == nil {
		overload(ctx, client, out)
	}
	deadline, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return errors.Join(err, client.Shutdown(deadline))
}

func request(text string) *schemas.ChatRequest {
	return &schemas.ChatRequest{
		Provider: "simulated",
		Model:    "sim-small",
		Messages: []schemas.ChatMessage{schemas.UserMessage(text)},
	}
}

func ask(ctx context.Context, client *bifrost.Client, out io.Writer) error {
	answer, err := client.ChatCompletionRequest(ctx, request("What is a mailbox?"))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "chat:   %s\n", answer.Text())
	return nil
}

func stream(ctx context.Context, client *bifrost.Client, out io.Writer) error {
	answer, err := client.ChatCompletionStreamRequest(ctx, request("What is a worker?"))
	if err != nil {
		return err
	}
	fmt.Fprint(out, "stream: ")
	for chunk, err := range answer.All() {
		if err != nil {
			return err
		}
		fmt.Fprint(out, chunk.Text())
	}
	fmt.Fprintln(out)
	return nil
}

// overload sends 90 requests at once to 10 workers and 20 places.
func overload(ctx context.Context, client *bifrost.Client, out io.Writer) {
	var answered, refused, failed atomic.Int64
	var callers sync.WaitGroup
	for range 90 {
		callers.Go(func() {
			_, err := client.ChatCompletionRequest(ctx, request("Is there room?"))
			var letter *schemas.DeadLetter
			switch {
			case err == nil:
				answered.Add(1)
			case errors.As(err, &letter):
				refused.Add(1)
			default:
				failed.Add(1)
			}
		})
	}
	callers.Wait()
	s := client.Stats().Providers["simulated"]
	fmt.Fprintf(out, "load:   90 offered at once: %d answered, %d dead letters, %d failed\n",
		answered.Load(), refused.Load(), failed.Load())
	fmt.Fprintf(out, "sum:    %d offered = %d admitted + %d refused; %d admitted = %d completed + %d failed\n",
		s.Offered, s.Admitted, s.RefusedTotal(), s.Admitted, s.Completed, s.Failed)
}
