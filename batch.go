package bifrost

import (
	"context"
	"net/http"

	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// BatchCreateRequest starts a batch of the requests in a file that the provider keeps. It
// blocks as ChatCompletionRequest does, until the batch has begun. This and all below are
// OpenAI's batch API, at one provider: nothing is translated, and there is no fallback.
// Errors are *schemas.Error.
func (c *Client) BatchCreateRequest(ctx context.Context, req *schemas.BatchCreateRequest) (*schemas.Batch, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.BatchCreateCall(req)
	if err != nil {
		return nil, err
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationBatches, raw, openai.DecodeBatch)
}

// BatchRetrieveRequest asks for the state of a batch. Its results are in a file: see
// Batch.OutputFileID and FileContentRequest.
func (c *Client) BatchRetrieveRequest(ctx context.Context, req *schemas.BatchRequest) (*schemas.Batch, error) {
	return c.storedBatch(ctx, http.MethodGet, req)
}

// BatchCancelRequest begins to end a batch; what it has finished by then is kept.
func (c *Client) BatchCancelRequest(ctx context.Context, req *schemas.BatchRequest) (*schemas.Batch, error) {
	return c.storedBatch(ctx, http.MethodPost, req)
}

func (c *Client) storedBatch(ctx context.Context, method string, req *schemas.BatchRequest) (*schemas.Batch, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.BatchCall(method, req)
	if err != nil {
		return nil, err
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationBatches, raw, openai.DecodeBatch)
}

// BatchListRequest asks a provider for a page of its batches.
func (c *Client) BatchListRequest(ctx context.Context, req *schemas.BatchListRequest) (*schemas.BatchList, error) {
	if req == nil {
		return nil, nilRequest()
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationBatches, openai.BatchesCall(req), openai.DecodeBatches)
}
