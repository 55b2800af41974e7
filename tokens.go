package bifrost

import (
	"context"

	"bifrost/schemas"
)

// CountTokensRequest asks how many tokens a chat request has, as its provider counts
// them. It blocks as ChatCompletionRequest does.
func (c *Client) CountTokensRequest(ctx context.Context, req *schemas.ChatRequest) (*schemas.TokenCount, error) {
	resp, err := c.chat(ctx, schemas.OperationCountTokens, req)
	if err != nil {
		return nil, err
	}
	return resp.Tokens, nil
}
