package bifrost

import (
	"context"
	"io"
	"iter"
	"net/http"
	"sync/atomic"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/schemas"
)

// ResponsesRequest asks for a response and waits for all of it. It blocks as
// ChatCompletionRequest does. A response that failed is an answer, whose Status and Error
// say so. Hooks see the call as a raw one of the Responses API or, where the provider has
// chat only, as the chat that it is translated to. An answer that breaks off once it has
// begun is not tried again at the same provider, but at a fallback.
func (c *Client) ResponsesRequest(ctx context.Context, req *schemas.ResponsesRequest) (*schemas.ResponsesResponse, error) {
	return responseOf(ctx, c, req, openai.PathResponses, openai.DecodeResponse)
}

// ResponsesCompactRequest asks for a conversation in a shorter form, whose Output is the
// input of the next request
// (https://platform.openai.com/docs/api-reference/responses/compact). It blocks as
// ChatCompletionRequest does, and is not translated: a provider without the Responses API
// refuses it.
func (c *Client) ResponsesCompactRequest(ctx context.Context, req *schemas.ResponsesRequest) (*schemas.ResponsesResponse, error) {
	return responseOf(ctx, c, req, openai.PathCompact, openai.DecodeResponse)
}

// ResponsesCountTokensRequest asks how many tokens the input of a response has
// (https://platform.openai.com/docs/api-reference/responses/input-tokens). What
// ResponsesCompactRequest says holds here.
func (c *Client) ResponsesCountTokensRequest(ctx context.Context, req *schemas.ResponsesRequest) (*schemas.TokenCount, error) {
	return responseOf(ctx, c, req, openai.PathInputTokens, openai.DecodeInputTokens)
}

// responseOf makes a call of the Responses API that is answered in one piece.
func responseOf[T any](ctx context.Context, c *Client, req *schemas.ResponsesRequest, path string,
	decode func([]byte) (*T, error)) (*T, error) {
	var out *T
	resp, err := c.responses(ctx, req, path, false, func(resp *schemas.Response) (err error) {
		out, err = decoded(resp, decode)
		return err
	})
	if err != nil {
		return nil, err
	}
	setServed(out, resp.Served)
	return out, nil
}

// ResponsesStreamRequest asks for a response and returns when its first event is there.
// The stream holds a worker until it ends or is closed, and lives no longer than ctx.
func (c *Client) ResponsesStreamRequest(ctx context.Context, req *schemas.ResponsesRequest) (*ResponsesStream, error) {
	resp, err := c.responses(ctx, req, openai.PathResponses, true, nil)
	if err != nil {
		return nil, err
	}
	return newResponsesStream(resp), nil
}

// responses makes a call of the Responses API at the provider of its model, and then at
// the fallbacks. read, which may be nil, reads an answer; if it fails, so has the provider.
func (c *Client) responses(ctx context.Context, req *schemas.ResponsesRequest, path string, stream bool,
	read func(*schemas.Response) error) (*schemas.Response, error) {
	if req == nil {
		return nil, nilRequest()
	}
	t := c.begin()
	defer t.leave()
	first, others := target{req.Provider, req.Model}, []schemas.Fallback(nil)
	if req.Provider == "" {
		var err error
		if first, others, err = t.choose(req.Model); err != nil {
			return nil, err
		}
	}
	return c.inTurn(ctx, t, first, append(others, req.Fallbacks...), func(ctx context.Context, r Router, to target) (*schemas.Response, error) {
		raw, err := openai.EncodeResponses(req, path, to.model, stream)
		if err != nil {
			return nil, err
		}
		resp, err := c.rawCall(ctx, r, to, raw)
		if err == nil && read != nil {
			err = read(resp)
		}
		return resp, err
	})
}

// ResponsesStream is a streamed response. One goroutine reads it; Close may be called
// from any, and more than once. A stream that is neither read to its end nor closed gives
// its worker back after NetworkConfig.ReaderIdleTimeout.
type ResponsesStream struct {
	body   io.Closer
	events *openai.ResponsesEvents
	served schemas.Served
	closed atomic.Bool
	ended  error // what Next has ended with
}

func newResponsesStream(resp *schemas.Response) *ResponsesStream {
	return &ResponsesStream{body: resp.Raw.Body, events: openai.NewResponsesEvents(resp.Raw.Body), served: resp.Served}
}

