package cohere

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"bifrost/schemas"
)

const secret = "sk-invented/0123"

// chatOf reads a request in the canonical form, with further fields.
func chatOf(t testing.TB, text, extra string) *schemas.ChatRequest {
	t.Helper()
	req := &schemas.ChatRequest{}
	if err := json.Unmarshal([]byte(text), req); err != nil {
		t.Fatal(err)
	}
	if extra != "" {
		if err := json.Unmarshal([]byte(extra), &req.Extra); err != nil {
			t.Fatal(err)
		}
	}
	return req
}

// request is a request of an operation for a model.
func request(op schemas.Operation, model string) *schemas.Request {
	chat := &schemas.ChatRequest{Model: model, Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}}
	return &schemas.Request{Operation: op, Model: model, Chat: chat}
}

// accumulated reads a stream to its end and puts its chunks together.
func accumulated(data []byte, opts StreamOptions) (*schemas.ChatResponse, error) {
	s := NewChatStream(bytes.NewReader(data), opts)
	var all schemas.ChatAccumulator
	for {
		chunk, err := s.Next()
		if err == io.EOF {
			return all.Response(), nil
		}
		if err != nil {
			if _, again := s.Next(); !errors.Is(again, err) {
				return nil, errors.New("another error after the first")
			}
			return all.Response(), err
		}
		all.Add(chunk)
	}
}

// wantKind fails unless err is an *schemas.Error of the kind.
func wantKind(t testing.TB, err error, kind schemas.ErrorKind) *schemas.Error {
	t.Helper()
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got %v, want an error of kind %s", err, kind)
	}
	return e
}
