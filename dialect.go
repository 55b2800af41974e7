package bifrost

import (
	"context"

	"bifrost/internal/surface"
	"bifrost/schemas"
)

// DialectRequest makes a call as a client of raw.Dialect sends it, at the provider of
// the model that the call names. A provider of the same dialect is given the call as
// it is, but for the model's name; another one through the canonical form, and its answer
// is translated back. So is a call of the Responses API for a provider that only has chat,
// and a chat completion for a model that only has the Responses API. The response's body
// holds a worker until it is read to its end or closed. Errors are *schemas.Error.
func (c *Client) DialectRequest(ctx context.Context, raw *schemas.RawRequest) (*schemas.Response, error) {
	if raw == nil {
		return nil, nilRequest()
	}
	dialect := surface.Of(raw.Dialect)
	raw, fallbacks, err := dialect.Fallbacks(raw)
	if err != nil {
		return nil, err
	}
	t := c.begin()
	defer t.leave()
	first, others, err := t.choose(dialect.Model(raw))
	if err != nil {
		return nil, err
	}
	return c.inTurn(ctx, t, first, append(others, fallbacks...), func(ctx context.Context, r Router, to target) (*schemas.Response, error) {
		return c.rawCall(ctx, r, to, dialect.WithModel(raw, to.model))
	})
}

// RawRequest makes a call in raw.Dialect, or, if that is empty, in the provider's
// own, at one provider. model chooses the key and may be empty; the call itself
// names the model too, as its dialect does. What DialectRequest says holds here.
// An error with an Upstream is the provider's own refusal.
func (c *Client) RawRequest(ctx context.Context, provider, model string, raw *schemas.RawRequest) (*schemas.Response, error) {
	if raw == nil {
		return nil, nilRequest()
	}
	if err := permits(ctx, target{provider, model}); err != nil {
		return nil, err
	}
	t := c.begin()
	defer t.leave()
	r, err := c.route(t, provider, model)
	if err != nil {
		return nil, err
	}
	return c.rawCall(ctx, r, target{provider, model}, raw)
}

// rawCall makes a call at one provider: as it is, or translated.
func (c *Client) rawCall(ctx context.Context, r Router, to target, raw *schemas.RawRequest) (*schemas.Response, error) {
	if !passes(r.Info(), to.model, raw) {
		return translated(ctx, r, to, raw)
	}
	return r.Ask(ctx, &schemas.Request{Operation: schemas.OperationRaw, Provider: to.provider, Model: to.model, Raw: raw})
}

// passes reports whether a provider takes a call as it is: it speaks the call's
// dialect, and has the ability that the call needs, or no chat that the call could be
// made of instead. One that has not the operation of any other call says so. A chat
// completion is not for a model that only has the Responses API.
func passes(info schemas.ProviderInfo, model string, raw *schemas.RawRequest) bool {
	if raw.Dialect == "" || info.Dialect == "" {
		return true
	}
	if raw.Dialect != info.DialectOf(model) {
		return false
	}
	if info.OnlyResponses(model) && surface.IsChatCompletion(raw) {
		return false
	}
	ability := surface.Ability(raw)
	return ability == "" || info.Supports(ability) || !info.Supports(schemas.OperationChat)
}

// translated makes a call through the canonical form.
func translated(ctx context.Context, r Router, to target, raw *schemas.RawRequest) (*schemas.Response, error) {
	t, err := surface.Translate(raw)
	if err != nil {
		return nil, surface.WithAbilities(err, r.Info())
	}
	req := t.Request()
	req.Provider, req.Model = to.provider, to.model
	resp, err := r.Ask(ctx, req)
	if err != nil {
		return nil, err
	}
	return surface.Answer(surface.Of(raw.Dialect), t, resp)
}
