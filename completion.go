package bifrost

import (
	"context"

	"bifrost/schemas"
)

// CompletionRequest asks for the continuation of a text and waits for all of it. It blocks as ChatCompletionRequest
// does.
func (c *Client) CompletionRequest(ctx context.Context, req *schemas.CompletionRequest) (*schemas.CompletionResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: schemas.OperationCompletion,
		Provider: req.Provider, Model: req.Model, Completion: req})
	if err != nil {
		return nil, err
	}
	resp.Completion.Served = resp.Served
	return resp.Completion, nil
}
