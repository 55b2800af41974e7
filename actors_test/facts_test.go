package actors_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// facts are what a hook has learned of requests and attempts, in the order of their ends.
type facts struct {
	mu       sync.Mutex // guards what follows
	requests []schemas.HookCall
	attempts []schemas.HookCall
}

func (f *facts) hook() schemas.Hook {
	return schemas.Hook{
		AfterRequest: func(_ context.Context, c *schemas.HookCall, _ *schemas.Response, _ error) { f.note(&f.requests, c) },
		AfterAttempt: func(_ context.Context, c *schemas.HookCall, _ *schemas.Response, _ error) { f.note(&f.attempts, c) },
	}
}

func (f *facts) note(to *[]schemas.HookCall, c *schemas.HookCall) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*to = append(*to, *c)
}

func waits(calls []schemas.HookCall) (out []time.Duration) {
	for _, c := range calls {
		out = append(out, c.Waited)
	}
	slices.Sort(out)
	return out
}

func TestHooksLearnHowLongARequestWaitedAndWhenItsContentWasThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f facts
		client := startClient(t, newProvider(after(time.Second)), sizes(1, 1), withHooks(f.hook()))
		var asking sync.WaitGroup
		for range 3 { // in hand, queued, waiting for a place
			asking.Go(func() {
				if err := ask(t.Context(), client); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		asking.Wait()
		want := []time.Duration{0, time.Second, 2 * time.Second}
		if got := waits(f.requests); !slices.Equal(got, want) {
			t.Errorf("requests waited %v", got)
		}
		if got := waits(f.attempts); !slices.Equal(got, want) {
			t.Errorf("attempts know of %v", got)
		}
		for i, c := range f.requests {
			if c.FirstContent != time.Duration(i+1)*time.Second {
				t.Errorf("request %d had its content after %v", i, c.FirstContent)
			}
		}
		for _, c := range f.attempts {
			if c.FirstContent != time.Second {
				t.Errorf("an attempt had its content after %v", c.FirstContent)
			}
		}
	})
}

func TestAnAnswerSaysHowLongItsRequestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(time.Second)), sizes(1, 1))
		go func() { _ = ask(context.Background(), client) }()
		synctest.Wait()
		resp, err := client.ChatCompletionRequest(t.Context(), chat())
		if err != nil {
			t.Fatal(err)
		}
		if resp.Served.Waited != time.Second || resp.Served.FirstContent != 2*time.Second {
			t.Errorf("%+v", resp.Served)
		}
	})
}

func TestHooksLearnTheWaitOfARequestThatIsRefusedOrLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f facts
		client := startClient(t, newProvider(after(time.Minute)), sizes(1, 1), queueTimeout(3*time.Second), withHooks(f.hook()))
		var asking sync.WaitGroup
		ctx, leave := context.WithTimeout(t.Context(), 2*time.Second)
		defer leave()
		for _, ctx := range []context.Context{t.Context(), ctx, t.Context(), t.Context()} { // in hand, queued, two waiting
			asking.Go(func() { _ = ask(ctx, client) })
			synctest.Wait()
		}
		asking.Wait()
		// The third is queued when the second leaves, and is served after a minute.
		if got, want := waits(f.requests), []time.Duration{0, 2 * time.Second, 3 * time.Second, time.Minute}; !slices.Equal(got, want) {
			t.Errorf("waited %v", got)
		}
	})
}

func TestARetryDoesNotWaitAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f facts
		client := startClient(t, newProvider(inOrder(refusing(schemas.KindUpstream, 500), after(time.Second))),
			retries(1, time.Second), withHooks(f.hook()))
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if got := waits(f.requests); !slices.Equal(got, []time.Duration{0}) {
			t.Errorf("waited %v", got)
		}
		if len(f.attempts) != 2 || f.attempts[0].FirstContent != 0 || f.attempts[1].FirstContent != time.Second {
			t.Errorf("attempts %+v", f.attempts)
		}
	})
}

