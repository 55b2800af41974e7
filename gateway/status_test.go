package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestTheStatusOfACodeMayBeChosenAndTheDialectsWordFollowsIt(t *testing.T) {
	full := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull}
	for dialect, want := range map[string][2]string{"openai": {"error.type", "rate_limit_error"}, "anthropic": {"error.type", "rate_limit_error"}, "gemini": {"error.status", "RESOURCE_EXHAUSTED"}} {
		p := &fake{dialect: schemas.Dialect(dialect), call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) { return nil, full }}
		s := serve(t, schemas.BifrostConfig{}, gateway.Options{Statuses: map[string]int{"queue_full": 429, "draining": 200}}, bifrost.WithProvider("fake", p))
		got := s.post(t, surfaces[dialect].path, surfaces[dialect].body)
		if got.status != 429 || gjson.Get(got.body, want[0]).Str != want[1] || got.header.Get("X-Bifrost-Code") != "queue_full" {
			t.Errorf("%s: got %d %s", dialect, got.status, got.body)
		}
		checkRetryAfter(t, got.header)
		if dialect == "gemini" && gjson.Get(got.body, "error.code").Int() != 429 {
			t.Errorf("got %s", got.body)
		}
	}
}

func TestAFieldAtFaultIsNamedUnderAChosenStatusToo(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Statuses: map[string]int{"invalid_request": 422}}, bifrost.WithProvider("fake", always(answer)))
	wantError{status: 422, code: "invalid_request", kind: faulty, param: "messages"}.check(t, s.post(t, chatPath, `{"model":"fake/m"}`))
}

func TestAProvidersOwnStatusIsNotReplaced(t *testing.T) {
	limit := &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, Upstream: &schemas.UpstreamReply{StatusCode: 429, Dialect: schemas.DialectOpenAI,
		Header: http.Header{}, Body: []byte(`{"error":{"message":"slow down","type":"x","code":"y"}}`)}}
	p := &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) { return nil, limit }}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Statuses: map[string]int{"rate_limited": 503}}, bifrost.WithProvider("fake", p))
	if got := s.post(t, chatPath, goodChat); got.status != 429 || !strings.Contains(got.body, "slow down") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestAStreamThatBreaksTellsTheChosenStatus(t *testing.T) {
	p := scripted(eventType, errBroken, "data: {\"candidates\":[]}\n\n")
	p.dialect = schemas.DialectGemini
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{Statuses: map[string]int{"upstream": 599}}, bifrost.WithProvider("fake", p))
	got := s.post(t, "/v1beta/models/fake/m:streamGenerateContent?alt=sse", surfaces["gemini"].body)
	if got.status != 200 || !strings.Contains(got.body, `"code":599`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestStatusesOutOfRangeAreAFaultAndNotUsed(t *testing.T) {
	for _, status := range []int{0, 200, 399, 600, -1} {
		opts := gateway.Options{Statuses: map[string]int{"not_found": status}}
		if err := opts.Validate(); err == nil || !strings.Contains(err.Error(), "not_found") {
			t.Errorf("%d: got %v", status, err)
		}
		s := serve(t, schemas.BifrostConfig{}, opts, bifrost.WithProvider("fake", always(answer)))
		if got := s.get(t, "/nowhere"); got.status != 404 {
			t.Errorf("%d: got %d", status, got.status)
		}
	}
}
