package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// UploadCall is a call that stores a file. It reads req.File to its end, or until ctx
// ends between two reads.
func UploadCall(ctx context.Context, req *schemas.FileUploadRequest) (*schemas.RawRequest, error) {
	switch {
	case req.File == nil:
		return nil, dialect.BadRequest("the request has no File; set what is to be stored")
	case req.Purpose == "":
		return nil, dialect.BadRequest(`the request has no Purpose; set it, as in "batch"`)
	case !plainName(req.Filename):
		return nil, dialect.BadRequest("the filename has control characters, which a form cannot carry; correct it")
	}
	var body bytes.Buffer
	if known, ok := req.File.(interface{ Len() int }); ok {
		body.Grow(min(known.Len(), schemas.MaxUpload) + 1<<10)
	}
	form := multipart.NewWriter(&body)
	if err := writeFields(form, map[string]string{"purpose": req.Purpose}, req.Extra); err != nil {
		return nil, err
	}
	file, err := form.CreateFormFile("file", named(req.Filename, "file"))
	if err != nil {
		return nil, err
	}
	if err := copyFile(ctx, file, req.File); err != nil {
		return nil, err
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	raw := jsonCall(pathFiles, body.Bytes())
	raw.Header.Set("Content-Type", form.FormDataContentType())
	return raw, nil
}

// copyFile copies a caller's file.
func copyFile(ctx context.Context, to io.Writer, from io.Reader) error {
	n, err := io.Copy(to, io.LimitReader(&heeding{ctx, from}, schemas.MaxUpload+1))
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &schemas.Error{Kind: schemas.KindTimeout, Err: ctx.Err(), Message: "the deadline passed while File was read; allow more time"}
	case err != nil && ctx.Err() != nil:
		return &schemas.Error{Kind: schemas.KindCanceled, Err: ctx.Err(), Message: "the call was given up while File was read"}
	case err != nil:
		return &schemas.Error{Kind: schemas.KindInvalidRequest, Err: err, Message: "reading File failed; see the cause"}
	case n > schemas.MaxUpload:
		return dialect.BadRequest("the file is over 512 MiB, which is the most that is held in memory; send it in parts by raw calls of /uploads")
	}
	return nil
}

// heeding is a reader that gives up when a context has ended.
type heeding struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (h *heeding) Read(p []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	return h.from.Read(p)
}

// FileCall is a call for a file that the provider keeps: with method GET or DELETE.
func FileCall(method string, req *schemas.FileRequest) (*schemas.RawRequest, error) {
	path, err := idPath(pathFiles, req.ID, "")
	return bareCall(method, path, nil), err
}

// FileContentCall is a call for what is in a file.
func FileContentCall(req *schemas.FileRequest) (*schemas.RawRequest, error) {
	path, err := idPath(pathFiles, req.ID, "/content")
	raw := bareCall(http.MethodGet, path, nil)
	raw.Header.Set("Accept", "*/*")
	return raw, err
}

// FilesCall is a call for a page of files.
func FilesCall(req *schemas.FileListRequest) *schemas.RawRequest {
	query := page(req.After, req.Limit, req.Order)
	if req.Purpose != "" {
		query.Set("purpose", req.Purpose)
	}
	return bareCall(http.MethodGet, pathFiles, query)
}

// BatchCreateCall is a call that starts a batch.
func BatchCreateCall(req *schemas.BatchCreateRequest) (*schemas.RawRequest, error) {
	w := *req
	w.CompletionWindow = named(req.CompletionWindow, "24h")
	body, err := encodeBody(&w, req.Extra)
	if err != nil {
		return nil, err
	}
	return jsonCall(pathBatches, body), nil
}

// BatchCall is a call for a batch: with method GET or, to cancel it, POST.
func BatchCall(method string, req *schemas.BatchRequest) (*schemas.RawRequest, error) {
	below := ""
	if method == http.MethodPost {
		below = "/cancel"
	}
	path, err := idPath(pathBatches, req.ID, below)
	return bareCall(method, path, nil), err
}

// BatchesCall is a call for a page of batches.
func BatchesCall(req *schemas.BatchListRequest) *schemas.RawRequest {
	return bareCall(http.MethodGet, pathBatches, page(req.After, req.Limit, ""))
}

// DecodeFile reads a file.
func DecodeFile(data []byte) (*schemas.File, error) {
	f := &schemas.File{}
	if err := decodeAnswer(data, "", "a file", f); err != nil {
		return nil, err
	}
	if f.ID == "" {
		return nil, notThe("a file")
	}
	return f, nil
}

// DecodeFiles reads a page of files.
func DecodeFiles(data []byte) (*schemas.FileList, error) {
	list := &schemas.FileList{}
	if err := decodeAnswer(data, "", "a list of files", list); err != nil {
		return nil, err
	}
	if list.Data == nil {
		return nil, notThe("a list of files")
	}
	return list, nil
}

// DecodeDeletion reads what became of a deletion.
func DecodeDeletion(data []byte) (*schemas.Deletion, error) {
	var in struct {
		schemas.Deletion
		Deleted *bool `json:"deleted"`
	}
	if err := decodeAnswer(data, "", "that of a deletion", &in); err != nil {
		return nil, err
	}
	if in.Deleted == nil {
		return nil, notThe("that of a deletion")
	}
	in.Deletion.Deleted = *in.Deleted
	return &in.Deletion, nil
}

// DecodeBatch reads a batch.
func DecodeBatch(data []byte) (*schemas.Batch, error) {
	b := &schemas.Batch{}
	if err := decodeAnswer(data, "", "a batch", b); err != nil {
		return nil, err
	}
	if b.ID == "" {
		return nil, notThe("a batch")
	}
	return b, nil
}

// DecodeBatches reads a page of batches.
func DecodeBatches(data []byte) (*schemas.BatchList, error) {
	list := &schemas.BatchList{}
	if err := decodeAnswer(data, "", "a list of batches", list); err != nil {
		return nil, err
	}
	if list.Data == nil {
		return nil, notThe("a list of batches")
	}
	return list, nil
}
