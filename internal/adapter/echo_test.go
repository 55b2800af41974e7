package adapter_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// told is all that a caller may get to see of a call.
func told(resp *schemas.Response, err error) string {
	var all strings.Builder
	see := func(err error) {
		status, header, body := openai.ErrorReply(err)
		fmt.Fprintf(&all, "%v %+v %d %v %s ", err, err, status, header, body)
		var e *schemas.Error
		if errors.As(err, &e) && e.Upstream != nil {
			fmt.Fprintf(&all, "%v %s ", e.Upstream.Header, e.Upstream.Body)
		}
	}
	switch {
	case err != nil:
		see(err)
	case resp.Raw != nil:
		body, err := io.ReadAll(resp.Raw.Body)
		fmt.Fprintf(&all, "%v %s ", resp.Raw.Header, body)
		if err != nil {
			see(err)
		}
	case resp.Stream != nil:
		for err == nil {
			var chunk *schemas.ChatChunk
			if chunk, err = resp.Stream.Next(); err == nil {
				fmt.Fprintf(&all, "%+v ", *chunk)
			}
		}
		if err != io.EOF {
			see(err)
		}
	default:
		fmt.Fprintf(&all, "%+v %+v %+v", resp.Chat, resp.Embedding, resp.Models)
	}
	return all.String()
}

// everyCall is one call of each operation, and the raw form of each.
func everyCall() map[string]*schemas.Request {
	calls := map[string]*schemas.Request{"chat": chat(schemas.OperationChat), "stream": chat(schemas.OperationChatStream),
		"embeddings": {Operation: schemas.OperationEmbeddings, Embedding: &schemas.EmbeddingRequest{Model: "m", Input: []string{"a"}}},
		"models":     {Operation: schemas.OperationListModels}}
	for _, path := range []string{"/chat/completions", "/completions", "/embeddings", "/responses", "/audio/speech"} {
		for _, body := range []string{wholeBody, streamBody} {
			req := raw("POST", path)
			req.Raw.Body = []byte(body)
			calls[fmt.Sprintf("raw %s %v", path, body == streamBody)] = req
		}
	}
	return calls
}

// fetched is a Credential that sends a token of its own where there is no key.
type fetched string

func (f fetched) Apply(ctx context.Context, key schemas.Key, req *httpx.Request) error {
	key.Value = cmp.Or(key.Value, string(f))
	return adapter.Bearer.Apply(ctx, key, req)
}

func TestAKeyOrTokenThatAnUpstreamEchoesReachesNobody(t *testing.T) {
	const key = `sk-"secret"/of+ours`
	quoted, _ := json.Marshal(key)
	inner := string(quoted[1 : len(quoted)-1])
	forms := []string{key, inner, strings.ReplaceAll(inner, "/", `\/`), url.QueryEscape(key)}
	failure := `{"error":{"message":"bad key ` + inner + `, ` + strings.ReplaceAll(inner, "/", `\/`) + `","type":"t","code":"` + url.QueryEscape(key) + `"}}`
	first := strings.SplitAfter(done, "\n\n")[0]
	for name, c := range map[string]struct {
		status       int
		media, body  string
		success      bool
		streams, not bool // only asked of calls for a stream, or of all others
	}{
		"an error body":             {status: 400, media: "application/json", body: failure},
		"a refused key":             {status: 401, media: "application/json", body: failure},
		"an error page":             {status: 502, media: "text/html", body: "<p>" + key},
		"an error first":            {status: 200, media: "text/event-stream", body: "data: " + failure + "\n\n", streams: true},
		"an error in mid-stream":    {status: 200, media: "text/event-stream", body: first + "data: " + failure + "\n\n", streams: true},
		"an error at an open end":   {status: 200, media: "text/event-stream", body: first + "data: " + failure, streams: true},
		"an error that is cut":      {status: 200, media: "text/event-stream", body: first + "data: " + failure[:len(failure)-4], streams: true},
		"a named error":             {status: 200, media: "text/event-stream", body: first + "event: error\ndata: " + key + "\n\n", streams: true},
		"a comment":                 {status: 200, media: "text/event-stream", body: ": " + key + "\n\n" + done, streams: true, success: true},
		"an error within a 200":     {status: 200, media: "application/json", body: failure, not: true},
		"headers of a success":      {status: 200, media: "application/json", body: answerJSON, success: true, not: true},
		"headers of a whole stream": {status: 200, media: "text/event-stream", body: done, success: true, streams: true},
	} {
		p := newAdapter(doerFunc(func(context.Context, *httpx.Request) (*httpx.Response, error) {
			resp := response(c.status, c.media, c.body)
			for _, h := range []string{"X-Echo", "X-Request-Id", "X-Ratelimit-Key", "X-Should-Retry", "Www-Authenticate"} {
				resp.Header[http.CanonicalHeaderKey(h)] = []string{"for " + key, url.QueryEscape(key)}
			}
			return resp, nil
		}), func(o *adapter.Options) { o.Credential = fetched(key) })
		for way, req := range everyCall() {
			stream := req.Operation == schemas.OperationChatStream || req.Raw != nil && string(req.Raw.Body) == streamBody
			if c.streams && !stream || c.not && stream {
				continue
			}
			if c.not && way == "raw /audio/speech false" && !c.success {
				continue // a whole answer of it is passed on as it is
			}
			for _, k := range []schemas.Key{{Value: key}, {}} {
				resp, err := p.Call(t.Context(), &schemas.Attempt{Request: req, Number: 1, Key: k})
				if c.success && err != nil && req.Raw != nil || !c.success && err == nil && c.status != 200 {
					t.Errorf("%s, %s: got %v", name, way, err)
				}
				text := told(resp, err)
				for _, form := range forms {
					if strings.Contains(text, form) {
						t.Errorf("%s, %s: %s is in %s", name, way, form, text)
					}
				}
				if text == "" {
					t.Errorf("%s, %s: nothing is told", name, way)
				}
			}
		}
	}
}
