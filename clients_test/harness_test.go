package clients_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"bifrost"
)

// network serves a handler until the test ends, and returns its address and an
// HTTP client that reaches it.
type network func(t *testing.T, h http.Handler) (base string, client *http.Client)

func onLoopback(t *testing.T, h http.Handler) (string, *http.Client) {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL, srv.Client()
}

// inMemory serves connections that are pipes, so that it works in a bubble.
func inMemory(t *testing.T, h http.Handler) (string, *http.Client) {
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv := &http.Server{Handler: h}
	served := make(chan struct{})
	go func() { // ends when srv is closed
		defer close(served)
		_ = srv.Serve(l)
	}()
	tr := &http.Transport{DialContext: l.dial}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = srv.Close()
		<-served
	})
	return "http://in.memory", &http.Client{Transport: tr}
}

// pipes is a net.Listener whose connections are made by dial.
type pipes struct {
	conns   chan net.Conn
	closing sync.Once
	closed  chan struct{}
}

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return nil
}

func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "in.memory", Net: "pipe"} }

// stop shuts a client down and checks that nothing is left and every request is
// accounted for.
func stop(t *testing.T, client *bifrost.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := client.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	stats := client.Stats().Providers
	if len(stats) == 0 {
		t.Error("no statistics after the shutdown")
	}
	for name, s := range stats {
		if !s.Balanced() || s.InHand+s.Queued+s.Waiting+s.BackingOff != 0 {
			t.Errorf("%s is not at rest or its counters do not add up: %+v", name, s)
		}
	}
}

// await waits for a signal.
func await[T any](t *testing.T, signal <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-signal:
		return v
	case <-time.After(patience):
		t.Fatal("no sign of: " + what)
		panic("unreachable")
	}
}

// simulate asks the simulated provider for a behaviour.
func simulate(switches string) option.RequestOption {
	return option.WithHeader("X-Simulate", switches)
}

// ask is a chat request with one message.
func (d *door) ask(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    d.model("sim-small"),
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)},
	}
}

// chat makes a call that must succeed.
func (d *door) chat(t *testing.T, p openai.ChatCompletionNewParams, opts ...option.RequestOption) *openai.ChatCompletion {
	t.Helper()
	answer, err := d.sdk.Chat.Completions.New(t.Context(), p, opts...)
	if err != nil {
		t.Fatal(describe(err))
	}
	return answer
}

// read reads a chat stream to its end.
func read(stream *ssestream.Stream[openai.ChatCompletionChunk]) (chunks []openai.ChatCompletionChunk, err error) {
	for stream.Next() {
		chunks = append(chunks, stream.Current())
	}
	return chunks, errors.Join(stream.Err(), stream.Close())
}

// stream makes a streamed call that must succeed, and returns its chunks.
func (d *door) stream(t *testing.T, p openai.ChatCompletionNewParams, opts ...option.RequestOption) []openai.ChatCompletionChunk {
	t.Helper()
	chunks, err := read(d.sdk.Chat.Completions.NewStreaming(t.Context(), p, opts...))
	if err != nil {
		t.Fatal(describe(err))
	}
	return chunks
}

// accumulate puts chunks together as the SDK does.
func accumulate(t *testing.T, chunks []openai.ChatCompletionChunk) openai.ChatCompletion {
	t.Helper()
	var acc openai.ChatCompletionAccumulator
	for i, c := range chunks {
		if !acc.AddChunk(c) {
			t.Fatalf("the SDK's accumulator does not take chunk %d: %s", i, c.RawJSON())
		}
	}
	return acc.ChatCompletion
}

// refusalOf is the SDK's view of an error answer.
func refusalOf(t *testing.T, err error) *openai.Error {
	t.Helper()
	var e *openai.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T (%v), want an *openai.Error", err, err)
	}
	return e
}

// describe says more of an API error than the SDK's own text does.
func describe(err error) string {
	var e *openai.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return e.Error() + ": " + e.RawJSON()
}
