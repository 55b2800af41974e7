package bifrost

import (
	"context"
	"net/http"

	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// FileUploadRequest stores a file at a provider. It reads req.File to its end first, on
// the caller's goroutine, up to schemas.MaxUpload bytes, and holds it in memory until the
// answer is there. A reader that blocks holds up the call: ctx is looked at between two
// reads. It blocks as ChatCompletionRequest does. This and all below are OpenAI's files
// API, at one provider: nothing is translated, and there is no fallback. Errors are
// *schemas.Error.
func (c *Client) FileUploadRequest(ctx context.Context, req *schemas.FileUploadRequest) (*schemas.File, error) {
	if req == nil {
		return nil, nilRequest()
	}
	if err := c.keeps(c.table.Load(), req.Provider, schemas.OperationFiles); err != nil { // before the file is read in vain
		return nil, err
	}
	raw, err := openai.UploadCall(ctx, req)
	if err != nil {
		return nil, err
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationFiles, raw, openai.DecodeFile)
}

// FileListRequest asks a provider for a page of the files that it keeps.
func (c *Client) FileListRequest(ctx context.Context, req *schemas.FileListRequest) (*schemas.FileList, error) {
	if req == nil {
		return nil, nilRequest()
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationFiles, openai.FilesCall(req), openai.DecodeFiles)
}

// FileRetrieveRequest asks for what a provider knows of a file, without its content.
func (c *Client) FileRetrieveRequest(ctx context.Context, req *schemas.FileRequest) (*schemas.File, error) {
	return storedFile(ctx, c, http.MethodGet, req, openai.DecodeFile)
}

// FileDeleteRequest deletes a file.
func (c *Client) FileDeleteRequest(ctx context.Context, req *schemas.FileRequest) (*schemas.Deletion, error) {
	return storedFile(ctx, c, http.MethodDelete, req, openai.DecodeDeletion)
}

func storedFile[T any](ctx context.Context, c *Client, method string, req *schemas.FileRequest,
	decode func([]byte) (*T, error)) (*T, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.FileCall(method, req)
	if err != nil {
		return nil, err
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationFiles, raw, decode)
}

// FileContentRequest asks for what is in a file and returns when its first bytes are
// there. The answer's Body holds a worker until it is read to its end or closed, and lives
// no longer than ctx.
func (c *Client) FileContentRequest(ctx context.Context, req *schemas.FileRequest) (*schemas.RawResponse, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.FileContentCall(req)
	if err != nil {
		return nil, err
	}
	resp, err := c.kept(ctx, req.Provider, schemas.OperationFiles, raw)
	if err != nil {
		return nil, err
	}
	return resp.Raw, nil
}
