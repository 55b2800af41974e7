package vertex

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	pathpkg "path"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	var e *schemas.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("an error of another type: %v", err)
	}
}

// FuzzPredictions is of the answers of predict: there is a vector for each prediction, and
// no error quotes the token.
func FuzzPredictions(f *testing.F) {
	f.Add([]byte(`{"predictions":[{"embeddings":{"values":[0.5,-1],"statistics":{"token_count":3,"truncated":false}}}]}`))
	f.Add([]byte(`{"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":1e300}}},null]}`))
	f.Add([]byte(`{"error":{"code":429,"message":"of ya29.invented","status":"RESOURCE_EXHAUSTED"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		const token = "ya29.invented"
		resp, err := predict{}.Decode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: "m"}, nil, data, token)
		mustBeOurs(t, err)
		var e *schemas.Error
		if errors.As(err, &e) && e.Upstream != nil && bytes.Contains(e.Upstream.Body, []byte(token)) {
			t.Fatalf("the token is in %s", e.Upstream.Body)
		}
		if err != nil {
			return
		}
		var in struct {
			Predictions []any `json:"predictions"`
		}
		if json.Unmarshal(data, &in) != nil || len(resp.Embedding.Data) != len(in.Predictions) {
			t.Fatalf("%d vectors of %s", len(resp.Embedding.Data), data)
		}
		if u := resp.Embedding.Usage; u != nil && u.PromptTokens < 0 {
			t.Fatalf("%d tokens of %s", u.PromptTokens, data)
		}
	})
}

// FuzzPredictRequest is of a request for vectors: what is sent is JSON and has every text.
func FuzzPredictRequest(f *testing.F) {
	f.Add("text-embedding-005", "a", "b", "task_type", []byte(`"RETRIEVAL_QUERY"`))
	f.Add("google/gemini-embedding-001", "a", "", "autoTruncate", []byte(`{`))
	f.Fuzz(func(t *testing.T, model, first, second, name string, value []byte) {
		call, _, err := predict{}.Encode(&schemas.Request{Operation: schemas.OperationEmbeddings, Model: model,
			Embedding: &schemas.EmbeddingRequest{Input: []string{first, second}, Extra: map[string]json.RawMessage{name: value}}})
		mustBeOurs(t, err)
		if err == nil && (!json.Valid(call.Body) || gjson.GetBytes(call.Body, "instances.#").Int() != 2) {
			t.Fatalf("sent %s", call.Body)
		}
	})
}

// FuzzRoute is of the path and body of a call: it stays within the project and its
// location, and a body that is changed stays JSON.
func FuzzRoute(f *testing.F) {
	f.Add("claude-a", "/messages", "", []byte(`{"model":"claude-a","stream":true,"messages":[]}`))
	f.Add("claude-a", "/messages/count_tokens", "beta=true", []byte(`{"model":"claude-a","messages":[]}`))
	f.Add("gemini-a", "/models/google/gemini-a:countTokens", "key=k", []byte(`{"generateContentRequest":{"contents":[]}}`))
	f.Add("endpoints/7", "/models/endpoints/7:generateContent", "alt=sse&%6Bey=k", []byte(`{}`))
	f.Add("gemini-a", "/models/../../x:generateContent", "", []byte(`{}`))
	f.Fuzz(func(t *testing.T, model, path, query string, body []byte) {
		for segment := range strings.SplitSeq(path, "/") {
			if plain, err := url.PathUnescape(segment); err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, "/?#") {
				return // the adapter refuses it before
			}
		}
		call := &dialect.Call{Path: path, Query: query, Body: body}
		err := router{project: "p-1", location: "global"}.route(model, call)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		const place = "/projects/p-1/locations/global/"
		if !strings.HasPrefix(pathpkg.Clean(call.Path), place) {
			t.Fatalf("%q of %q leads to %q", path, model, call.Path)
		}
		if json.Valid(body) && !json.Valid(call.Body) {
			t.Fatalf("%s becomes %s", body, call.Body)
		}
		if values, err := url.ParseQuery(call.Query); err == nil && !strings.HasPrefix(model, claude) && values.Has("key") {
			t.Fatalf("a key is sent: %q", call.Query)
		}
	})
}
