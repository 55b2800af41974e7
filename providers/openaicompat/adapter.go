package openaicompat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// Auth is where a key goes: into Header, after Prefix.
type Auth struct {
	Header, Prefix string
}

// Bearer is the scheme of nearly all providers.
var Bearer = Auth{Header: "Authorization", Prefix: "Bearer "}

// Options describes one provider.
type Options struct {
	Name string // as configured; for errors
	Type string // its adapter's name

	// BaseURL ends in the version prefix, as in "https://api.openai.com/v1".
	BaseURL string

	Auth        Auth
	KeyOptional bool
	Operations  []schemas.Operation
	Models      []string // as in schemas.ProviderInfo

	// ExtraHeaders are added to every request; credentials win over them.
	ExtraHeaders map[string]string

	// Chat has the provider's quirks; its Stream is ignored.
	Chat openai.ChatOptions

	// Doer carries the calls. The Adapter closes it.
	Doer httpx.Doer
}

// Adapter is a schemas.Provider of the OpenAI dialect.
type Adapter struct {
	opts Options
	info schemas.ProviderInfo
}

// New returns an Adapter.
func New(opts Options) *Adapter {
	return &Adapter{opts: opts, info: schemas.ProviderInfo{
		Type: opts.Type, Dialect: schemas.DialectOpenAI, Operations: opts.Operations, KeyOptional: opts.KeyOptional,
		Models: opts.Models}}
}

// Describe implements schemas.Provider.
func (a *Adapter) Describe() schemas.ProviderInfo { return a.info }

// Close implements io.Closer: it closes idle connections.
func (a *Adapter) Close() error { return a.opts.Doer.Close() }

// Call implements schemas.Provider.
func (a *Adapter) Call(ctx context.Context, attempt *schemas.Attempt) (*schemas.Response, error) {
	req := attempt.Request
	c := &call{Adapter: a, ctx: ctx, model: req.Model, key: attempt.Key.Value}
	resp, err := c.run(req)
	if err != nil {
		return nil, c.named(err)
	}
	return resp, nil
}

// run makes the call of req's operation.
func (c *call) run(req *schemas.Request) (*schemas.Response, error) {
	if err := c.supports(req.Operation); err != nil {
		return nil, err
	}
	switch {
	case req.Operation == schemas.OperationChat && req.Chat != nil:
		return c.chat(req.Chat)
	case req.Operation == schemas.OperationChatStream && req.Chat != nil:
		return c.chatStream(req.Chat)
	case req.Operation == schemas.OperationEmbeddings && req.Embedding != nil:
		return c.embeddings(req.Embedding)
	case req.Operation == schemas.OperationListModels:
		return c.models()
	case req.Operation == schemas.OperationRaw && req.Raw != nil:
		return c.raw(req.Raw)
	}
	return nil, &schemas.Error{Kind: schemas.KindInvalidRequest,
		Message: fmt.Sprintf("a request for %s needs the field of that operation; set it", req.Operation)}
}

// supports returns nil, or the error for an operation that the provider lacks.
func (a *Adapter) supports(op schemas.Operation) error {
	if a.info.Supports(op) {
		return nil
	}
	names := make([]string, len(a.info.Operations))
	for i, has := range a.info.Operations {
		names[i] = string(has)
	}
	slices.Sort(names)
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("the provider has no %s; it has %s", op, strings.Join(names, ", "))}
}
