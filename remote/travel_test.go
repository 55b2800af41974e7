package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"bifrost"
	"bifrost/actors"
	"bifrost/remote"
	"bifrost/schemas"
)

func TestAContextsTenantSessionTraceAndDeadlineArriveAtTheHooksThere(t *testing.T) {
	t.Parallel()
	type seen struct {
		tenant, session, trace string
		left                   time.Duration
		fallback               []schemas.ErrorKind
	}
	got := make(chan seen, 1)
	watch := bifrost.WithHooks(schemas.Hook{
		BeforeRequest: func(ctx context.Context, _ *schemas.HookCall) (*schemas.Response, error) {
			deadline, _ := ctx.Deadline()
			got <- seen{schemas.TenantOf(ctx), schemas.SessionOf(ctx), trace.SpanContextFromContext(ctx).TraceID().String(),
				time.Until(deadline), actors.FallbackOn(ctx)}
			return nil, nil
		}})
	there := launchAll(t, remote.Config{}, nil, watch, bifrost.WithProvider(providerName, answering()))
	here := asker(t, remote.Config{}, there)
	id := trace.TraceID{1, 2, 3}
	ctx := trace.ContextWithSpanContext(within(t, time.Minute), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}}))
	ctx = actors.WithFallback(schemas.WithSession(schemas.WithTenant(ctx, "a tenant"), "a session"), []schemas.ErrorKind{schemas.KindRateLimited})
	_, _ = here.client.ChatCompletionRequest(ctx, hello("x"))
	s := <-got
	if s.tenant != "a tenant" || s.session != "a session" || s.trace != id.String() || !slices.Equal(s.fallback, []schemas.ErrorKind{schemas.KindRateLimited}) {
		t.Errorf("got %+v", s)
	}
	if s.left < 50*time.Second || s.left > time.Minute {
		t.Errorf("%v are left there", s.left)
	}
}

func TestADeadlineEndsTheProvidersCallThere(t *testing.T) {
	t.Parallel()
	p := stuck(nil)
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	eventually(t, "the owner is up", peersUp(here, 1))
	_, err := here.client.ChatCompletionRequest(within(t, 300*time.Millisecond), hello("x"))
	if kindOf(err) != schemas.KindTimeout {
		t.Errorf("got %v", err)
	}
	eventually(t, "the provider's call has ended", func() bool { return p.open.Load() == 0 })
	if s := here.client.Stats().Providers[providerName]; s.InHand != 0 || !s.Balanced() {
		t.Errorf("the asker counts %+v", s)
	}
}

func TestAProvidersOwnErrorArrivesWithItsBodyAndHeaders(t *testing.T) {
	t.Parallel()
	body := `{"error":{"message":"Rate limit reached for key sk-***abc","code":"rate_limit_exceeded"}}`
	p := &scripted{script: func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
		return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, RetryAfter: 7 * time.Second, Message: "Rate limit reached for key sk-***abc",
			Upstream: &schemas.UpstreamReply{StatusCode: 429, Dialect: schemas.DialectOpenAI, Body: []byte(body),
				Header: http.Header{"Retry-After": {"7"}, "X-Ratelimit-Remaining": {"0"}, "Content-Type": {"application/json"}}}}
	}}
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, time.Minute)
	_, err := here.client.ChatCompletionRequest(ctx, hello("x"))
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindRateLimited || e.StatusCode != 429 || e.RetryAfter != 7*time.Second || e.Upstream == nil {
		t.Fatalf("got %v", err)
	}
	if string(e.Upstream.Body) != body || e.Upstream.Header.Get("Retry-After") != "7" || e.Upstream.Header.Get("X-Ratelimit-Remaining") != "0" {
		t.Errorf("the upstream's answer is %q with %v", e.Upstream.Body, e.Upstream.Header)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://api.openai.com/v1/chat/completions",
		strings.NewReader(`{"model":"`+model+`","messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := here.client.Transport(providerName).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" || string(got) != body {
		t.Errorf("the SDK has %d with %v: %s", resp.StatusCode, resp.Header, got)
	}
}

func TestTwoHundredCallsOfSixtyFourKilobytesAtOnceSucceed(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), wide(200))
	here := asker(t, remote.Config{}, there)
	eventually(t, "the owner is up", peersUp(here, 1))
	text := strings.Repeat("x", 64<<10)
	results := make(chan error, 200)
	for range 200 {
		go func() {
			resp, err := here.client.ChatCompletionRequest(within(t, time.Minute), hello(text))
			if err == nil && resp.Text() != text {
				err = errors.New("another text came back")
			}
			results <- err
		}()
	}
	for range 200 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestARequestOfAHundredMegabytesIsServedAndOneOverTheLimitRefused(t *testing.T) {
	t.Parallel()
	p := &scripted{script: func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		sum := a.Request.Raw.Body[0] + a.Request.Raw.Body[len(a.Request.Raw.Body)-1]
		return &schemas.Response{Raw: &schemas.RawResponse{StatusCode: 200, Body: io.NopCloser(bytes.NewReader([]byte{sum}))}}, nil
	}}
	there := owner(t, p, schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	eventually(t, "the owner is up", peersUp(here, 1))
	ctx := within(t, time.Minute)
	body := make([]byte, 129<<20)
	body[0], body[100<<20-1] = 1, 2
	resp, err := here.client.RawRequest(ctx, providerName, model, &schemas.RawRequest{Method: "POST", Path: "/x", Body: body[:100<<20]})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Raw.Body); err != nil || !bytes.Equal(got, []byte{3}) {
		t.Errorf("got %v, %v", got, err)
	}
	_, err = here.client.RawRequest(ctx, providerName, model, &schemas.RawRequest{Method: "POST", Path: "/x", Body: body})
	if kindOf(err) != schemas.KindInvalidRequest {
		t.Errorf("129 MiB: got %v", err)
	}
	if n := here.client.Stats().Peers[0].Losses; n != 0 {
		t.Errorf("the connection was lost %d times", n)
	}
}
