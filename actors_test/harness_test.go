// Package actors_test holds behaviour tests of the runtime as a program sees it:
// public API only, in virtual time where no socket is needed, and with the sum of
// promise 8 checked at the end of every test.
package actors_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// providerName is the provider that startClient starts; model is what it is
// asked for, and prompt what must never be seen outside of it.
const (
	providerName = "scripted"
	model        = "model-1"
	prompt       = "the prompt that nobody may print"
)

// script is what one call of a scripted provider does.
type script func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error)

// scripted is a provider whose every call runs a script. A call is open until it
// has returned, and one whose answer streams until that was read to its end or
// closed.
type scripted struct {
	script   script
	needsKey bool

	calls atomic.Int64
	mu    sync.Mutex // guards open and peak
	open  int
	peak  int
}

var _ schemas.Provider = (*scripted)(nil)

// newProvider returns a provider that runs s at each call.
func newProvider(s script) *scripted { return &scripted{script: s} }

// Describe is schemas.Provider's.
func (p *scripted) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "scripted", Dialect: schemas.DialectOpenAI, KeyOptional: !p.needsKey,
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
			schemas.OperationEmbeddings, schemas.OperationListModels, schemas.OperationRaw}}
}

// Call is schemas.Provider's.
func (p *scripted) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	p.calls.Add(1)
	p.entered()
	left := sync.OnceFunc(p.left)
	streams := false
	defer func() {
		if !streams { // also when the script panics
			left()
		}
	}()
	resp, err := p.script(ctx, a)
	if err == nil && resp.Streams() {
		streams = true
		out := *resp
		if out.Stream != nil {
			out.Stream = &countedStream{out.Stream, left}
		}
		if out.Raw != nil {
			raw := *out.Raw
			raw.Body = &countedBody{raw.Body, left}
			out.Raw = &raw
		}
		resp = &out
	}
	return resp, err
}

func (p *scripted) entered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open++
	p.peak = max(p.peak, p.open)
}

func (p *scripted) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open--
}

// Calls is how many calls the provider has seen.
func (p *scripted) Calls() int { return int(p.calls.Load()) }

// Open is how many are open now.
func (p *scripted) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// Peak is the most that were open at once.
func (p *scripted) Peak() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

type countedStream struct {
	schemas.ChunkReader
	left func()
}

func (s *countedStream) Next() (*schemas.ChatChunk, error) {
	chunk, err := s.ChunkReader.Next()
	if err != nil {
		s.left()
	}
	return chunk, err
}

func (s *countedStream) Close() error { s.left(); return s.ChunkReader.Close() }

type countedBody struct {
	io.ReadCloser
	left func()
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.left()
	}
	return n, err
}

// Usage is schemas.UsageReporter's.
func (b *countedBody) Usage() *schemas.Usage {
	if r, ok := b.ReadCloser.(schemas.UsageReporter); ok {
		return r.Usage()
	}
	return nil
}

func (b *countedBody) Close() error { b.left(); return b.ReadCloser.Close() }

// setup is what startClient configures.
type setup struct {
	bifrost  schemas.BifrostConfig
	provider schemas.ProviderConfig
	keys     []schemas.Key
	options  []bifrost.Option
}

// setting changes a setup.
type setting func(*setup)

// sizes sets concurrency and buffer_size.
func sizes(concurrency, buffer int) setting {
	return func(s *setup) {
		s.provider.ConcurrencyAndBufferSize = schemas.ConcurrencyAndBufferSize{Concurrency: concurrency, BufferSize: buffer}
	}
}

// dropExcess selects drop mode.
func dropExcess(s *setup) { s.bifrost.DropExcessRequests = true }

func maxWaiting(n int) setting { return func(s *setup) { s.provider.MaxWaiting = n } }

func queueTimeout(d time.Duration) setting { return func(s *setup) { s.provider.QueueTimeout = d } }

func poolSize(n int) setting { return func(s *setup) { s.bifrost.InitialPoolSize = n } }

func keys(k ...schemas.Key) setting { return func(s *setup) { s.keys = k } }

// retries allows n attempts after the first, the first of them after initial.
func retries(n int, initial time.Duration) setting {
	return func(s *setup) {
		s.provider.NetworkConfig.MaxRetries = n
		s.provider.NetworkConfig.RetryBackoffInitial = initial
		s.provider.NetworkConfig.RetryBackoffMax = max(initial, schemas.DefaultRetryBackoffMax)
	}
}

// with sets any of the provider's settings.
func with(change func(*schemas.ProviderConfig)) setting {
	return func(s *setup) { change(&s.provider) }
}

// withOption hands Init a further option.
func withOption(o bifrost.Option) setting {
	return func(s *setup) { s.options = append(s.options, o) }
}

// account is an account with one provider, whose settings may change while a
// client runs.
type account struct {
	mu    sync.Mutex // guards setup
	setup setup
}

func newAccount(changes ...setting) *account {
	a := &account{}
	a.change(changes...)
	return a
}

// change applies settings; a client learns of them by UpdateProvider.
func (a *account) change(changes ...setting) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range changes {
		c(&a.setup)
	}
}

func (a *account) static() schemas.StaticAccount {
	a.mu.Lock()
	defer a.mu.Unlock()
	return schemas.StaticAccount{providerName: {Keys: a.setup.keys, Config: a.setup.provider}}
}