func TestAnAttemptKnowsTheStateOfItsRequestAndSendsTheHeadersOfTheHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent http.Header
		provider := newProvider(func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			sent = a.Header
			return answer("ok"), nil
		})
		var parents []any
		tracing := schemas.Hook{
			BeforeRequest: func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
				c.State = "trace"
				return nil, nil
			},
			BeforeAttempt: func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
				parents = append(parents, c.Parent)
				c.Header = http.Header{"traceparent": {"00-1"}}
				return nil, nil
			},
		}
		other := schemas.Hook{BeforeAttempt: func(_ context.Context, c *schemas.HookCall) (*schemas.Response, error) {
			parents = append(parents, c.Parent)
			c.Header = http.Header{"X-Mine": {"b"}}
			return nil, nil
		}}
		client := startClient(t, provider, withHooks(tracing, other))
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if len(parents) != 2 || parents[0] != "trace" || parents[1] != nil {
			t.Errorf("parents %v", parents)
		}
		if want := (http.Header{"Traceparent": {"00-1"}, "X-Mine": {"b"}}); !maps.EqualFunc(sent, want, slices.Equal) {
			t.Errorf("sent %v", sent)
		}
	})
}

// reporting is a body that tells its usage when it was read.
type reporting struct {
	io.Reader
	usage *schemas.Usage
}

func (r *reporting) Usage() *schemas.Usage { return r.usage }
func (r *reporting) Close() error          { return nil }

func TestAnAnswerThatStreamsHasItsUsageAtItsEnd(t *testing.T) {
	counts := &schemas.Usage{PromptTokens: 3, CompletionTokens: 4, TotalTokens: 7}
	body := func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Body: &reporting{strings.NewReader("{}"), counts}}}, nil
	}
	synctest.Test(t, func(t *testing.T) {
		var f facts
		client := startClient(t, newProvider(body), withHooks(f.hook()))
		resp, err := client.RawRequest(t.Context(), providerName, model, &schemas.RawRequest{Method: "POST", Path: "/x"})
		if err != nil {
			t.Fatal(err)
		}
		if u := resp.Usage(); u != nil {
			t.Errorf("usage before the end: %+v", u)
		}
		if _, err := io.Copy(io.Discard, resp.Raw.Body); err != nil {
			t.Fatal(err)
		}
		if u := resp.Usage(); u == nil || *u != *counts {
			t.Errorf("usage %+v", u)
		}
		synctest.Wait()
		for _, c := range slices.Concat(f.requests, f.attempts) {
			if c.Usage == nil || *c.Usage != *counts {
				t.Errorf("a hook learned %+v", c.Usage)
			}
		}
	})
}

// counted ends a stream with a chunk that has usage.
type counted struct {
	schemas.ChunkReader
	usage *schemas.Usage
}

func (c *counted) Next() (*schemas.ChatChunk, error) {
	chunk, err := c.ChunkReader.Next()
	if usage := c.usage; err == io.EOF && usage != nil {
		c.usage = nil
		return &schemas.ChatChunk{Usage: usage}, nil
	}
	return chunk, err
}

func TestUsageOfChunksIsThatOfTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f facts
		client := startClient(t, newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			resp, err := streaming(3, time.Second)(ctx, a)
			resp.Stream = &counted{resp.Stream, &schemas.Usage{TotalTokens: 9}}
			return resp, err
		}), withHooks(f.hook()))
		if _, err := readAll(stream(t.Context(), t, client)); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, c := range slices.Concat(f.requests, f.attempts) {
			if c.Usage == nil || c.Usage.TotalTokens != 9 {
				t.Errorf("a hook learned %+v", c.Usage)
			}
		}
	})
}

func TestUsageIsWantedWhereThereIsAHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, hooks := range [][]schemas.Hook{nil, {{}}} {
			var wanted bool
			client := startClient(t, newProvider(func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
				wanted = a.WantUsage
				return answer("ok"), nil
			}), withHooks(hooks...))
			if err := ask(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if wanted != (len(hooks) > 0) {
				t.Errorf("with %d hooks usage is wanted: %v", len(hooks), wanted)
			}
		}
	})
}
