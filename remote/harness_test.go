package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// providerName is the provider of the tests, model what it is asked for.
const (
	providerName = "scripted"
	model        = "model-1"
)

// script is what one call of a scripted provider does.
type script func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error)

// scripted is a provider whose calls run a script, and are counted.
type scripted struct {
	script script
	calls  atomic.Int64
	open   atomic.Int64
}

// Describe is schemas.Provider's.
func (p *scripted) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "scripted", Dialect: schemas.DialectOpenAI, KeyOptional: true,
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream,
			schemas.OperationEmbeddings, schemas.OperationListModels, schemas.OperationRaw}}
}

// Call is schemas.Provider's.
func (p *scripted) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	p.calls.Add(1)
	p.open.Add(1)
	defer p.open.Add(-1)
	return p.script(ctx, a)
}

// answering answers each chat with its last message.
func answering() *scripted {
	return &scripted{script: func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if raw := a.Request.Raw; raw != nil {
			return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(bytes.NewReader(raw.Body))}}, nil
		}
		return &schemas.Response{Chat: echo(a.Request)}, nil
	}}
}

func echo(req *schemas.Request) *schemas.ChatResponse {
	text := ""
	if req.Chat != nil && len(req.Chat.Messages) > 0 {
		text = req.Chat.Messages[len(req.Chat.Messages)-1].Content.PlainText()
	}
	return &schemas.ChatResponse{ID: "chat-1", Object: "chat.completion", Model: req.Model,
		Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage(text), FinishReason: "stop"}}}
}

// stuck waits in its call until it is cancelled, or until open is closed.
func stuck(open <-chan struct{}) *scripted {
	return &scripted{script: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		select {
		case <-open:
			return &schemas.Response{Chat: echo(a.Request)}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
}

// process is a client with its node: what a program is made of.
type process struct {
	node   *remote.Node
	client *bifrost.Client
	hard   bool // its end leaves something undone
}

// owner starts a process that has the provider.
func owner(t *testing.T, p schemas.Provider, settings schemas.ProviderConfig) *process {
	t.Helper()
	return launch(t, remote.Config{}, bifrost.WithProvider(providerName, p), schemas.StaticAccount{providerName: {Config: settings}})
}

// asker starts a process that asks the owners for the provider.
func asker(t *testing.T, cfg remote.Config, owners ...*process) *process {
	t.Helper()
	var nodes []string
	for _, o := range owners {
		nodes = append(nodes, o.node.Address())
	}
	cfg.Providers = map[string]remote.Provider{providerName: {Nodes: nodes}}
	return launch(t, cfg, func() bifrost.Option { return bifrost.WithHooks() }(), nil)
}

func launch(t *testing.T, cfg remote.Config, option bifrost.Option, account schemas.Account) *process {
	t.Helper()
	return launchAll(t, cfg, account, option)
}

func launchAll(t *testing.T, cfg remote.Config, account schemas.Account, options ...bifrost.Option) *process {
	t.Helper()
	cfg.Logger = zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
	node, err := remote.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account}, append(options, bifrost.WithNode(node))...)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{node: node, client: client}
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.client.Shutdown(ctx); err != nil && !p.hard {
		t.Errorf("the client's shutdown: %v", err)
	}
	if err := p.node.Shutdown(ctx); err != nil && !p.hard {
		t.Errorf("the node's shutdown: %v", err)
	}
}

func hello(text string) *schemas.ChatRequest {
	return &schemas.ChatRequest{Provider: providerName, Model: model, Messages: []schemas.ChatMessage{schemas.UserMessage(text)}}
}

// within ends a test's wait.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until what says ok, which a peer's doing brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// chunks streams n chunks, each with text; begun is counted up for each that was taken.
func chunks(n int, text string, begun *atomic.Int64) *scripted {
	return &scripted{script: func(ctx context.Context, _ *schemas.Attempt) (*schemas.Response, error) {
		return &schemas.Response{Stream: &chunkSource{ctx: ctx, left: n, text: text, begun: begun}}, nil
	}}
}

type chunkSource struct {
	ctx   context.Context
	left  int
	text  string
	begun *atomic.Int64
	once  sync.Once
	shut  chan struct{}
}

func (s *chunkSource) Next() (*schemas.ChatChunk, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	if s.left == 0 {
		return nil, io.EOF
	}
	s.left--
	s.begun.Add(1)
	return &schemas.ChatChunk{ID: "chat-1", Object: "chat.completion.chunk", Model: model,
		Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: s.text}}}}, nil
}

func (s *chunkSource) Close() error {
	s.once.Do(func() {
		if s.shut != nil {
			close(s.shut)
		}
	})
	return nil
}

func kindOf(err error) schemas.ErrorKind {
	var e *schemas.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Kind
}
