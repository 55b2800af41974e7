package cohere

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/internal/wire"
	"bifrost/schemas"
)

// mustBeOurs fails unless err is nil or an *schemas.Error.
func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	var e *schemas.Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("an error of another type: %v", err)
	}
}

func FuzzEncodeRequest(f *testing.F) {
	f.Add(dialecttest.Golden(f, "request_canonical.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &schemas.ChatRequest{}
		if json.Unmarshal(data, req) != nil {
			return
		}
		out, _, err := EncodeRequest(req, "m", true)
		mustBeOurs(t, err)
		if err == nil && !json.Valid(out) {
			t.Fatalf("not json: %s", out)
		}
	})
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, name := range []string{"response.json", "embed.json", "rerank.json", "models.json", "error_429.json"} {
		f.Add(dialecttest.Golden(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, op := range []schemas.Operation{schemas.OperationChat, schemas.OperationEmbeddings, schemas.OperationRerank, schemas.OperationListModels} {
			req := request(op, "m")
			req.Rerank = &schemas.RerankRequest{Documents: []string{"a"}}
			resp, err := Codec{}.Decode(req, nil, data, secret)
			mustBeOurs(t, err)
			if err == nil && !resp.Answers(op) {
				t.Fatalf("no answer to %s: %+v", op, resp)
			}
		}
	})
}

func FuzzChatStream(f *testing.F) {
	f.Add(dialecttest.Golden(f, "stream.sse"))
	f.Add([]byte("event: message-end\ndata: {\"delta\":{\"finish_reason\":\"ERROR\"}}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := accumulated(data, StreamOptions{Key: secret, IncludeUsage: true})
		mustBeOurs(t, err)
	})
}

func FuzzStreamWatch(f *testing.F) {
	f.Add(dialecttest.Golden(f, "stream.sse"))
	f.Add([]byte("data: {\"message\":\"of " + secret + "\"}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := NewStreamWatch(PathChat, secret)
		r := wire.NewReader(bytes.NewReader(data))
		for {
			ev, err := r.Next()
			if err != nil {
				if _, end := w.End(err); end != io.EOF {
					mustBeOurs(t, end)
				}
				return
			}
			pass, _, failure := w.See(ev)
			if failure != nil && (dialect.Quotes(failure.Upstream.Body, secret) || dialect.Quotes(pass, secret)) {
				t.Fatalf("the key is in %s, or in %s", failure.Upstream.Body, pass)
			}
			if w.Over() {
				return
			}
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(429, dialecttest.Golden(f, "error_429.json"))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		if e := DecodeError(status, nil, data, secret); dialect.Quotes(e.Upstream.Body, secret) {
			t.Fatal("the key is in the reply")
		}
	})
}
