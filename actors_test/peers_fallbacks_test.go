package actors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// backend is a provider that answers chats and raw calls with what its function says.
type backend struct {
	dialect schemas.Dialect
	answer  func(ctx context.Context, req *schemas.Request) error
}

func (s *backend) Describe() schemas.ProviderInfo {
	return schemas.ProviderInfo{Type: "scripted", Dialect: s.dialect, KeyOptional: true,
		Operations: []schemas.Operation{schemas.OperationChat, schemas.OperationChatStream, schemas.OperationRaw}}
}

func (s *backend) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	if err := s.answer(ctx, a.Request); err != nil {
		return nil, err
	}
	if a.Request.Operation == schemas.OperationRaw {
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}}, nil
	}
	return &schemas.Response{Chat: &schemas.ChatResponse{Choices: []schemas.ChatChoice{{Message: schemas.AssistantMessage("hello"), FinishReason: "stop"}}}}, nil
}

func answers(context.Context, *schemas.Request) error { return nil }

func fails(kind schemas.ErrorKind) func(context.Context, *schemas.Request) error {
	return func(context.Context, *schemas.Request) error {
		return &schemas.Error{Kind: kind, Message: string(kind)}
	}
}

// hangs blocks until the call's context ends.
func hangs(ctx context.Context, _ *schemas.Request) error {
	<-ctx.Done()
	return ctx.Err()
}

// withFallbacks starts a client of backend providers, and checks the sums at its end.
func withFallbacks(t *testing.T, account schemas.StaticAccount, providers map[string]*backend) *bifrost.Client {
	var options []bifrost.Option
	for name, p := range providers {
		options = append(options, bifrost.WithProvider(name, p))
	}
	client, err := bifrost.Init(schemas.BifrostConfig{Account: account}, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = client.Shutdown(ctx)
		for name, s := range client.Stats().Providers {
			if !s.Balanced() || s.Queued+s.InHand+s.Waiting+s.BackingOff != 0 {
				t.Errorf("the sum of %s is wrong: %+v", name, s)
			}
		}
	})
	return client
}

func chatWith(model string, fallbacks ...schemas.Fallback) *schemas.ChatRequest {
	return &schemas.ChatRequest{Model: model, Messages: []schemas.ChatMessage{schemas.UserMessage("hi")}, Fallbacks: fallbacks}
}

// PEERS (a) 10: the fallbacks are asked in their order; the answer says who served it,
// and each was counted in its own provider's mailbox (PEERS (b) 22).
func TestPeersRow22TheFirstFallbackThatAnswersServesTheRequestFromItsOwnMailbox(t *testing.T) {
	c := withFallbacks(t, nil, map[string]*backend{"a": {answer: fails(schemas.KindUpstream)}, "b": {answer: fails(schemas.KindRateLimited)},
		"c": {answer: answers}, "d": {answer: answers}})
	resp, err := c.ChatCompletionRequest(t.Context(), chatWith("a/x", schemas.Fallback{Provider: "b", Model: "y"},
		schemas.Fallback{Model: "c/z"}, schemas.Fallback{Model: "d/z"}))
	if err != nil {
		t.Fatal(err)
	}
	if s := resp.Served; s.Provider != "c" || s.Model != "z" || s.Fallback != 2 {
		t.Errorf("served by %+v", s)
	}
	stats := c.Stats().Providers
	for name, want := range map[string][2]uint64{"a": {1, 0}, "b": {1, 0}, "c": {1, 1}, "d": {0, 0}} {
		if s := stats[name]; s.Offered != want[0] || s.Completed != want[1] {
			t.Errorf("%s: offered %d, completed %d; want %v", name, s.Offered, s.Completed, want)
		}
	}
}

