package providers

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// FuzzOllamasAnswers is of a list of models, and of calls of Ollama's own API: an error is
// ours and without the key, and a model of the list has a name, no date before 1970 and
// no size below 0.
func FuzzOllamasAnswers(f *testing.F) {
	f.Add("/api/tags", []byte(`{"models":[{"name":"a/b:1b","modified_at":"2025-05-04T17:37:44-07:00","size":2019393189,"details":{"format":"gguf","context_length":8192}}]}`))
	f.Add("/api/tags", []byte(`{"models":[{"name":"a","modified_at":7,"size":1e300,"details":[]}]}`))
	f.Add("/api/show", []byte(`{"error":"model 'of sk-invented/1' not found"}`))
	f.Add("/api/pull", []byte(`{"model":"a","stream":false}`))
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		const key = "sk-invented/1"
		c := ollamaCodec{openai.Codec{}}
		c.Look(&schemas.RawRequest{Method: http.MethodPost, Path: path, Body: data, Header: http.Header{"Content-Type": {"application/json"}}})
		resp, err := c.Decode(&schemas.Request{Operation: schemas.OperationListModels}, nil, data, key)
		if err != nil {
			var e *schemas.Error
			if !errors.As(err, &e) || e.Upstream != nil && bytes.Contains(e.Upstream.Body, []byte(key)) {
				t.Fatalf("got %#v", err)
			}
			return
		}
		for _, m := range resp.Models.Data {
			if m.ID == "" || m.Created < 0 || m.ContextLength < 0 || m.Files.Size < 0 {
				t.Fatalf("got %+v, %+v", m, m.Files)
			}
		}
	})
}
