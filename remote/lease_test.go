package remote_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// sharing is processes that share one key's limit and ask one provider.
type sharing struct {
	processes []*process
	open      chan struct{} // the provider's calls end when it is closed
	once      sync.Once

	mu         sync.Mutex // guards what follows
	now, peak  int
	perProcess []int
}

func (s *sharing) answer() { s.once.Do(func() { close(s.open) }) }

// share starts n processes that are peers, with one key of the limit.
func share(t *testing.T, n, limit int) *sharing {
	t.Helper()
	s := &sharing{open: make(chan struct{}), perProcess: make([]int, n)}
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = freeAddress(t)
	}
	for i := range n {
		var peers []string
		for j := range n {
			if j != i {
				peers = append(peers, addresses[j])
			}
		}
		p := &scripted{script: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) { return s.call(ctx, i, a) }}
		account := schemas.StaticAccount{providerName: {
			Keys:   []schemas.Key{{Name: "shared", Value: "k", Concurrency: limit, Scope: schemas.ScopeCluster}},
			Config: schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 20}}}}
		s.processes = append(s.processes, launch(t, remote.Config{Listen: addresses[i], Peers: peers}, bifrost.WithProvider(providerName, p), account))
	}
	t.Cleanup(s.answer) // before the processes stop
	return s
}

func (s *sharing) call(ctx context.Context, i int, a *schemas.Attempt) (*schemas.Response, error) {
	s.mu.Lock()
	s.now++
	s.perProcess[i]++
	s.peak = max(s.peak, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now--
		s.perProcess[i]--
	}()
	select {
	case <-s.open:
		return &schemas.Response{Chat: echo(a.Request)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *sharing) inHand() (now int, per []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, append([]int(nil), s.perProcess...)
}

// ask has n callers ask a process; answered counts their answers.
func (s *sharing) ask(ctx context.Context, t *testing.T, i, n int, answered *atomic.Int64) {
	t.Helper()
	var callers sync.WaitGroup
	for k := range n {
		callers.Go(func() { // ends with its answer
			if _, err := s.processes[i].client.ChatCompletionRequest(ctx, hello(fmt.Sprint(k))); err == nil {
				answered.Add(1)
			}
		})
	}
	t.Cleanup(callers.Wait)
}

func TestProcessesTogetherUseAKeyNoMoreOftenThanItsLimit(t *testing.T) {
	t.Parallel()
	s := share(t, 3, 4)
	var answered atomic.Int64
	for i := range s.processes {
		s.ask(within(t, time.Minute), t, i, 5, &answered)
	}
	eventually(t, "all four slots are in use", func() bool {
		now, _ := s.inHand()
		return now == 4
	})
	slots, used := 0, 0
	for _, p := range s.processes {
		k := p.client.Stats().Providers[providerName].Keys[0]
		slots, used = slots+k.Slots, used+k.InUse
		if k.Concurrency != 4 || k.Waiting != 5-k.InUse {
			t.Errorf("%+v", k)
		}
	}
	if used != 4 || slots > 4 {
		t.Errorf("%d slots, %d in use", slots, used)
	}
	s.answer()
	eventually(t, "all are answered", func() bool { return answered.Load() == 15 })
	if s.peak > 4 {
		t.Errorf("%d at once", s.peak)
	}
}

func TestProcessThatEndsGivesItsSlotsToTheOthersAtOnce(t *testing.T) {
	t.Parallel()
	s := share(t, 3, 4)
	var answered atomic.Int64
	ctx, cancel := context.WithCancel(within(t, time.Minute))
	defer cancel()
	s.ask(ctx, t, 0, 4, &answered)
	eventually(t, "one process has all four", func() bool {
		_, per := s.inHand()
		return per[0] == 4
	})
	s.ask(within(t, time.Minute), t, 1, 4, &answered)
	cancel()
	eventually(t, "the other one has them", func() bool {
		_, per := s.inHand()
		return per[1] == 4
	})
	s.answer()
	eventually(t, "all are answered", func() bool { return answered.Load() >= 4 })
}

func TestKeyOfTheClusterIsRefusedWithADeadLetterWhereTooFewNodesAreReached(t *testing.T) {
	t.Parallel()
	account := schemas.StaticAccount{providerName: {Keys: []schemas.Key{{Value: "k", Concurrency: 4, Scope: schemas.ScopeCluster}}}}
	p := answering()
	alone := launch(t, remote.Config{Peers: []string{freeAddress(t), freeAddress(t)}}, bifrost.WithProvider(providerName, p), account)
	_, err := alone.client.ChatCompletionRequest(within(t, time.Minute), hello("x"))
	var letter *schemas.DeadLetter
	if !errors.Is(err, &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonClusterLimit}) || !errors.As(err, &letter) || letter.Reason != schemas.ReasonClusterLimit {
		t.Fatalf("%v", err)
	}
	began := time.Now()
	if _, err := alone.client.ChatCompletionRequest(within(t, time.Minute), hello("x")); err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("the next one: %v after %v", err, time.Since(began))
	}
	if p.calls.Load() != 0 {
		t.Error("the provider was asked")
	}
}

func TestSingleNodeHasTheWholeLimit(t *testing.T) {
	t.Parallel()
	account := schemas.StaticAccount{providerName: {Keys: []schemas.Key{{Value: "k", Concurrency: 4, Scope: schemas.ScopeCluster}}}}
	alone := launch(t, remote.Config{}, bifrost.WithProvider(providerName, answering()), account)
	if _, err := alone.client.ChatCompletionRequest(within(t, time.Minute), hello("x")); err != nil {
		t.Error(err)
	}
}
