package bifrost

import (
	"context"

	"bifrost/schemas"
)

// ImageRequest asks for pictures and waits for all of them. It blocks as ChatCompletionRequest
// does.
func (c *Client) ImageRequest(ctx context.Context, req *schemas.ImageRequest) (*schemas.ImageResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	resp, err := c.send(ctx, &schemas.Request{Operation: schemas.OperationImage,
		Provider: req.Provider, Model: req.Model, Image: req})
	if err != nil {
		return nil, err
	}
	resp.Image.Served = resp.Served
	return resp.Image, nil
}
