package bifrost

import (
	"context"

	"bifrost/schemas"
)

// RawRequest passes a call through in the provider's own dialect. model chooses
// the key and may be empty. The response's body holds a worker until it is read
// to its end or closed. Errors are *schemas.Error; one with an Upstream is the
// provider's own refusal.
func (c *Client) RawRequest(ctx context.Context, provider, model string, raw *schemas.RawRequest) (*schemas.Response, error) {
	if raw == nil {
		return nil, nilRequest()
	}
	r, err := c.route(provider, model)
	if err != nil {
		return nil, err
	}
	return r.Ask(ctx, &schemas.Request{Operation: schemas.OperationRaw, Provider: provider, Model: model, Raw: raw})
}