func TestIfAllFailTheFirstErrorIsReturnedAndTheOthersAreAmongItsCauses(t *testing.T) {
	c := withFallbacks(t, nil, map[string]*backend{"a": {answer: fails(schemas.KindUpstream)}, "b": {answer: fails(schemas.KindRateLimited)}})
	_, err := c.ChatCompletionRequest(t.Context(), chatWith("a/x", schemas.Fallback{Model: "b/y"}, schemas.Fallback{Model: "nobody/z"}))
	var first *schemas.Error
	if !errors.As(err, &first) || first.Kind != schemas.KindUpstream || first.Provider != "a" {
		t.Fatalf("got %v", err)
	}
	if !errors.Is(err, schemas.ErrRateLimited) || !errors.Is(err, schemas.ErrNotFound) {
		t.Errorf("the other failures are lost: %v", first.Err)
	}
}

func TestAFailureThatAnotherProviderWouldHaveTooIsNotFollowedByAFallback(t *testing.T) {
	for _, kind := range []schemas.ErrorKind{schemas.KindInvalidRequest, schemas.KindCanceled, schemas.KindUnsupportedOperation} {
		c := withFallbacks(t, nil, map[string]*backend{"a": {answer: fails(kind)}, "b": {answer: answers}})
		if resp, err := c.ChatCompletionRequest(t.Context(), chatWith("a/x", schemas.Fallback{Model: "b/y"})); err == nil {
			t.Errorf("%s: served by %+v", kind, resp.Served)
		}
	}
}

func TestAProvidersOwnFallbacksFollowThoseOfTheRequestForTheKindsItNames(t *testing.T) {
	account := schemas.StaticAccount{"a": {Config: schemas.ProviderConfig{Fallbacks: []string{"b/own"}, FallbackOn: []schemas.ErrorKind{schemas.KindInvalidRequest}}}}
	c := withFallbacks(t, account, map[string]*backend{"a": {answer: fails(schemas.KindInvalidRequest)}, "b": {answer: answers}})
	resp, err := c.ChatCompletionRequest(t.Context(), chatWith("a/x"))
	if err != nil || resp.Served.Provider != "b" || resp.Served.Model != "own" {
		t.Errorf("got %+v, %v", resp, err)
	}
	other := withFallbacks(t, account, map[string]*backend{"a": {answer: fails(schemas.KindUpstream)}, "b": {answer: answers}})
	if _, err := other.ChatCompletionRequest(t.Context(), chatWith("a/x")); !errors.Is(err, schemas.ErrUpstream) {
		t.Errorf("got %v", err)
	}
}

// PEERS (b) 24: a full primary falls back: in drop mode at once, in wait mode at the
// limit of its wait.
func TestPeersRow24AFullPrimaryFallsBack(t *testing.T) {
	for mode, cfg := range map[string]schemas.ProviderConfig{
		"drop": {DropExcessRequests: new(true)},
		"wait": {QueueTimeout: time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg.ConcurrencyAndBufferSize = schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}
			c := withFallbacks(t, schemas.StaticAccount{"a": {Config: cfg}}, map[string]*backend{"a": {answer: hangs}, "b": {answer: answers}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{}, 2)
			for range 2 {
				go func() { // ends when ctx does
					_, _ = c.ChatCompletionRequest(ctx, chatWith("a/x"))
					done <- struct{}{}
				}()
			}
			synctest.Wait()
			begin := time.Now()
			resp, err := c.ChatCompletionRequest(t.Context(), chatWith("a/x", schemas.Fallback{Model: "b/y"}))
			if err != nil || resp.Served.Provider != "b" {
				t.Errorf("%s: got %+v, %v", mode, resp, err)
			}
			if took := time.Since(begin); took != cfg.QueueTimeout {
				t.Errorf("%s: it took %v", mode, took)
			}
			cancel()
			<-done
			<-done
		})
	}
}

func TestACallerWhoHasLeftIsNotServedByAFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := withFallbacks(t, nil, map[string]*backend{"a": {answer: hangs}, "b": {answer: answers}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.ChatCompletionRequest(ctx, chatWith("a/x", schemas.Fallback{Model: "b/y"}))
		if !errors.Is(err, schemas.ErrTimeout) || c.Stats().Providers["b"].Offered != 0 {
			t.Errorf("got %v", err)
		}
	})
}

