package remote_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// ask asks in a goroutine of its own, and returns what comes of it and when.
func ask(ctx context.Context, p *process) <-chan error {
	answered := make(chan error, 1)
	go func() { // ends with the call
		_, err := p.client.ChatCompletionRequest(ctx, hello("x"))
		answered <- err
	}()
	return answered
}

func wantLost(t *testing.T, err error, started bool) {
	t.Helper()
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindNodeLost || e.MayHaveStarted != started {
		t.Errorf("got %v, want node_lost that may have started: %v", err, started)
	}
}

func TestACallFailsWithinOneSecondOfTheEndOfItsNode(t *testing.T) {
	t.Parallel()
	p := stuck(nil)
	there, g := gated(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	answered := ask(within(t, time.Minute), here)
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	began := time.Now()
	g.cut()
	wantLost(t, <-answered, true)
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, "the lost call is counted", func() bool { return here.client.Stats().Peers[0].Lost == 1 })
	eventually(t, "the provider's call is given up", func() bool { return p.open.Load() == 0 })
	began = time.Now()
	_, err := here.client.ChatCompletionRequest(within(t, time.Minute), hello("x"))
	wantLost(t, err, false)
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("a call to a node that is lost cost its caller %v", took)
	}
}

func TestACallFailsWithinFiveSecondsOfItsNodesStandstill(t *testing.T) {
	t.Parallel()
	p := stuck(nil)
	there, g := gated(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	answered := ask(within(t, time.Minute), here)
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	began := time.Now()
	g.freeze()
	wantLost(t, <-answered, true)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	g.thaw()
}

func TestANodeThatComesBackIsUsedWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	there, g := gated(t, answering(), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, time.Minute)
	if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		g.cut()
		eventually(t, "the node is lost", func() bool { return here.client.Stats().Peers[0].State == schemas.PeerLost })
		began := time.Now()
		g.mend()
		for {
			if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err == nil {
				break
			}
			if time.Since(began) > 3*time.Second {
				t.Fatal("it is not used within 3 s")
			}
		}
		t.Logf("used again after %v", time.Since(began))
	}
}

func TestAStreamEndsWithTheLossOfItsNode(t *testing.T) {
	t.Parallel()
	var begun atomic.Int64
	there, g := gated(t, chunks(1_000_000, "word ", &begun), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	stream, err := here.client.ChatCompletionStreamRequest(within(t, time.Minute), hello("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	cut := false
	for _, err = range stream.All() {
		if !cut {
			g.cut()
			cut = true
		}
	}
	wantLost(t, err, true)
	eventually(t, "the call is counted", func() bool { return here.client.Stats().Providers[providerName].Failed == 1 })
}

func TestASlowReaderSlowsTheProviderOfAnotherNode(t *testing.T) {
	t.Parallel()
	var begun atomic.Int64
	there := owner(t, chunks(1_000_000, "0123456789", &begun), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	stream, err := here.client.ChatCompletionStreamRequest(within(t, time.Minute), hello("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Next(); err != nil {
		t.Fatal(err)
	}
	last := int64(-1)
	eventually(t, "the provider is no longer read", func() bool {
		now := begun.Load()
		same := now == last
		last = now
		return same && now > 100
	})
	if n := begun.Load(); n > 10_000 {
		t.Errorf("%d chunks were taken from the provider for a reader that has taken one", n)
	}
	stream.Close()
	eventually(t, "the provider's call has ended", func() bool { return there.client.Stats().Providers[providerName].InHand == 0 })
}

func TestAFullProviderOfAnotherNodeAnswersWithADeadLetter(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p := stuck(open)
	drop := true
	there := owner(t, p, schemas.ProviderConfig{DropExcessRequests: &drop,
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, time.Minute)
	first, second := ask(ctx, here), ask(ctx, here)
	eventually(t, "it is full", func() bool {
		s := there.client.Stats().Providers[providerName]
		return s.InHand == 1 && s.Queued == 1
	})
	_, err := here.client.ChatCompletionRequest(ctx, hello("x"))
	var letter *schemas.DeadLetter
	if !errors.As(err, &letter) || letter.Reason != schemas.ReasonQueueFull || letter.Capacity != 1 || letter.Queued != 1 {
		t.Errorf("got %v with %+v", err, letter)
	}
	close(open)
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	s := here.client.Stats().Providers[providerName]
	if s.Completed != 2 || s.DeadLettered != 1 || !s.Balanced() {
		t.Errorf("the asker counts %+v", s)
	}
}

func TestWithoutACreditTheRefusalIsLocal(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p := stuck(open)
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{Credits: 2}, there)
	ctx := within(t, time.Minute)
	first, second := ask(ctx, here), ask(ctx, here)
	eventually(t, "both are there", func() bool { return p.open.Load() == 2 })
	_, err := here.client.ChatCompletionRequest(ctx, hello("x"))
	var letter *schemas.DeadLetter
	if !errors.As(err, &letter) || letter.Reason != schemas.ReasonNoCredit || letter.Capacity != 2 {
		t.Errorf("got %v with %+v", err, letter)
	}
	close(open)
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	if p.calls.Load() != 2 {
		t.Errorf("the provider had %d calls", p.calls.Load())
	}
}

// A frozen process is still connected to, by its kernel.
func TestANodeThatNeverAnswersCostsItsCallersNothingAfterTheFirstSecond(t *testing.T) {
	t.Parallel()
	silent := listenAnywhere(t)
	defer silent.Close()
	here := launch(t, remote.Config{Providers: map[string]remote.Provider{providerName: {Nodes: []string{silent.Addr().String()}}}},
		bifrost.WithHooks(), nil)
	began := time.Now()
	_, err := here.client.ChatCompletionRequest(within(t, time.Minute), hello("x"))
	wantLost(t, err, false)
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("the first call took %v", took)
	}
	began = time.Now()
	_, err = here.client.ChatCompletionRequest(within(t, time.Minute), hello("x"))
	wantLost(t, err, false)
	if took := time.Since(began); took > 100*time.Millisecond {
		t.Errorf("the next call took %v", took)
	}
}
