package actors_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/actors"
	"bifrost/providers"
	"bifrost/schemas"
)

var stormSeed = flag.Uint64("storm.seed", 0, "seed of the storm; 0 takes a new one")

// The storm's size.
const (
	stormCallers     = 1000
	stormRequests    = 200_000
	stormConcurrency = 64 // the most that a resize sets
	stormPanics      = 2000
)

// thunder is the simulated provider, with a panic in one of stormPanics calls, and
// in one of as many streams while it is read.
type thunder struct {
	schemas.Provider
	panics atomic.Int64

	mu   sync.Mutex // guards what follows
	dice *rand.Rand
	open int
	peak int
}

func (p *thunder) strikes() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dice.IntN(stormPanics) == 0
}

func (p *thunder) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open += n
	p.peak = max(p.peak, p.open)
}

func (p *thunder) strike() {
	if p.strikes() {
		p.panics.Add(1)
		panic("thunder")
	}
}

// Call is schemas.Provider's.
func (p *thunder) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	p.count(1)
	defer p.count(-1)
	p.strike()
	resp, err := p.Provider.Call(ctx, a)
	if err == nil && resp.Stream != nil {
		resp.Stream = thunderStream{resp.Stream, p}
	}
	return resp, err
}

type thunderStream struct {
	schemas.ChunkReader
	p *thunder
}

func (s thunderStream) Next() (*schemas.ChatChunk, error) {
	s.p.strike()
	return s.ChunkReader.Next()
}

// storm is one run of it.
type storm struct {
	t      *testing.T
	client *bifrost.Client
	a      *account
	p      *thunder
	seed   uint64

	answered atomic.Int64 // by callers: every answer of any kind
	refused  atomic.Int64 // of those, dead letters at admission
	whole    atomic.Int64 // of those, answers in one piece
	streams  atomic.Int64 // of those, streams that began
}

func TestStormAnswersEveryRequestExactlyOnceAndTheSumIsExact(t *testing.T) {
	seed := *stormSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("run it again with -storm.seed=%d", seed)
		}
	})
	checkGoroutines(t)
	requests := stormRequests
	if testing.Short() {
		requests /= 10
	}
	s := newStorm(t, seed)
	weather := make(chan struct{})
	var sky sync.WaitGroup
	sky.Go(func() { s.blow(weather) }) // ends when weather is closed
	var callers sync.WaitGroup
	for caller := range stormCallers {
		callers.Go(func() { s.call(caller, requests/stormCallers) })
	}
	callers.Wait()
	close(weather)
	sky.Wait()
	s.check(requests)
	shutdown(t, s.client)
	s.check(requests)
	t.Logf("%+v", stats(s.client))
}

func newStorm(t *testing.T, seed uint64) *storm {
	simulated, err := providers.Build(providerName, schemas.ProviderConfig{Type: providers.TypeSimulated,
		Simulation: &schemas.SimulationConfig{Seed: seed, LatencyP99: time.Millisecond, ErrorRate: 0.05, RateLimitRate: 0.02, OutputTokens: 8}})
	if err != nil {
		t.Fatal(err)
	}
	s := &storm{t: t, seed: seed, p: &thunder{Provider: simulated, dice: rand.New(rand.NewPCG(seed, 1))}}
	s.a = newAccount(sizes(32, 100), poolSize(200), maxWaiting(950), retries(1, time.Millisecond))
	s.client = startAccount(t, s.a, s.p)
	return s
}

// blow resizes and flips, and checks the sum, until stop is closed.
func (s *storm) blow(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(s.seed, 2))
	gust := time.NewTicker(5 * time.Millisecond)
	defer gust.Stop()
	for {
		select {
		case <-stop:
			return
		case <-gust.C:
		}
		switch dice.IntN(8) {
		case 0, 1:
			reconfigure(s.t, s.client, s.a, sizes(1+dice.IntN(stormConcurrency), 1+dice.IntN(300)), queueTimeout(time.Duration(dice.IntN(3))*100*time.Millisecond))
		case 2:
			s.client.SetDropExcessRequests(true)
		default:
			s.client.SetDropExcessRequests(false)
		}
		checkSum(s.t, s.client)
	}
}

// call is one caller with n requests, one after the other.
func (s *storm) call(caller, n int) {
	dice := rand.New(rand.NewPCG(s.seed, uint64(1000+caller)))
	for i := range n {
		ctx, cancel := stormContext(dice)
		err := s.one(ctx, dice, fmt.Sprintf("caller-%d-request-%d", caller, i))
		cancel()
		s.answered.Add(1)
		var typed *schemas.Error
		switch {
		case err != nil && !errors.As(err, &typed):
			s.t.Errorf("an answer without a type: %v", err)
		case typed != nil && typed.Kind == schemas.KindOverloaded: // who is refused does not come again at once
			_ = pause(context.Background(), time.Duration(dice.IntN(5000))*time.Microsecond)
		}
	}
}