func TestACallInADialectNamesItsFallbacksInItsBody(t *testing.T) {
	var got []byte
	c := withFallbacks(t, nil, map[string]*backend{"a": {dialect: schemas.DialectOpenAI, answer: fails(schemas.KindUpstream)},
		"b": {dialect: schemas.DialectOpenAI, answer: func(_ context.Context, r *schemas.Request) error { got = r.Raw.Body; return nil }},
		"c": {dialect: schemas.DialectAnthropic, answer: answers}})
	raw := func(fallbacks string) *schemas.RawRequest {
		return &schemas.RawRequest{Dialect: schemas.DialectOpenAI, Method: http.MethodPost, Path: "/chat/completions",
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   []byte(`{"model":"a/x","fallbacks":` + fallbacks + `,"messages":[{"role":"user","content":"hi"}]}`)}
	}
	resp, err := c.DialectRequest(t.Context(), raw(`["b/y"]`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Raw.Body.Close()
	if resp.Provider != "b" || resp.Fallback != 1 || strings.Contains(string(got), "fallbacks") || !strings.Contains(string(got), `"model":"y"`) {
		t.Errorf("served by %+v, which was sent %s", resp.Served, got)
	}
	// Of another dialect it is asked, and answers, through the canonical form.
	resp, err = c.DialectRequest(t.Context(), raw(`[{"provider":"c","model":"z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Raw.Body)
	if resp.Provider != "c" || !strings.Contains(string(body), `"content":"hello"`) {
		t.Errorf("served by %+v: %s", resp.Served, body)
	}
	for _, bad := range []string{`"b/y"`, `[7]`, `[{}]`} {
		if _, err := c.DialectRequest(t.Context(), raw(bad)); !errors.Is(err, schemas.ErrInvalidRequest) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

// A provider whose key rests, or that asks for a longer pause than that between retries,
// is not waited for while another can answer; the last one is.
func TestAFallbackIsAskedAtOnceInsteadOfALongWaitForARetry(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		kind   schemas.ErrorKind
		others []schemas.Fallback
		alter  func(*schemas.ProviderConfig)
		served string
		took   time.Duration
	}{
		"limited":         {status: 429, kind: schemas.KindRateLimited, others: []schemas.Fallback{{Model: "b/y"}}, served: "b"},
		"overloaded":      {status: 503, kind: schemas.KindUpstream, others: []schemas.Fallback{{Model: "b/y"}}, served: "b"},
		"without another": {status: 429, kind: schemas.KindRateLimited, served: "a", took: 20 * time.Second},
		"for another kind of error": {status: 429, kind: schemas.KindRateLimited, others: []schemas.Fallback{{Model: "b/y"}}, served: "a", took: 20 * time.Second,
			alter: func(p *schemas.ProviderConfig) { p.FallbackOn = []schemas.ErrorKind{schemas.KindTimeout} }},
		"told to wait for keys": {status: 429, kind: schemas.KindRateLimited, others: []schemas.Fallback{{Model: "b/y"}}, served: "a", took: 20 * time.Second,
			alter: func(p *schemas.ProviderConfig) { p.WaitForKeys = true }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				a := &backend{answer: func(context.Context, *schemas.Request) error {
					if calls++; calls > 1 {
						return nil
					}
					return &schemas.Error{Kind: c.kind, StatusCode: c.status, RetryAfter: 20 * time.Second}
				}}
				settings := schemas.ProviderConfig{NetworkConfig: schemas.NetworkConfig{MaxRetries: 2}}
				if c.alter != nil {
					c.alter(&settings)
				}
				client := withFallbacks(t, schemas.StaticAccount{"a": {Keys: []schemas.Key{{Value: "v1"}}, Config: settings}, "b": {}},
					map[string]*backend{"a": a, "b": {answer: answers}})
				began := time.Now()
				resp, err := client.ChatCompletionRequest(t.Context(), chatWith("a/x", c.others...))
				if err != nil {
					t.Fatal(err)
				}
				if resp.Served.Provider != c.served || time.Since(began) != c.took {
					t.Errorf("served by %s after %v", resp.Served.Provider, time.Since(began))
				}
			})
		})
	}
}
