package bifrost

import (
	"context"

	"bifrost/schemas"
)

// ListModelsRequest asks one provider for its models.
func (c *Client) ListModelsRequest(ctx context.Context, req *schemas.ListModelsRequest) (*schemas.ModelList, error) {
	if req == nil {
		return nil, nilRequest()
	}
	t := c.begin()
	defer t.leave()
	r, err := c.route(t, req.Provider, "")
	if err != nil {
		return nil, err
	}
	resp, err := r.Ask(ctx, &schemas.Request{Operation: schemas.OperationListModels, Provider: req.Provider})
	if err != nil {
		return nil, err
	}
	return resp.Models, nil
}

// Models returns the models that a provider's keys name, and whether it serves
// others as well. It asks nobody; ListModelsRequest asks the provider. A provider
// that does not exist has none.
func (c *Client) Models(provider string) (named []string, others bool) {
	r, ok := c.table.Load().routes[provider]
	if !ok {
		return nil, false
	}
	return r.Models()
}
