package adapter

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// Options describes one provider.
type Options struct {
	Name string // as configured; for errors
	Type string // its adapter's name

	// BaseURL ends in the dialect's version prefix, as in "https://api.openai.com/v1".
	BaseURL string

	// Codec is the provider's dialect. ModelCodecs are exceptions for the models whose
	// name begins with a prefix.
	Codec       dialect.Codec
	ModelCodecs []ModelCodec

	// Route changes a call of a model on its way, raw ones too: where its path, or its
	// body, is not as the dialect has it. It may modify call, but not the bytes of its
	// Body. Nil changes nothing.
	Route func(model string, call *dialect.Call) error

	// Header is sent with every call that has not these headers itself.
	Header http.Header

	Credential  Credential
	KeyOptional bool
	Operations  []schemas.Operation

	// ResponsesOnly, Models and Configured are as in schemas.ProviderInfo.
	ResponsesOnly []string
	Models        []string
	Configured    []string

	// ExtraHeaders are added to every request; credentials win over them.
	ExtraHeaders schemas.Headers

	// Doer carries the calls. The Adapter closes it.
	Doer httpx.Doer
}

// ModelCodec is the codec of the models whose name begins with Prefix.
type ModelCodec struct {
	Prefix string
	Codec  dialect.Codec
}

// Adapter is a schemas.Provider.
type Adapter struct {
	opts Options
	info schemas.ProviderInfo
}

// New returns an Adapter.
func New(opts Options) *Adapter {
	info := schemas.ProviderInfo{Type: opts.Type, Dialect: opts.Codec.Dialect(), Operations: opts.Operations,
		KeyOptional: opts.KeyOptional, ResponsesOnly: opts.ResponsesOnly, Models: opts.Models, Configured: opts.Configured}
	for _, m := range opts.ModelCodecs {
		info.ModelDialects = append(info.ModelDialects, schemas.ModelDialect{Prefix: m.Prefix, Dialect: m.Codec.Dialect()})
	}
	return &Adapter{opts: opts, info: info}
}

// Describe implements schemas.Provider.
func (a *Adapter) Describe() schemas.ProviderInfo { return a.info }

// Close implements io.Closer: it closes idle connections.
func (a *Adapter) Close() error { return a.opts.Doer.Close() }

// codec returns the codec of a model.
func (a *Adapter) codec(model string) dialect.Codec {
	for _, m := range a.opts.ModelCodecs {
		if strings.HasPrefix(model, m.Prefix) {
			return m.Codec
		}
	}
	return a.opts.Codec
}

// Call implements schemas.Provider.
func (a *Adapter) Call(ctx context.Context, attempt *schemas.Attempt) (*schemas.Response, error) {
	req := attempt.Request
	c := &call{Adapter: a, ctx: ctx, codec: a.codec(req.Model), model: req.Model, key: attempt.Key, extra: attempt.Header, counts: attempt.WantUsage, secret: attempt.Key.Value}
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
	case req.Operation == schemas.OperationRaw && req.Raw != nil:
		return c.raw(req.Raw)
	case req.Operation == schemas.OperationListModels, hasOwn(req):
		return c.typed(req)
	}
	return nil, &schemas.Error{Kind: schemas.KindInvalidRequest,
		Message: fmt.Sprintf("a request for %s needs the field of that operation; set it", req.Operation)}
}

// hasOwn reports whether a request has the field of its operation.
func hasOwn(req *schemas.Request) bool {
	switch req.Operation {
	case schemas.OperationChat, schemas.OperationChatStream, schemas.OperationCountTokens:
		return req.Chat != nil
	case schemas.OperationCompletion:
		return req.Completion != nil
	case schemas.OperationEmbeddings:
		return req.Embedding != nil
	case schemas.OperationRerank:
		return req.Rerank != nil
	case schemas.OperationModeration:
		return req.Moderation != nil
	case schemas.OperationImage:
		return req.Image != nil
	case schemas.OperationSpeech:
		return req.Speech != nil
	case schemas.OperationTranscription, schemas.OperationTranslation:
		return req.Transcription != nil
	}
	return false
}

// supports returns nil, or the error for an operation that the provider lacks.
func (a *Adapter) supports(op schemas.Operation) error {
	if a.info.Supports(op) {
		return nil
	}
	return &schemas.Error{Kind: schemas.KindUnsupportedOperation,
		Message: fmt.Sprintf("the provider has no %s; it has %s", op, dialect.Abilities(a.info.Operations))}
}