func (a *account) GetConfiguredProviders() ([]string, error) {
	return a.static().GetConfiguredProviders()
}

func (a *account) GetKeysForProvider(ctx context.Context, provider string) ([]schemas.Key, error) {
	return a.static().GetKeysForProvider(ctx, provider)
}

func (a *account) GetConfigForProvider(provider string) (*schemas.ProviderConfig, error) {
	return a.static().GetConfigForProvider(provider)
}

// startClient starts a client with p as its only provider. At the end of the test
// it is shut down, if it was not before, and the sum is checked before and after.
func startClient(t testing.TB, p schemas.Provider, changes ...setting) *bifrost.Client {
	t.Helper()
	return startAccount(t, newAccount(changes...), p)
}

// startAccount is startClient for an account that is to change.
func startAccount(t testing.TB, a *account, p schemas.Provider) *bifrost.Client {
	t.Helper()
	a.mu.Lock()
	cfg, options := a.setup.bifrost, append([]bifrost.Option{bifrost.WithProvider(providerName, p)}, a.setup.options...)
	a.mu.Unlock()
	cfg.Account = a
	return start(t, cfg, options...)
}

// start is Init for a configuration of the test's own, with the same end.
func start(t testing.TB, cfg schemas.BifrostConfig, options ...bifrost.Option) *bifrost.Client {
	t.Helper()
	client, err := bifrost.Init(cfg, options...)
	if err != nil {
		t.Fatalf("init: %v", err)
	}
	t.Cleanup(func() {
		checkSum(t, client)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = client.Shutdown(ctx) // what it left is the affair of tests about that
		atRest(t, client)
	})
	return client
}

// reconfigure changes the account and tells the client.
func reconfigure(t testing.TB, client *bifrost.Client, a *account, changes ...setting) {
	t.Helper()
	a.change(changes...)
	if err := client.UpdateProvider(context.Background(), providerName); err != nil {
		t.Errorf("update: %v", err)
	}
}

// shutdown shuts the client down with a minute for it, which must be enough.
func shutdown(t testing.TB, client *bifrost.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// stats is the state of the scripted provider.
func stats(client *bifrost.Client) bifrost.ProviderStats {
	return client.Stats().Providers[providerName]
}

// checkSum checks the sum of promise 8 for every provider, by the snapshot's own
// word and by adding up.
func checkSum(t testing.TB, client *bifrost.Client) {
	t.Helper()
	for name, s := range client.Stats().Providers {
		checkSnapshot(t, name, s)
	}
}

func checkSnapshot(t testing.TB, name string, s bifrost.ProviderStats) {
	t.Helper()
	var refused uint64
	for _, n := range s.Refused {
		refused += n
	}
	if sum := s.Admitted + uint64(s.Waiting) + s.Left + refused; s.Offered != sum {
		t.Errorf("%s: offered %d, but admitted+waiting+left+refused is %d: %+v", name, s.Offered, sum, s)
	}
	ended := s.Completed + s.Failed + s.Cancelled + s.DeadLettered
	if sum := ended + uint64(s.Queued+s.BackingOff+s.InHand); s.Admitted != sum {
		t.Errorf("%s: admitted %d, but the sum of what became of them is %d: %+v", name, s.Admitted, sum, s)
	}
	if !s.Balanced() {
		t.Errorf("%s: the snapshot says that it is not balanced: %+v", name, s)
	}
}

// atRest checks the sum, and that no provider holds anything.
func atRest(t testing.TB, client *bifrost.Client) {
	t.Helper()
	checkSum(t, client)
	for name, s := range client.Stats().Providers {
		if s.Waiting+s.Queued+s.InHand+s.BackingOff != 0 {
			t.Errorf("%s is not at rest: %d waiting, %d queued, %d in hand, %d backing off",
				name, s.Waiting, s.Queued, s.InHand, s.BackingOff)
		}
	}
}

// checkGoroutines fails the test if at its end more goroutines run than now. It
// comes before startClient, and is for tests outside of a bubble, which has this
// check built in.
func checkGoroutines(t testing.TB) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		deadline := time.NewTimer(5 * time.Second)
		defer deadline.Stop()
		again := time.NewTicker(5 * time.Millisecond)
		defer again.Stop()
		for runtime.NumGoroutine() > before {
			select {
			case <-again.C: // the last ones end on their own
			case <-deadline.C:
				stacks := make([]byte, 1<<20)
				t.Errorf("%d goroutines, %d before the test:\n%s", runtime.NumGoroutine(), before,
					stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// deadLetterOf returns the dead letter of a refusal, and fails the test if the
// error is not one.
func deadLetterOf(t testing.TB, err error) *schemas.DeadLetter {
	t.Helper()
	var letter *schemas.DeadLetter
	if !errors.As(err, &letter) {
		t.Fatalf("no dead letter in %v", err)
	}
	return letter
}

// errorOf returns the typed error of an answer, and fails the test if it is not
// one.
func errorOf(t testing.TB, err error) *schemas.Error {
	t.Helper()
	var typed *schemas.Error
	if !errors.As(err, &typed) {
		t.Fatalf("%v (%T) is not a *schemas.Error", err, err)
	}
	return typed
}
