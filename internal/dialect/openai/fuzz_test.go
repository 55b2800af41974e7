package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"bifrost/internal/dialect/dialecttest"
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

func FuzzDecodeChat(f *testing.F) {
	f.Add(dialecttest.Golden(f, "chat_request.json"))
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":null}],"stream_options":null,"stop":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, stream, err := DecodeChat(data)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		out, err := EncodeChat(req, "", ChatOptions{Stream: stream})
		mustBeOurs(t, err)
		if err == nil && !json.Valid(out) {
			t.Fatalf("not json: %s", out)
		}
	})
}

func FuzzDecodeEmbedding(f *testing.F) {
	f.Add([]byte(`{"model":"m","input":["a"],"x":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, err := DecodeEmbedding(data)
		mustBeOurs(t, err)
		if err == nil {
			out, err := EncodeEmbedding(req, "")
			mustBeOurs(t, err)
			if err == nil && !json.Valid(out) {
				t.Fatalf("not json: %s", out)
			}
		}
	})
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, name := range []string{"chat_response.json", "chat_response_tools.json", "embeddings.json", "models.json", "models_together_array.json", "error_429.json"} {
		f.Add(dialecttest.Golden(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if resp, err := DecodeChatResponse(data, "key"); err != nil {
			mustBeOurs(t, err)
		} else if _, err := EncodeChatResponse(resp); err != nil {
			t.Fatal(err)
		}
		_, err := DecodeEmbeddingResponse(data, "key")
		mustBeOurs(t, err)
		_, err = DecodeModels(data, "key")
		mustBeOurs(t, err)
	})
}

func FuzzChatStream(f *testing.F) {
	for _, name := range []string{"chat_stream.sse", "chat_stream_tools.sse", "chat_stream_openrouter_error.sse", "chat_stream_mistral_parts.sse"} {
		f.Add(dialecttest.Golden(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewChatStream(bytes.NewReader(data), StreamOptions{IncludeUsage: true, Key: "key"})
		for {
			chunk, err := s.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				mustBeOurs(t, err)
				return
			}
			if _, err := AppendChunk(nil, chunk); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(429, dialecttest.Golden(f, "error_429.json"))
	f.Add(401, dialecttest.Golden(f, "error_401.json"))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		e := DecodeError(status, nil, data, "sk-invented/1")
		if bytes.Contains(e.Upstream.Body, []byte("sk-invented/1")) {
			t.Fatal("the key is in the reply")
		}
		_, _, body := ErrorReply(e)
		if !validErrorBody(body) {
			t.Fatalf("not an error body: %s", body)
		}
		if event := AppendStreamError(nil, e); !bytes.HasPrefix(event, []byte(`data: {"error":{`)) {
			t.Fatalf("not an error event: %s", event)
		}
	})
}
