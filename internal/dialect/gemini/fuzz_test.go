package gemini

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

func FuzzDecodeRequest(f *testing.F) {
	f.Add(dialecttest.Golden(f, "request.json"))
	f.Add([]byte(`{"contents":{"parts":{"text":"hi"}},"system_instruction":{"parts":{"text":"s"}},"tools":[{"function_declarations":[{"name":"f","parameters":{"type":"OBJECT","nullable":true}}]}],"tools":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, _, err := DecodeRequest(data, "gemini-3-flash")
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		out, _, err := EncodeRequest(req, "gemini-3-flash")
		mustBeOurs(t, err)
		if err == nil && !json.Valid(out) {
			t.Fatalf("not json: %s", out)
		}
	})
}

func FuzzEncodeRequest(f *testing.F) {
	f.Add(dialecttest.Golden(f, "request_canonical.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &schemas.ChatRequest{}
		if json.Unmarshal(data, req) != nil {
			return
		}
		out, _, err := EncodeRequest(req, "m")
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		if _, _, err := DecodeRequest(out, "m"); err != nil {
			mustBeOurs(t, err)
		}
	})
}

func FuzzJSONSchema(f *testing.F) {
	f.Add([]byte(`{"type":"OBJECT","nullable":true,"properties":{"a":{"type":"STRING","format":"enum","enum":["x"]}},"anyOf":[{"type":"NULL"}],"maxItems":"3","propertyOrdering":["a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return
		}
		once := jsonSchema(data)
		if !json.Valid(once) {
			t.Fatalf("not json: %s", once)
		}
		if again := jsonSchema(once); !bytes.Equal(once, again) && !bytes.Contains(data, []byte("ullable")) {
			t.Fatalf("%s is a json schema, and becomes %s", once, again)
		}
	})
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, name := range []string{"response.json", "models.json", "error_429.json"} {
		f.Add(dialecttest.Golden(f, name))
	}
	f.Add([]byte(`{"embeddings":[{"values":[1]}],"totalTokens":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if resp, err := DecodeResponse(data, "key"); err != nil {
			mustBeOurs(t, err)
		} else if _, err := EncodeResponse(resp, true); err != nil {
			mustBeOurs(t, err)
		}
		_, err := decodeTokens(data, "key")
		mustBeOurs(t, err)
		vectors, err := DecodeEmbeddingResponse(data, "m", "key")
		mustBeOurs(t, err)
		if err == nil {
			if _, err := EncodeEmbeddingResponse(vectors, methodEmbedAll); err != nil {
				t.Fatal(err)
			}
		}
		list, err := DecodeModels(data, "key")
		mustBeOurs(t, err)
		if err == nil {
			if _, err := EncodeModels(list); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecodeEmbedding(f *testing.F) {
	f.Add([]byte(`{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"outputDimensionality":3}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, method := range []string{methodEmbed, methodEmbedAll} {
			req, err := DecodeEmbedding(data, "m", method)
			mustBeOurs(t, err)
			if err != nil {
				continue
			}
			if _, _, _, err := EncodeEmbedding(req, "m"); err != nil {
				mustBeOurs(t, err)
			}
		}
	})
}

func FuzzChatStream(f *testing.F) {
	f.Add(dialecttest.Golden(f, "stream.sse"))
	f.Add([]byte("[{\"error\":{\"code\":503}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewChatStream(bytes.NewReader(data), true, "key")
		w := &chunkWriter{thoughts: true}
		var out []byte
		for {
			chunk, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				mustBeOurs(t, err)
				return
			}
			if out, err = w.Append(out, chunk); err != nil {
				mustBeOurs(t, err)
				return
			}
		}
		events(t, w.AppendEnd(out))
	})
}

func FuzzStreamWatch(f *testing.F) {
	f.Add(dialecttest.Golden(f, "stream.sse"))
	f.Add([]byte(textEvent + errorEvent))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := NewStreamWatch(streamPath, "key")
		r := wire.NewReader(bytes.NewReader(data))
		for {
			ev, err := r.Next()
			if err != nil {
				_, end := w.End(err)
				if end != io.EOF {
					mustBeOurs(t, end)
				}
				return
			}
			pass, _, failure := w.See(ev)
			if failure != nil && bytes.Contains(failure.Upstream.Body, []byte("key")) {
				t.Fatalf("the key is in %s, of %s", failure.Upstream.Body, pass)
			}
			if len(pass) > 0 && !bytes.HasPrefix(pass, []byte("data: ")) {
				t.Fatalf("clients cannot read %q", pass)
			}
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(429, dialecttest.Golden(f, "error_429.json"))
	f.Add(400, []byte(`[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]`))
	for _, delay := range []string{"3s", "-3s", "1h2m3.5s", "2562047h", "x", ""} {
		f.Add(429, []byte(`{"error":{"code":429,"message":"m","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"`+delay+`"}]}}`))
	}
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		e := DecodeError(status, nil, data, "sk-invented/1")
		if bytes.Contains(e.Upstream.Body, []byte("sk-invented/1")) {
			t.Fatal("the key is in the reply")
		}
		if e.RetryAfter < 0 || e.RetryAfter > dialect.LongestWait {
			t.Fatalf("the wait is %v", e.RetryAfter)
		}
		_, _, body := ErrorReply(e)
		if !json.Valid(body) || validErrorBody(body) == nil {
			t.Fatalf("not an error body: %s", body)
		}
		if event := AppendStreamError(nil, e); !bytes.HasPrefix(event, []byte(`data: {"error":{`)) {
			t.Fatalf("not an error event: %s", event)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/models/openai/gpt-4o-mini:generateContent", "a/b")
	f.Add("/tunedModels/x:generateContent", "tunedModels/y")
	f.Fuzz(func(t *testing.T, path, model string) {
		_, method := splitPath(path)
		if model == "" || method == "" || model == "models/" {
			return
		}
		call := withModel(&schemas.RawRequest{Path: path}, model)
		got, kept := splitPath(call.Path)
		if first, _ := splitPath(path); first == "" {
			return
		}
		if nameOf(got) != nameOf(model) || kept != method {
			t.Fatalf("%q of %q becomes %q: %q, %q", path, model, call.Path, got, kept)
		}
	})
}