// Served says who answers.
func (s *ResponsesStream) Served() schemas.Served { return s.served }

// Next blocks until the next event. It returns io.EOF at the regular end, which is after
// the event that has the whole response, and an *schemas.Error for a stream that broke,
// or ended without that event, and after the event of a response that failed; and the
// same again.
func (s *ResponsesStream) Next() (*schemas.ResponsesEvent, error) {
	if s.ended != nil {
		return nil, s.ended
	}
	event, err := s.events.Next()
	switch {
	case s.closed.Load():
		s.ended = broken(&schemas.Error{Kind: schemas.KindCanceled, MayHaveStarted: true, Message: "the stream was closed by its reader"}, s.served)
	case err == nil:
		return event, nil
	case err == io.EOF:
		s.ended = err
	default:
		s.ended = broken(err, s.served)
	}
	_ = s.body.Close()
	return nil, s.ended
}

// Close gives up the rest of the response, and cancels the call.
func (s *ResponsesStream) Close() error {
	s.closed.Store(true)
	return s.body.Close()
}

// All ranges over the events. An error is the last element; the regular end has none.
// Leaving the loop early closes the stream.
func (s *ResponsesStream) All() iter.Seq2[*schemas.ResponsesEvent, error] {
	return func(yield func(*schemas.ResponsesEvent, error) bool) {
		defer s.Close()
		for {
			event, err := s.Next()
			if err == io.EOF {
				return
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// ResponsesRetrieveRequest asks for a response that a provider keeps, in the state that
// it is in. It blocks as ChatCompletionRequest does; nothing is translated, here and below.
func (c *Client) ResponsesRetrieveRequest(ctx context.Context, req *schemas.StoredResponseRequest) (*schemas.ResponsesResponse, error) {
	return storedResponse(ctx, c, http.MethodGet, req, openai.DecodeResponse)
}

// ResponsesRetrieveStreamRequest streams the events of a response in the background that
// was asked for as a stream, those that have been included, from StartingAfter on. What
// ResponsesStreamRequest says holds here.
func (c *Client) ResponsesRetrieveStreamRequest(ctx context.Context, req *schemas.StoredResponseRequest) (*ResponsesStream, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.ResponseCall(http.MethodGet, req, true)
	if err != nil {
		return nil, err
	}
	resp, err := c.kept(ctx, req.Provider, schemas.OperationResponses, raw)
	if err != nil {
		return nil, err
	}
	if dialect.IsJSON(resp.Raw.Header) { // a provider that does not know this stream
		_ = resp.Raw.Body.Close()
		return nil, broken(dialect.BadAnswer("the provider answered a request for a stream with a whole answer; retrieve it without a stream"), resp.Served)
	}
	return newResponsesStream(resp), nil
}

// ResponsesCancelRequest ends a response in the background, and returns what there is of
// it.
func (c *Client) ResponsesCancelRequest(ctx context.Context, req *schemas.StoredResponseRequest) (*schemas.ResponsesResponse, error) {
	return storedResponse(ctx, c, http.MethodPost, req, openai.DecodeResponse)
}

// ResponsesDeleteRequest deletes a response that a provider keeps.
func (c *Client) ResponsesDeleteRequest(ctx context.Context, req *schemas.StoredResponseRequest) (*schemas.Deletion, error) {
	return storedResponse(ctx, c, http.MethodDelete, req, openai.DecodeDeletion)
}

func storedResponse[T any](ctx context.Context, c *Client, method string, req *schemas.StoredResponseRequest,
	decode func([]byte) (*T, error)) (*T, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.ResponseCall(method, req, false)
	if err != nil {
		return nil, err
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationResponses, raw, decode)
}

// ResponsesInputItemsRequest asks for a page of the input of a response that a provider
// keeps.
func (c *Client) ResponsesInputItemsRequest(ctx context.Context, req *schemas.InputItemsRequest) (*schemas.ResponsesItemList, error) {
	if req == nil {
		return nil, nilRequest()
	}
	raw, err := openai.InputItemsCall(req)
	if err != nil {
		return nil, err
	}
	return keptAs(ctx, c, req.Provider, schemas.OperationResponses, raw, openai.DecodeItems)
}
