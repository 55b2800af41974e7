package gateway_test

import (
	"context"
	"io"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestAClientThatDisconnectsCancelsTheCallInHand(t *testing.T) {
	called, cancelled := make(chan struct{}), make(chan struct{})
	s := serveFake(t, &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		close(called)
		<-ctx.Done()
		close(cancelled)
		return nil, ctx.Err()
	}})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	r := s.request(t, "POST", chatPath, goodChat).WithContext(ctx)
	go func() { // ends when the client has left
		_, err := s.Client().Do(r)
		left <- err
	}()
	await(t, "the call", called)
	leave()
	await(t, "the call's cancellation", cancelled)
	if await(t, "the client", left) == nil {
		t.Error("the client got an answer")
	}
	eventually(t, "the request to be counted as cancelled", func() bool {
		stats := s.bifrost.Stats().Providers["fake"]
		return stats.InHand == 0 && stats.Cancelled == 1 && stats.Failed == 0
	})
}

func TestAClientThatDisconnectsFromAStreamCancelsIt(t *testing.T) {
	ended := make(chan struct{}, 1)
	s := serveFake(t, stuck(ended))
	resp, err := s.Client().Do(s.request(t, "POST", chatPath, goodStream))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	await(t, "the upstream call to end", ended)
	eventually(t, "the stream to be counted as cancelled", func() bool {
		stats := s.bifrost.Stats().Providers["fake"]
		return stats.InHand == 0 && stats.Cancelled == 1 && stats.Failed == 0
	})
}

func TestAClientThatDisconnectsWhileQueuedNeverReachesTheProvider(t *testing.T) {
	p, release, calls := holding()
	account := schemas.StaticAccount{"fake": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{}, bifrost.WithProvider("fake", p))
	first := s.start(t.Context(), t)
	await(t, "the first call", calls)
	ctx, leave := context.WithCancel(t.Context())
	second := s.start(ctx, t)
	eventually(t, "the second request to be queued", func() bool { return s.bifrost.Stats().Providers["fake"].Queued == 1 })
	leave()
	await(t, "the second client", second)
	eventually(t, "its place to be free", func() bool { return s.bifrost.Stats().Providers["fake"].Queued == 0 })
	close(release)
	if got := await(t, "the first answer", first); got.status != 200 {
		t.Errorf("got %d", got.status)
	}
	if len(calls) > 0 {
		t.Error("the request of a client that had left reached the provider")
	}
}

// holding holds every answer until release is closed, and tells of each call.
func holding() (p *fake, release chan struct{}, calls chan struct{}) {
	release, calls = make(chan struct{}), make(chan struct{}, 100)
	return &fake{call: func(ctx context.Context, _ *schemas.RawRequest) (*schemas.RawResponse, error) {
		calls <- struct{}{}
		select {
		case <-release:
			return reply(answer), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}, release, calls
}

// start sends a good chat and returns at once. The goroutine ends with its answer
// or with ctx.
func (s *site) start(ctx context.Context, t *testing.T) <-chan received {
	t.Helper()
	r := s.request(t, "POST", chatPath, goodChat).WithContext(ctx)
	out := make(chan received, 1)
	go func() {
		resp, err := s.Client().Do(r)
		if err != nil {
			out <- received{err: err}
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		out <- received{resp.StatusCode, resp.Header, string(body), err}
	}()
	return out
}
