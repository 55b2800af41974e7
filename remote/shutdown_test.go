package remote_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// padded answers, once open is closed, with n bytes.
func padded(open <-chan struct{}, n int) *scripted {
	return &scripted{script: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		select {
		case <-open:
			resp := echo(a.Request)
			resp.Choices[0].Message = schemas.AssistantMessage(strings.Repeat("x", n))
			return &schemas.Response{Chat: resp}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
}

func wide(n int) schemas.ProviderConfig {
	return schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: n, BufferSize: n}}
}

// Each has calls at the other; the first to go finishes those that it serves.
func TestShutdownAnswersTheCallsOfOtherNodes(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p := padded(open, 50_000)
	there := owner(t, p, wide(100))
	here := asker(t, remote.Config{}, there)
	var calls []<-chan error
	for range 50 {
		calls = append(calls, ask(within(t, time.Minute), here))
	}
	eventually(t, "they are there", func() bool { return p.open.Load() == 50 })
	there.node.Leave()
	eventually(t, "it is known to leave", func() bool { return here.client.Stats().Peers[0].State == schemas.PeerLeaving })
	down := make(chan struct{})
	go func() { // ends with the shutdown
		defer close(down)
		there.stop(t)
	}()
	close(open)
	for _, call := range calls {
		if err := <-call; err != nil {
			t.Error(err)
		}
	}
	<-down
	if _, err := here.client.ChatCompletionRequest(within(t, 10*time.Second), hello("x")); kindOf(err) != schemas.KindNodeLost {
		t.Errorf("after it: got %v", err)
	}
	if s := here.client.Stats().Providers[providerName]; s.Completed != 50 || !s.Balanced() || s.InHand != 0 {
		t.Errorf("the asker counts %+v", s)
	}
}

// With a context that has ended, nobody waits for ever: neither there nor here.
func TestAHardStopAnswersEverybody(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, first := range map[string]bool{"of the owner": true, "of the asker": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := stuck(nil)
			there := owner(t, p, wide(20))
			here := asker(t, remote.Config{}, there)
			var calls []<-chan error
			for range 10 {
				calls = append(calls, ask(within(t, time.Minute), here))
			}
			eventually(t, "they are there", func() bool { return p.open.Load() == 10 })
			stopping := here
			if first {
				stopping = there
			}
			stopping.hard = true
			_ = stopping.client.Shutdown(ended)
			err := stopping.node.Shutdown(ended)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			for _, call := range calls {
				if err := <-call; err == nil {
					t.Error("a call has an answer")
				}
			}
			eventually(t, "the provider has no call", func() bool { return p.open.Load() == 0 })
		})
	}
}

func TestShutdownMayBeRepeatedAndComeBeforeTheClient(t *testing.T) {
	t.Parallel()
	node, err := remote.Start(remote.Config{Peers: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	node.Leave()
	done := make(chan error, 10)
	for range 10 {
		go func() { done <- node.Shutdown(context.Background()) }()
	}
	for range 10 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	node.Leave()
	if len(node.Peers()) != 1 {
		t.Error("the peers cannot be listed any more")
	}
	again, err := remote.Start(remote.Config{Listen: node.Address()})
	if err != nil {
		t.Fatalf("its port is not free: %v", err)
	}
	if err := again.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// Peers that reach for a node speak to it from the moment that it listens.
func TestANodeStartsAndStopsWhileItsPeersReachForIt(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	var peers []*process
	for range 3 {
		peers = append(peers, launch(t, remote.Config{Providers: map[string]remote.Provider{providerName: {Nodes: []string{address}}}},
			bifrost.WithHooks(), nil))
	}
	for range 3 {
		there := launch(t, remote.Config{Listen: address, Peers: []string{peers[0].node.Address()}},
			bifrost.WithProvider(providerName, answering()), schemas.StaticAccount{providerName: {}})
		for _, p := range peers {
			eventually(t, "it is up", peersUp(p, 1))
			if _, err := p.client.ChatCompletionRequest(within(t, 10*time.Second), hello("x")); err != nil {
				t.Error(err)
			}
		}
		there.stop(t)
	}
}

// Not parallel: it counts the goroutines of the process.
func TestNoGoroutineIsLeftAfterShutdown(t *testing.T) {
	warm, err := remote.Start(remote.Config{})
	if err != nil {
		t.Fatal(err)
	}
	_ = warm.Shutdown(context.Background())
	before := runtime.NumGoroutine()
	t.Run("nodes", func(t *testing.T) {
		open := make(chan struct{})
		p := stuck(open)
		there := owner(t, p, schemas.ProviderConfig{})
		here := asker(t, remote.Config{Peers: []string{"127.0.0.1:1"}}, there)
		stream := ask(within(t, time.Minute), here)
		eventually(t, "it is there", func() bool { return p.open.Load() == 1 })
		close(open)
		if err := <-stream; err != nil {
			t.Error(err)
		}
	})
	defer func() {
		if t.Failed() {
			stacks := make([]byte, 1<<20)
			t.Logf("%s", stacks[:runtime.Stack(stacks, true)])
		}
	}()
	eventually(t, "the goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

// As when the program cannot start, for another reason.
func TestAHardStopOfANodeThatServesNothingIsNoError(t *testing.T) {
	t.Parallel()
	node, err := remote.Start(remote.Config{})
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := node.Shutdown(over); err != nil {
		t.Errorf("got %v", err)
	}
}
