package anthropic

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

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
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":null}],"system":"s","stop_sequences":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, _, err := DecodeRequest(data)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		out, _, err := EncodeRequest(req, "", schemas.OperationChatStream)
		mustBeOurs(t, err)
		if err == nil && !json.Valid(out) {
			t.Fatalf("not json: %s", out)
		}
	})
}

func FuzzEncodeRequest(f *testing.F) {
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aa"}}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req := &schemas.ChatRequest{}
		if json.Unmarshal(data, req) != nil {
			return
		}
		out, _, err := EncodeRequest(req, "", schemas.OperationChat)
		mustBeOurs(t, err)
		if err != nil {
			return
		}
		if _, _, err := DecodeRequest(out); err != nil && req.Model != "" {
			mustBeOurs(t, err)
		}
	})
}

func FuzzDecodeAnswers(f *testing.F) {
	for _, name := range []string{"response.json", "models.json", "error_529.json"} {
		f.Add(dialecttest.Golden(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if resp, err := DecodeResponse(data, "key"); err != nil {
			mustBeOurs(t, err)
		} else if _, err := EncodeResponse(resp); err != nil {
			mustBeOurs(t, err)
		}
		_, err := decodeTokens(data, "key")
		mustBeOurs(t, err)
		list, err := DecodeModels(data, "key")
		mustBeOurs(t, err)
		if err == nil {
			if _, err := EncodeModels(list); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzChatStream(f *testing.F) {
	f.Add(dialecttest.Golden(f, "stream.sse"))
	f.Add([]byte(startEvent + toolEvent + reasonEvent))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewChatStream(bytes.NewReader(data), true, "key")
		w := &chunkWriter{}
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
		out = w.AppendEnd(out)
		if !bytes.Contains(out, []byte("event: error")) {
			orderly(t, out)
		}
	})
}

func FuzzStreamWatch(f *testing.F) {
	f.Add(dialecttest.Golden(f, "stream.sse"))
	f.Add([]byte(startEvent + errorEvent))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := NewStreamWatch(PathMessages, "key")
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
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add(529, dialecttest.Golden(f, "error_529.json"))
	f.Fuzz(func(t *testing.T, status int, data []byte) {
		e := DecodeError(status, nil, data, "sk-invented/1")
		if bytes.Contains(e.Upstream.Body, []byte("sk-invented/1")) {
			t.Fatal("the key is in the reply")
		}
		_, _, body := ErrorReply(e)
		if !validErrorBody(body) {
			t.Fatalf("not an error body: %s", body)
		}
		if event := AppendStreamError(nil, e); !bytes.HasPrefix(event, []byte("event: error\ndata: {")) {
			t.Fatalf("not an error event: %s", event)
		}
	})
}
