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
	resp.Embedding.Served = resp.Served
	return resp.Embedding, nil
}
