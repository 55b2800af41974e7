package bifrost

import (
	"context"

	"bifrost/schemas"
)

// EmbeddingRequest asks for one vector per input. It blocks as
// ChatCompletionRequest does.
func (c *Client) EmbeddingRequest(ctx context.Context, req *schemas.EmbeddingRequest) (*schemas.EmbeddingResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: schemas.OperationEmbeddings,
		Provider: req.Provider, Model: req.Model, Embedding: req})
	if err != nil {
		return nil, err
	}
	return resp.Embedding, nil
}

// ListModelsRequest asks one provider for its models.
func (c *Client) ListModelsRequest(ctx context.Context, req *schemas.ListModelsRequest) (*schemas.ModelList, error) {
	if req == nil {
		return nil, nilRequest()
	}
	r, err := c.route(req.Provider, "")
	if err != nil {
		return nil, err
	}
	resp, err := r.Ask(ctx, &schemas.Request{Operation: schemas.OperationListModels, Provider: req.Provider})
	if err != nil {
		return nil, err
	}
	return resp.Models, nil
}
