package actors_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// A caller ends its context with another provider's error, as an errgroup does;
// each of these was once taken for this provider's own verdict.

func othersRefusal() *schemas.Error {
	return &schemas.Error{Kind: schemas.KindUnauthorized, StatusCode: 401, Provider: "other",
		Upstream: &schemas.UpstreamReply{StatusCode: 401}}
}

func TestCallersOwnCauseRestsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Second)), sizes(2, 2), keys(schemas.Key{Name: "k", Value: "v"}))
		ctx, cancel := context.WithCancelCause(t.Context())
		callers := crowdOf(ctx, client, 1)
		synctest.Wait()
		cancel(othersRefusal())
		wantTally(t, callers.tally(), map[string]int{"canceled": 1})
		synctest.Wait()
		if err := ask(t.Context(), client); err != nil {
			t.Errorf("the next caller: %v", err)
		}
		atRest(t, client)
	})
}

func TestCallersOwnCauseIsNotTheProvidersWordInAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chunks := streaming(100, time.Second)
		for name, s := range map[string]script{
			"the provider returns its context's cause": func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
				resp, err := chunks(ctx, a)
				resp.Stream = causing{resp.Stream, ctx}
				return resp, err
			},
			"the provider does not": chunks,
		} {
			client := startClient(t, newProvider(s), sizes(2, 2))
			ctx, cancel := context.WithCancelCause(t.Context())
			chunks := stream(ctx, t, client)
			if _, err := chunks.Next(); err != nil {
				t.Fatal(err)
			}
			cancel(othersRefusal())
			synctest.Wait()
			var err error
			for err == nil {
				_, err = chunks.Next()
			}
			if e := errorOf(t, err); e.Kind != schemas.KindCanceled || e.Upstream != nil {
				t.Errorf("%s: the stream ends with %v", name, e)
			}
			if st := stats(client); st.Failed != 0 || st.Cancelled != 1 {
				t.Errorf("%s: %d failed, %d cancelled", name, st.Failed, st.Cancelled)
			}
			atRest(t, client)
		}
	})
}

// causing is a stream that ends with the cause of its context's end.
type causing struct {
	schemas.ChunkReader
	ctx context.Context
}

func (s causing) Next() (*schemas.ChatChunk, error) {
	chunk, err := s.ChunkReader.Next()
	if s.ctx.Err() != nil {
		return nil, context.Cause(s.ctx)
	}
	return chunk, err
}
