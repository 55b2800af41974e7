package remote_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// storm is three nodes and their callers: the first asks the two others as well, the
// second the third. Each has a provider of its own, of one upstream, which counts.
type storm struct {
	nodes [3]*process
	gates [3]*gate
	last  atomic.Int64 // number of a call

	mu      sync.Mutex // guards what follows
	seen    map[string]int
	offered [3]map[string]uint64
	odd     []error
}

var stormProviders = [3]string{"a", "b", "c"}

func newStorm(t *testing.T) *storm {
	t.Helper()
	s := &storm{seen: make(map[string]int)}
	for i := range s.nodes {
		s.gates[i], s.offered[i] = newGate(t), make(map[string]uint64)
	}
	settings := schemas.ProviderConfig{MaxWaiting: 4, ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 2, BufferSize: 2}}
	for i, name := range stormProviders {
		cfg := remote.Config{Listen: s.gates[i].target, Advertise: s.gates[i].address(), Providers: map[string]remote.Provider{}}
		for j := i + 1; j < len(s.gates); j++ {
			cfg.Providers[stormProviders[j]] = remote.Provider{Nodes: []string{s.gates[j].address()}}
		}
		s.nodes[i] = launch(t, cfg, bifrost.WithProvider(name, &scripted{script: s.answer}), schemas.StaticAccount{name: {Config: settings}})
	}
	eventually(t, "the nodes know each other", func() bool { return peersUp(s.nodes[0], 2)() && peersUp(s.nodes[1], 2)() })
	return s
}

// answer is the upstream's: it takes its time, and sometimes fails.
func (s *storm) answer(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	id := a.Request.Chat.Messages[0].Content.PlainText()
	s.mu.Lock()
	s.seen[id]++
	s.mu.Unlock()
	timer := time.NewTimer(rand.N(20 * time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if rand.IntN(10) == 0 {
		return nil, &schemas.Error{Kind: schemas.KindUpstream, Message: "it fails"}
	}
	return &schemas.Response{Chat: echo(a.Request)}, nil
}

// call asks once, and reports whether it got its answer; some callers hang up soon.
func (s *storm) call(at int) bool {
	provider := stormProviders[at+rand.IntN(len(stormProviders)-at)]
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	if rand.IntN(5) == 0 {
		cancel()
		ctx, cancel = context.WithTimeout(context.Background(), rand.N(10*time.Millisecond))
	}
	defer cancel()
	s.mu.Lock()
	s.offered[at][provider]++
	s.mu.Unlock()
	req := hello(fmt.Sprint("call ", s.last.Add(1)))
	req.Provider = provider
	_, err := s.nodes[at].client.ChatCompletionRequest(ctx, req)
	expected := []schemas.ErrorKind{schemas.KindUpstream, schemas.KindOverloaded, schemas.KindNodeLost, schemas.KindTimeout, schemas.KindCanceled}
	var e *schemas.Error
	if err != nil && (!errors.As(err, &e) || !slices.Contains(expected, e.Kind)) {
		s.mu.Lock()
		s.odd = append(s.odd, err)
		s.mu.Unlock()
	}
	return err == nil
}

// crowd asks at a node again and again until stop is closed. One that was refused comes
// back a little later.
func (s *storm) crowd(at int, stop <-chan struct{}) {
	later := time.NewTicker(10 * time.Millisecond)
	defer later.Stop()
	for {
		if s.call(at) {
			select {
			case <-stop:
				return
			default:
				continue
			}
		}
		select {
		case <-stop:
			return
		case <-later.C:
		}
	}
}

func (s *storm) reached() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// balanced reports whether the sums of the surviving nodes hold, in this moment.
func (s *storm) balanced(t *testing.T) {
	t.Helper()
	for i, n := range s.nodes[:2] {
		for name, p := range n.client.Stats().Providers {
			if !p.Balanced() {
				t.Errorf("node %d, provider %s: the sum does not hold: %+v", i, name, p)
			}
		}
	}
}

// settled reports whether nothing is under way at a surviving node.
func (s *storm) settled() bool {
	for _, n := range s.nodes[:2] {
		for _, p := range n.client.Stats().Providers {
			if p.InHand+p.Queued+p.Waiting+p.BackingOff > 0 {
				return false
			}
		}
	}
	return true
}

// The third node is killed on the way, and the second stands still for a while.
func TestInAStormTheSumHoldsAtEverySurvivingNodeAndNoCallIsMadeTwice(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for i := range 32 {
		callers.Go(func() { s.crowd(i%2, stop) }) // ends when stop is closed, with its last answer
	}
	phase := func(what string, atLeast time.Duration) {
		from, began := s.reached(), time.Now()
		eventually(t, "calls "+what, func() bool {
			s.balanced(t)
			return s.reached() > from+100 && time.Since(began) > atLeast
		})
	}
	phase("of three nodes", 0)
	s.nodes[2].kill(s.gates[2])
	phase("of two nodes", time.Second)
	s.gates[1].freeze()
	phase("with one that stands still", 5*time.Second)
	s.gates[1].thaw()
	eventually(t, "it is used again", peersUp(s.nodes[0], 1))
	phase("with it again", 0)
	close(stop)
	callers.Wait()

	eventually(t, "nothing is under way", s.settled)
	s.balanced(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, n := range s.nodes[:2] {
		stats := n.client.Stats().Providers
		for _, name := range slices.Sorted(maps.Keys(s.offered[i])) {
			got, want := stats[name].Offered, s.offered[i][name]
			if own := name == stormProviders[i]; got < want || !own && got > want { // others offer to its own, too
				t.Errorf("node %d has counted %d calls of %s, and %d were offered", i, got, name, want)
			}
		}
	}
	for id, times := range s.seen {
		if times > 1 {
			t.Errorf("%s reached the upstream %d times", id, times)
		}
	}
	for _, err := range s.odd {
		t.Errorf("a caller got %v", err)
	}
	t.Logf("%d calls, of which %d reached the upstream", s.last.Load(), len(s.seen))
}

// kill ends a process as a signal does, as far as others see: its connections break first.
func (p *process) kill(g *gate) {
	p.hard = true
	g.cut()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.client.Shutdown(over)
	_ = p.node.Shutdown(over)
}
