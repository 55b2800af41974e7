// Command remote shows a provider that lives in another process. In one terminal:
//
//	go run ./examples/remote owner
//
// and in another:
//
//	go run ./examples/remote asker
//
// The owner has a provider, which is simulated, and listens for other nodes. The asker
// has none of its own: it asks the owner's by the client, as if it were its own, and by
// an actor that knows the provider's PID. It needs no key and no network but loopback.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// ownersAddress is where the owner listens, unless another is given.
const ownersAddress = "127.0.0.1:7600"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "remote:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	address := ownersAddress
	if len(args) == 2 {
		address = args[1]
	}
	switch {
	case len(args) > 0 && args[0] == "owner":
		return own(ctx, address, out)
	case len(args) > 0 && args[0] == "asker":
		return ask(ctx, address, out)
	}
	return errors.New("say which of the two: owner or asker, and then the owner's address if it is not " + ownersAddress)
}

// own runs a provider for other nodes until ctx ends.
func own(ctx context.Context, address string, out io.Writer) error {
	node, err := remote.Start(remote.Config{Listen: address})
	if err != nil {
		return err
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 2, BufferSize: 2},
		DropExcessRequests:       new(true),
		Simulation:               &schemas.SimulationConfig{Latency: 50 * time.Millisecond},
	}}}}, bifrost.WithNode(node))
	if err != nil {
		return errors.Join(err, node.Shutdown(ctx))
	}
	fmt.Fprintln(out, "the provider is at", node.Address())
	<-ctx.Done()

	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	node.Leave()
	err = client.Shutdown(ending)
	fmt.Fprintf(out, "it was asked %d times\n", client.Stats().Providers["simulated"].Offered)
	return errors.Join(err, node.Shutdown(ending))
}

// ask asks the owner's provider.
func ask(ctx context.Context, address string, out io.Writer) (err error) {
	node, err := remote.Start(remote.Config{
		Providers: map[string]remote.Provider{"simulated": {Nodes: []string{address}}},
		Actors:    []string{"asker"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.Shutdown(ctx)) }()
	client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithNode(node))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Shutdown(ctx)) }()

	answer, err := client.ChatCompletionRequest(ctx, hello())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the client asked: %s answered with %q\n", answer.Served.Provider, answer.Text())
	if err := readStream(ctx, client, out); err != nil {
		return err
	}
	t, err := askByPID(ctx, client.ActorSystem(), address)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "an actor asked 10 times at once: %d responses, %d dead letters (%s), %d failures\n", t.responses, t.letters, t.reason, t.failures)
	for _, p := range client.Stats().Peers {
		fmt.Fprintf(out, "peer %s is %s: %d calls of the client, %d lost\n", p.Address, p.State, p.Calls, p.Lost)
	}
	return nil
}

// readStream shows that a stream comes chunk by chunk, as from a provider here.
func readStream(ctx context.Context, client *bifrost.Client, out io.Writer) error {
	stream, err := client.ChatCompletionStreamRequest(ctx, hello())
	if err != nil {
		return err
	}
	defer stream.Close()
	chunks := 0
	for _, err := range stream.All() {
		if err != nil {
			return err
		}
		chunks++
	}
	fmt.Fprintf(out, "a stream came in %d chunks\n", chunks)
	return nil
}

func hello() *schemas.ChatRequest {
	return &schemas.ChatRequest{
		Provider: "simulated",
		Model:    "sim-small",
		Messages: []schemas.ChatMessage{schemas.UserMessage("Hello")},
	}
}
