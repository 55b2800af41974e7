package bifrost

import (
	"context"

	"bifrost/schemas"
)

// ModerationRequest asks whether content may be harmful. It blocks as ChatCompletionRequest
// does.
func (c *Client) ModerationRequest(ctx context.Context, req *schemas.ModerationRequest) (*schemas.ModerationResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: schemas.OperationModeration,
		Provider: req.Provider, Model: req.Model, Moderation: req})
	if err != nil {
		return nil, err
	}
	resp.Moderation.Served = resp.Served
	return resp.Moderation, nil
}
