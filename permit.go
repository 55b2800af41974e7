package bifrost

import (
	"context"
	"errors"

	"bifrost/schemas"
)

// permitKey is where a context has its Permit.
type permitKey struct{}

// Permit says whether a request may go to a provider's model. It may be called by many
// goroutines at once, and does not block.
type Permit func(provider, model string) bool

// WithPermit returns a context whose requests go to what p permits only, by an alias or a
// fallback too: another target is passed over, as if it were not there. A request without
// a target that is permitted fails with reason not_permitted, and reaches no provider. A
// request that names a provider and no model is asked about with the empty model. A nil p
// permits everything.
func WithPermit(ctx context.Context, p Permit) context.Context {
	if p == nil {
		return ctx
	}
	return context.WithValue(ctx, permitKey{}, p)
}

// permits returns nil, or the error of a target that the context does not permit.
func permits(ctx context.Context, to target) error {
	p, _ := ctx.Value(permitKey{}).(Permit)
	if p == nil || p(to.provider, to.model) {
		return nil
	}
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Reason: schemas.ReasonNotPermitted, Provider: to.provider, Model: to.model,
		Message: "the request may not go to this model; name one that is permitted"}
}

// passedOver reports whether an error is that of a target that is not permitted.
func passedOver(err error) bool {
	var e *schemas.Error
	return errors.As(err, &e) && e.Reason == schemas.ReasonNotPermitted
}

// AliasTargets returns the targets of an alias as "provider/model", in the order of the
// configuration; nil if there is no alias of that name.
func (c *Client) AliasTargets(name string) []string {
	var out []string
	for _, t := range c.table.Load().aliases[name].Targets {
		out = append(out, t.Model)
	}
	return out
}
