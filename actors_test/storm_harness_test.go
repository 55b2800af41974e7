package actors_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// readerIdle sets how long a reader may neither read nor close.
func readerIdle(d time.Duration) setting {
	return with(func(c *schemas.ProviderConfig) { c.NetworkConfig.ReaderIdleTimeout = d })
}

// otherName is a second provider of a client.
const otherName = "other"

// withOther gives the client a second provider, with default settings.
func withOther(p schemas.Provider) setting { return withOption(bifrost.WithProvider(otherName, p)) }

// stream asks for a streamed answer; the test fails without one.
func stream(ctx context.Context, t testing.TB, client *bifrost.Client) *bifrost.ChatStream {
	t.Helper()
	s, err := client.ChatCompletionStreamRequest(ctx, chat())
	if err != nil {
		t.Fatalf("no stream: %v", err)
	}
	return s
}

// rawCall asks for a raw answer; the test fails without one.
func rawCall(ctx context.Context, t testing.TB, client *bifrost.Client) io.ReadCloser {
	t.Helper()
	resp, err := client.RawRequest(ctx, providerName, model, &schemas.RawRequest{Method: "POST", Path: "/chat/completions", Body: []byte(prompt)})
	if err != nil {
		t.Fatalf("no raw answer: %v", err)
	}
	return resp.Raw.Body
}

// readAll reads a stream to its end, and returns how many chunks there were and
// what it ended with.
func readAll(s *bifrost.ChatStream) (chunks int, err error) {
	for {
		if _, err = s.Next(); err != nil {
			return chunks, err
		}
		chunks++
	}
}

// source is the upstream end of a streamed or raw answer: it has everything ready
// at once and counts what is taken. next decides what comes at the n-th read.
type source struct {
	next   func(n int) error // nil: endless
	size   int               // bytes per read of a raw answer
	made   atomic.Int64
	closed atomic.Int64
}

func (s *source) step() error {
	n := int(s.made.Add(1))
	if s.next == nil {
		return nil
	}
	return s.next(n)
}

// Next is schemas.ChunkReader's.
func (s *source) Next() (*schemas.ChatChunk, error) {
	if err := s.step(); err != nil {
		return nil, err
	}
	return &schemas.ChatChunk{Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: "x"}}}}, nil
}

// Read is io.Reader's.
func (s *source) Read(p []byte) (int, error) {
	if err := s.step(); err != nil {
		return 0, err
	}
	return copy(p, bytes.Repeat([]byte("x"), min(s.size, len(p)))), nil
}

// Close is io.Closer's.
func (s *source) Close() error { s.closed.Add(1); return nil }

// from answers with a source, in the form that the call asks for.
func from(s *source) script {
	return func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if a.Request.Operation == schemas.OperationRaw {
			return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Body: s}}, nil
		}
		if a.Request.Operation == schemas.OperationChatStream {
			return &schemas.Response{Stream: s}, nil
		}
		return answer("ok"), nil
	}
}

// failAt breaks at the n-th read.
func failAt(n int, err error) func(int) error {
	return func(i int) error {
		if i >= n {
			return err
		}
		return nil
	}
}

// panicking panics with the value at every call.
func panicking(value any) script {
	return func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic(value) }
}

// ignoring answers when gate is closed, whatever becomes of its context.
func ignoring(gate <-chan struct{}) script {
	return func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		<-gate
		return answer("late"), nil
	}
}

// echo answers with the text of the request's first message.
func echo(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	return answer(a.Request.Chat.Messages[0].Content.PlainText()), nil
}

// saying is a chat request with a text of the test's own.
func saying(text string) *schemas.ChatRequest {
	req := chat()
	req.Messages = []schemas.ChatMessage{schemas.UserMessage(text)}
	return req
}

// workerPIDs lists the workers of the scripted provider, as any actor of the
// program could find them in the engine's registry.
func workerPIDs(client *bifrost.Client) []*actor.PID {
	var pids []*actor.PID
	prefix := actors.ProviderID(providerName) + "-"
	registry := client.ActorSystem().ProcessRegistry
	for _, bucket := range registry.LocalPIDs.LocalPIDs {
		if bucket.Count() == 0 {
			continue // listing keys takes goroutines, also of an empty bucket
		}
		for _, id := range bucket.Keys() {
			if strings.HasPrefix(id, prefix) && strings.Contains(id, "/worker-") {
				pids = append(pids, actor.NewPID(registry.Address, id))
			}
		}
	}
	slices.SortFunc(pids, func(a, b *actor.PID) int { return strings.Compare(a.Id, b.Id) })
	return pids
}

// endedContext is a context that has ended already.
func endedContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// within fails the test if f takes longer than d in real time. f goes on; the
// test should let it end.
func within(t testing.TB, d time.Duration, what string, f func()) (done <-chan struct{}) {
	t.Helper()
	ended := make(chan struct{})
	go func() { defer close(ended); f() }() // ends with f
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		t.Errorf("%s takes longer than %v", what, d)
	}
	return ended
}

// eventually waits, in real time, for a condition that becomes true on its own.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("never happened: %s", what)
		}
	}
}

// record is everything that was printed or published, as text. It is safe for
// concurrent use.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// note prints a value in the ways that programs print values.
func (r *record) note(values ...any) {
	for _, v := range values {
		fmt.Fprintf(r, "%v\n%+v\n", v, v)
	}
}

// String returns all of it.
func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// lacks fails the test if any of the words was recorded.
func (r *record) lacks(t testing.TB, words ...string) {
	t.Helper()
	text := r.String()
	for _, w := range words {
		if at := strings.Index(text, w); at >= 0 {
			t.Errorf("%q was printed: …%s…", w, text[max(0, at-200):min(len(text), at+200)])
		}
	}
}

// events records every event of the client's actor system.
func (r *record) events(t testing.TB, system *actor.ActorSystem) {
	t.Helper()
	sub := system.EventStream.Subscribe(func(event any) {
		r.note(event)
		switch e := event.(type) {
		case *actor.DeadLetterEvent:
			r.note(e.Message, e.PID, e.Sender)
		case *actor.SupervisorEvent:
			r.note(e.Reason, e.Child)
		}
	})
	t.Cleanup(func() { system.EventStream.Unsubscribe(sub) })
}
