package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const shortTime = 100 * time.Millisecond

// pass waits until a limit of shortTime is certainly over.
func pass(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(3 * shortTime):
	}
}

func TestTheTimeForABodyDoesNotBoundTheAnswer(t *testing.T) {
	slow := &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		pass(ctx)
		return reply(answer), ctx.Err()
	}}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{BodyTimeout: shortTime}, bifrost.WithProvider("fake", slow))
	if got := s.post(t, chatPath, goodChat); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestTheTimeForAWriteDoesNotBoundTheProviderOrTheNextRequest(t *testing.T) {
	slow := &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		r, w := io.Pipe()
		go func() { // ends when the gateway has read both
			_, _ = io.WriteString(w, "data: 1\n\n")
			pass(ctx)
			_, _ = io.WriteString(w, "data: 2\n\n")
			w.Close()
		}()
		return replyFrom(eventType, r), nil
	}}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{WriteTimeout: shortTime}, bifrost.WithProvider("fake", slow))
	s.Client().Transport.(*http.Transport).ExpectContinueTimeout = patience
	for range 2 { // on one connection
		r := s.request(t, "POST", chatPath, goodStream, "Expect", "100-continue")
		r.Body = io.NopCloser(strings.NewReader(goodStream))
		if got := s.do(t, r); got.status != 200 || got.body != "data: 1\n\ndata: 2\n\n" || got.err != nil {
			t.Errorf("got %d %q, %v", got.status, got.body, got.err)
		}
		pass(t.Context())
	}
}