// stormContext is one that does not end, is cancelled, has a deadline, or has
// ended already.
func stormContext(dice *rand.Rand) (context.Context, context.CancelFunc) {
	soon := time.Duration(dice.IntN(30_000)) * time.Microsecond
	switch dice.IntN(20) {
	case 0:
		return endedContext(), func() {}
	case 1, 2:
		ctx, cancel := context.WithCancel(context.Background())
		timer := time.AfterFunc(soon, cancel)
		return ctx, func() { timer.Stop(); cancel() }
	case 3, 4:
		return context.WithTimeout(context.Background(), soon)
	}
	return context.WithCancel(context.Background())
}

// one makes one request, through some door.
func (s *storm) one(ctx context.Context, dice *rand.Rand, text string) error {
	switch dice.IntN(20) {
	case 0, 1:
		return s.stream(ctx, dice, text)
	case 2:
		resp, err := s.client.EmbeddingRequest(ctx, &schemas.EmbeddingRequest{Provider: providerName, Model: model, Input: schemas.Strings{text}})
		return s.note(err, func() bool { return len(resp.Data) == 1 })
	case 3:
		return s.byPID(ctx, text)
	}
	resp, err := s.client.ChatCompletionRequest(ctx, saying(text))
	return s.note(err, func() bool { return strings.Contains(resp.Text(), text) })
}

// note counts an answer in one piece; its own tells whether it is the caller's.
func (s *storm) note(err error, own func() bool) error {
	var letter *schemas.DeadLetter
	switch {
	case errors.As(err, &letter):
		s.refused.Add(1)
	case err == nil && !own():
		s.t.Error("a caller got another one's answer")
	case err == nil:
		s.whole.Add(1)
	}
	return err
}

// stream reads a stream, to its end or not.
func (s *storm) stream(ctx context.Context, dice *rand.Rand, text string) error {
	chunks, err := s.client.ChatCompletionStreamRequest(ctx, saying(text))
	if err != nil {
		return s.note(err, nil)
	}
	s.streams.Add(1)
	defer chunks.Close()
	for range dice.IntN(20) {
		if _, err := chunks.Next(); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
	return nil
}

// byPID asks as an actor does.
func (s *storm) byPID(ctx context.Context, text string) error {
	pid := pidOf(s.t, s.client)
	req := request()
	req.Chat = saying(text)
	result, err := s.client.ActorSystem().Root.RequestFuture(pid, &actors.Ask{Context: ctx, Request: req}, time.Minute).Result()
	if err != nil {
		s.t.Errorf("an actor was not answered: %v", err)
	}
	switch m := result.(type) {
	case *schemas.Response:
		return s.note(nil, func() bool { return strings.Contains(m.Chat.Text(), text) })
	case error: // *schemas.DeadLetter or *schemas.Error
		var typed *schemas.Error
		if s.note(m, nil); errors.As(m, &typed) {
			return typed
		}
		return nil
	}
	s.t.Errorf("an actor was answered with %T", result)
	return nil
}

// check holds the books of both sides against each other.
func (s *storm) check(requests int) {
	t := s.t
	t.Helper()
	eventually(t, "rest", func() bool { st := stats(s.client); return st.InHand+st.BackingOff+st.Queued+st.Waiting == 0 })
	atRest(t, s.client)
	st := stats(s.client)
	if n := s.answered.Load(); int(n) != requests || st.Offered != uint64(n) {
		t.Errorf("%d requests, %d answered, %d offered", requests, n, st.Offered)
	}
	if n := s.refused.Load(); st.RefusedTotal() != uint64(n) {
		t.Errorf("%d callers were refused, %d counted: %v", n, st.RefusedTotal(), st.Refused)
	}
	if whole, began := s.whole.Load(), s.streams.Load(); st.Completed < uint64(whole) || st.Completed > uint64(whole+began) {
		t.Errorf("%d answers and %d streams, but %d completed", whole, began, st.Completed)
	}
	if s.p.open != 0 || s.p.peak > stormConcurrency || st.Panics != uint64(s.p.panics.Load()) {
		t.Errorf("provider: %d open, at most %d, %d panics; counted %d", s.p.open, s.p.peak, s.p.panics.Load(), st.Panics)
	}
	least := uint64(requests / 1000) // of everything that a storm is made of
	if st.Completed < uint64(requests/10) || st.Failed < least || st.Cancelled < least || st.Left < least || st.RefusedTotal() < least || st.Panics < 3 || st.Retries < least {
		t.Errorf("this was no storm: %+v", st)
	}
}
