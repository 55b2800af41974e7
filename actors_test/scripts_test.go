package actors_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"bifrost/schemas"
)

// answer is a chat answer with the given text.
func answer(text string) *schemas.Response {
	return &schemas.Response{Chat: &schemas.ChatResponse{Object: "chat.completion", Model: model,
		Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage(text), FinishReason: "stop"}}}}
}

// atOnce answers at once.
func atOnce(context.Context, *schemas.Attempt) (*schemas.Response, error) { return answer("ok"), nil }

// pause waits, and tells how the context ended if it did before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// after answers after d, or sooner if its context ends.
func after(d time.Duration) script {
	return func(ctx context.Context, _ *schemas.Attempt) (*schemas.Response, error) {
		if err := pause(ctx, d); err != nil {
			return nil, err
		}
		return answer("ok"), nil
	}
}

// heldBy answers when gate is closed, or sooner if its context ends.
func heldBy(gate <-chan struct{}) script {
	return func(ctx context.Context, _ *schemas.Attempt) (*schemas.Response, error) {
		select {
		case <-gate:
			return answer("ok"), nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// refusing answers with an error status of the provider.
func refusing(kind schemas.ErrorKind, status int) script {
	return func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		return nil, &schemas.Error{Kind: kind, StatusCode: status, Message: "scripted refusal", MayHaveStarted: true}
	}
}

// inOrder runs the n-th script at the n-th call, and the last one from then on.
func inOrder(scripts ...script) script {
	var mu sync.Mutex
	n := 0
	return func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		mu.Lock()
		s := scripts[min(n, len(scripts)-1)]
		n++
		mu.Unlock()
		return s(ctx, a)
	}
}

// streaming answers with chunks, one every interval.
func streaming(chunks int, every time.Duration) script {
	return func(ctx context.Context, _ *schemas.Attempt) (*schemas.Response, error) {
		return &schemas.Response{Stream: &chunkStream{ctx: ctx, left: chunks, every: every, closed: make(chan struct{})}}, nil
	}
}

// chunkStream makes its chunks in time.
type chunkStream struct {
	ctx   context.Context
	left  int
	every time.Duration

	made   int
	once   sync.Once
	closed chan struct{}
}

func (s *chunkStream) Next() (*schemas.ChatChunk, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	timer := time.NewTimer(s.every)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closed:
		return nil, io.ErrClosedPipe
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
	s.left--
	s.made++
	return &schemas.ChatChunk{Object: "chat.completion.chunk", Model: model,
		Choices: []schemas.ChunkChoice{{Delta: schemas.Delta{Content: fmt.Sprintf("%d ", s.made)}}}}, nil
}

func (s *chunkStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
