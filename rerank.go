package bifrost

import (
	"context"

	"bifrost/schemas"
)

// RerankRequest asks how relevant each document is to a query. It blocks as ChatCompletionRequest
// does.
func (c *Client) RerankRequest(ctx context.Context, req *schemas.RerankRequest) (*schemas.RerankResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: schemas.OperationRerank,
		Provider: req.Provider, Model: req.Model, Rerank: req})
	if err != nil {
		return nil, err
	}
	resp.Rerank.Served = resp.Served
	return resp.Rerank, nil
}
