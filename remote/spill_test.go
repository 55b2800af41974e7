package remote_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// spilling starts a process with a provider of one worker and one place, and peers.
func spilling(t *testing.T, p schemas.Provider, drop bool, peers ...*process) *process {
	t.Helper()
	var addresses []string
	for _, o := range peers {
		addresses = append(addresses, o.node.Address())
	}
	return launch(t, remote.Config{Peers: addresses}, bifrost.WithProvider(providerName, p),
		schemas.StaticAccount{providerName: {Config: schemas.ProviderConfig{Overflow: schemas.OverflowSpill, DropExcessRequests: &drop,
			ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}})
}

func peersUp(p *process, n int) func() bool {
	return func() bool {
		up := 0
		for _, s := range p.client.Stats().Peers {
			if s.State == schemas.PeerUp {
				up++
			}
		}
		return up == n
	}
}

func TestARequestThatFindsNoPlaceGoesOnceToAPeerWithRoom(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p, q := stuck(open), stuck(open)
	there := spilling(t, q, true)
	here := spilling(t, p, true, there)
	eventually(t, "the peer is up", peersUp(here, 1))
	ctx := within(t, time.Minute)
	calls := []<-chan error{ask(ctx, here), ask(ctx, here)}
	eventually(t, "this node is full", func() bool { return here.client.Stats().Providers[providerName].Queued == 1 })
	calls = append(calls, ask(ctx, here), ask(ctx, here))
	eventually(t, "the other node is full", func() bool { return there.client.Stats().Providers[providerName].Queued == 1 })
	_, err := here.client.ChatCompletionRequest(ctx, hello("one too many"))
	var letter *schemas.DeadLetter
	if !errors.As(err, &letter) || letter.Reason != schemas.ReasonQueueFull {
		t.Errorf("got %v", err)
	}
	close(open)
	for _, call := range calls {
		if err := <-call; err != nil {
			t.Error(err)
		}
	}
	if p.calls.Load() != 2 || q.calls.Load() != 2 {
		t.Errorf("the providers had %d and %d calls", p.calls.Load(), q.calls.Load())
	}
	s := here.client.Stats()
	if n := s.Peers[0].Spilled; n < 2 || n > 3 {
		t.Errorf("%d calls were spilled", n)
	}
	if own := s.Providers[providerName]; own.RefusedTotal() != 1 || own.Offered != 3 || !own.Balanced() {
		t.Errorf("the provider here counts %+v", own)
	}
}

// In wait mode, too, the peers' room is used before anybody waits.
func TestARequestThatNobodyHasRoomForWaitsHere(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p, q := stuck(open), stuck(open)
	there := spilling(t, q, false)
	here := spilling(t, p, false, there)
	eventually(t, "the peer is up", peersUp(here, 1))
	ctx := within(t, time.Minute)
	var calls []<-chan error
	for range 4 {
		calls = append(calls, ask(ctx, here))
	}
	eventually(t, "both nodes are full", func() bool {
		return here.client.Stats().Providers[providerName].Queued == 1 && there.client.Stats().Providers[providerName].Queued == 1
	})
	eventually(t, "the other node has said so", func() bool {
		ended, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		_, _ = here.client.ChatCompletionRequest(ended, hello("x"))
		return here.client.Stats().Providers[providerName].Left > 0
	})
	calls = append(calls, ask(ctx, here))
	eventually(t, "one waits", func() bool { return here.client.Stats().Providers[providerName].Waiting == 1 })
	close(open)
	for _, call := range calls {
		if err := <-call; err != nil {
			t.Error(err)
		}
	}
}

// What was sent on to a node that is full itself is not sent on again, nor back.
func TestARequestIsSentOnByOneNodeOnly(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p, q, r := stuck(open), stuck(open), stuck(open)
	last := spilling(t, r, true)
	middle := spilling(t, q, true, last)
	here := spilling(t, p, true, middle)
	eventually(t, "the peers are up", func() bool { return peersUp(here, 1)() && peersUp(middle, 2)() })
	ctx := within(t, time.Minute)
	var calls []<-chan error
	for range 4 {
		calls = append(calls, ask(ctx, here))
	}
	eventually(t, "two nodes are full", func() bool {
		return here.client.Stats().Providers[providerName].Queued == 1 && middle.client.Stats().Providers[providerName].Queued == 1
	})
	for range 5 {
		if _, err := here.client.ChatCompletionRequest(ctx, hello("one too many")); kindOf(err) != schemas.KindOverloaded {
			t.Errorf("got %v", err)
		}
	}
	close(open)
	for _, call := range calls {
		if err := <-call; err != nil {
			t.Error(err)
		}
	}
	if n := r.calls.Load(); n != 0 {
		t.Errorf("the third node's provider had %d calls", n)
	}
}
