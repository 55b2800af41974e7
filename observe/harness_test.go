package observe_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/observe"
	"bifrost/schemas"
)

// patience bounds the wait for a signal that never comes in a failing test.
const patience = 20 * time.Second

// fake is a provider whose calls are a function.
type fake struct {
	call func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error)
}

func (*fake) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "fake", Dialect: schemas.DialectOpenAI, KeyOptional: true, Operations: []schemas.Operation{
		schemas.OperationRaw, schemas.OperationChat, schemas.OperationChatStream}}
}

func (f *fake) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	return f.call(ctx, a)
}

// answering answers at once, with 10 tokens in, of which 4 were cached, and 5 out.
func answering() *fake {
	return &fake{call: func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if a.Request.Operation == schemas.OperationChatStream {
			return &schemas.Response{Stream: &pieces{left: 3}}, nil
		}
		return &schemas.Response{Chat: &schemas.ChatResponse{Model: "said", Usage: usage(),
			Choices: []schemas.ChatChoice{{Message: schemas.ChatMessage{Role: "assistant"}, FinishReason: "stop"}}}}, nil
	}}
}

func usage() *schemas.Usage {
	return &schemas.Usage{PromptTokens: 10, CompletionTokens: 5, TotalTokens: 15,
		PromptTokensDetails: &schemas.PromptTokensDetails{CachedTokens: 4}}
}

// pieces is a stream of some chunks, the last of which counts tokens.
type pieces struct {
	mu   sync.Mutex
	left int
}

func (p *pieces) Next() (*schemas.ChatChunk, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return nil, io.EOF
	}
	p.left--
	chunk := &schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: "word "}}}}
	if p.left == 0 {
		chunk = &schemas.ChatChunk{Usage: usage()}
	}
	return chunk, nil
}

func (*pieces) Close() error { return nil }

// failing always fails, with the provider's own words in its error.
func failing(kind schemas.ErrorKind) *fake {
	return &fake{call: func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		return nil, &schemas.Error{Kind: kind, StatusCode: 500, Message: secret}
	}}
}

// held blocks each call until it is told to go on.
func held() (provider *fake, entered chan struct{}, release chan struct{}) {
	entered, release = make(chan struct{}, 100), make(chan struct{})
	return &fake{call: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		entered <- struct{}{}
		select {
		case <-release:
			return answering().Call(ctx, a)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}, entered, release
}

const secret = "xyzzy-content"

// watched is a client with a recorder, one worker and one place for each provider.
func watched(t *testing.T, o observe.Options, providers map[string]schemas.Provider) (*bifrost.Client, *observe.Recorder) {
	t.Helper()
	recorder := observe.NewRecorder(o)
	with := []bifrost.Option{bifrost.WithHooks(recorder.Hook())}
	account := schemas.StaticAccount{}
	for name, p := range providers {
		account[name] = schemas.StaticProvider{
			Keys:   []schemas.Key{{Name: "first", Value: "sk-1", Models: []string{"listed", "priced", "unpriced"}}, {Name: "second", Value: "sk-2"}},
			Config: schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}
		with = append(with, bifrost.WithProvider(name, p))
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account, DropExcessRequests: true}, with...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = client.Shutdown(ctx)
	})
	return client, recorder
}

func question(provider, model string) *schemas.ChatRequest {
	return &schemas.ChatRequest{Provider: provider, Model: model, Messages: []schemas.ChatMessage{schemas.UserMessage(secret)}}
}

// ask makes n requests and does not look at the answers.
func ask(t *testing.T, c *bifrost.Client, n int, provider, model string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(schemas.WithTenant(t.Context(), "team"), patience)
	defer cancel()
	for range n {
		_, _ = c.ChatCompletionRequest(ctx, question(provider, model))
	}
}

// await waits for a signal.
func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited too long for %s", what)
	}
	return v
}

// eventually polls until ok, for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}
