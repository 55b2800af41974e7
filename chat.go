package bifrost

import (
	"context"
	"io"
	"iter"

	"bifrost/schemas"
)

// ChatCompletionRequest asks for a chat completion and waits for the whole
// answer. It blocks while the provider's mailbox is full in wait mode; ctx ends
// the wait as well as the call. Errors are *schemas.Error.
func (c *Client) ChatCompletionRequest(ctx context.Context, req *schemas.ChatRequest) (*schemas.ChatResponse, error) {
	resp, err := c.chat(ctx, schemas.OperationChat, req)
	if err != nil {
		return nil, err
	}
	resp.Chat.Served = resp.Served
	return resp.Chat, nil
}

// ChatCompletionStreamRequest asks for a chat completion and returns when its
// first chunk is there. The stream holds a worker until it ends or is closed, and
// lives no longer than ctx.
func (c *Client) ChatCompletionStreamRequest(ctx context.Context, req *schemas.ChatRequest) (*ChatStream, error) {
	resp, err := c.chat(ctx, schemas.OperationChatStream, req)
	if err != nil {
		return nil, err
	}
	return &ChatStream{chunks: resp.Stream, served: resp.Served}, nil
}

func (c *Client) chat(ctx context.Context, op schemas.Operation, req *schemas.ChatRequest) (*schemas.Response, error) {
	if req == nil {
		return nil, nilRequest()
	}
	return c.send(ctx, &schemas.Request{Operation: op, Provider: req.Provider, Model: req.Model, Chat: req})
}

// send resolves the provider if the request names none, and asks its router, and
// then those of the fallbacks.
func (c *Client) send(ctx context.Context, req *schemas.Request) (*schemas.Response, error) {
	t := c.begin()
	defer t.leave()
	first, others := target{req.Provider, req.Model}, []schemas.Fallback(nil)
	if req.Provider == "" {
		var err error
		if first, others, err = t.choose(req.Model); err != nil {
			return nil, err
		}
	}
	return c.inTurn(ctx, t, first, append(others, req.Fallbacks()...), func(ctx context.Context, r Router, to target) (*schemas.Response, error) {
		addressed := *req
		addressed.Provider, addressed.Model = to.provider, to.model
		return r.Ask(ctx, &addressed)
	})
}

func nilRequest() error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Message: "the request is nil"}
}

// ChatStream is a streamed answer. One goroutine reads it; Close may be called
// from any, and more than once. A stream that is neither read to its end nor
// closed gives its worker back after NetworkConfig.ReaderIdleTimeout.
type ChatStream struct {
	chunks schemas.ChunkReader
	served schemas.Served
}

// Served says who answers.
func (s *ChatStream) Served() schemas.Served { return s.served }

// Usage returns the tokens that the provider has counted, whether or not the request
// asked for them; nil before the stream's end, or if they are unknown. It is read-only.
// It is safe for concurrent use.
func (s *ChatStream) Usage() *schemas.Usage {
	return (&schemas.Response{Stream: s.chunks}).Usage()
}

// Next blocks until the next chunk. It returns io.EOF at the regular end, and an
// *schemas.Error for a stream that broke.
func (s *ChatStream) Next() (*schemas.ChatChunk, error) { return s.chunks.Next() }

// Close gives up the rest of the answer, and cancels the call.
func (s *ChatStream) Close() error { return s.chunks.Close() }

// All ranges over the chunks. An error is the last element; the regular end has
// none. Leaving the loop early closes the stream.
func (s *ChatStream) All() iter.Seq2[*schemas.ChatChunk, error] {
	return func(yield func(*schemas.ChatChunk, error) bool) {
		defer s.Close()
		for {
			chunk, err := s.Next()
			if err == io.EOF {
				return
			}
			if !yield(chunk, err) || err != nil {
				return
			}
		}
	}
}
