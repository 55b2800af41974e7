package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

const (
	messagesPath = "/anthropic/v1/messages"
	goodMessage  = `{"model":"fake/m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}`
)

// anthropic answers every raw call of its dialect with what call returns.
func anthropic(call func() (*schemas.RawResponse, error)) *fake {
	return &fake{dialect: schemas.DialectAnthropic, call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) { return call() }}
}

// wantRefusal fails unless an answer is an error as Anthropic's clients read it.
func wantRefusal(t *testing.T, got received, status int, kind, code string) {
	t.Helper()
	body := gjson.Parse(got.body)
	if got.status != status || body.Get("type").Str != "error" || body.Get("error.type").Str != kind || body.Get("error.message").Str == "" {
		t.Errorf("got %d %s, want %d %s", got.status, got.body, status, kind)
	}
	if got.header.Get("X-Bifrost-Code") != code || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: headers are %v", code, got.header)
	}
	if id := got.header.Get("Request-Id"); id == "" || id != got.header.Get("X-Request-Id") || id != body.Get("request_id").Str {
		t.Errorf("%s: request ids are %q, %q and, in the body, %q", code, id, got.header.Get("X-Request-Id"), body.Get("request_id").Str)
	}
}

func TestAFaultyRequestIsRefusedInAnthropicsShape(t *testing.T) {
	s := serveFake(t, anthropic(func() (*schemas.RawResponse, error) { t.Error("the provider was called"); return reply("{}"), nil }))
	wantRefusal(t, s.post(t, messagesPath, `{`), 400, "invalid_request_error", "invalid_request")
	wantRefusal(t, s.post(t, messagesPath, `{"model":"fake/m"}`), 400, "invalid_request_error", "invalid_request")
	wantRefusal(t, s.post(t, "/v1/messages", `{"messages":[]}`), 400, "invalid_request_error", "invalid_request")
	wantRefusal(t, s.post(t, "/v1/messages", `{"model":"fake/","messages":[]}`), 400, "invalid_request_error", "invalid_request")
	wantRefusal(t, s.get(t, messagesPath), 405, "invalid_request_error", "method_not_allowed")
	wantRefusal(t, s.get(t, "/anthropic/v1/nothing"), 404, "not_found_error", "not_found")
	wantRefusal(t, s.post(t, messagesPath, goodMessage, "Content-Type", "text/plain"), 415, "invalid_request_error", "unsupported_media_type")
	s.gateway.Drain()
	wantRefusal(t, s.post(t, messagesPath, goodMessage), 529, "overloaded_error", "draining")
}

func TestAProvidersFailureIsToldInAnthropicsShape(t *testing.T) {
	for _, c := range []struct {
		err    *schemas.Error
		status int
		kind   string
		code   string
	}{
		{&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull}, 529, "overloaded_error", "queue_full"},
		{&schemas.Error{Kind: schemas.KindRateLimited, Reason: schemas.ReasonKeysResting}, 429, "rate_limit_error", "keys_resting"},
		{&schemas.Error{Kind: schemas.KindTimeout}, 504, "timeout_error", "timeout"},
		{&schemas.Error{Kind: schemas.KindUnsupportedOperation}, 400, "invalid_request_error", "unsupported_operation"},
	} {
		c.err.Message = "told"
		got := serveFake(t, anthropic(func() (*schemas.RawResponse, error) { return nil, c.err })).post(t, messagesPath, goodMessage)
		wantRefusal(t, got, c.status, c.kind, c.code)
	}
}

func TestAnAnswerOfAnthropicsOwnKeepsTheGatewaysRequestID(t *testing.T) {
	p := anthropic(func() (*schemas.RawResponse, error) {
		r := reply(`{"type":"message"}`)
		r.Header.Set("Request-Id", "req_theirs")
		return r, nil
	})
	got := serveFake(t, p).post(t, messagesPath, goodMessage, "X-Request-Id", "ours")
	if got.body != `{"type":"message"}` || got.header.Get("Request-Id") != "ours" || got.header.Get("X-Request-Id") != "ours" ||
		got.header.Get("X-Bifrost-Upstream-Request-Id") != "req_theirs" {
		t.Errorf("got %s, headers %v", got.body, got.header)
	}
}

func TestABrokenStreamOfAnthropicsEndsWithANamedError(t *testing.T) {
	const begun = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
	p := anthropic(func() (*schemas.RawResponse, error) {
		return replyFrom("text/event-stream", io.MultiReader(strings.NewReader(begun), failing{})), nil
	})
	got := serveFake(t, p).post(t, messagesPath, goodMessage)
	rest, ok := strings.CutPrefix(got.body, begun+"event: error\ndata: ")
	if !ok || gjson.Get(rest, "type").Str != "error" || gjson.Get(rest, "error.type").Str == "" || strings.Contains(rest, "[DONE]") {
		t.Errorf("got %q", got.body)
	}
}

// failing is a body that breaks.
type failing struct{}

func (failing) Read([]byte) (int, error) {
	return 0, &schemas.Error{Kind: schemas.KindUpstream, Message: "it broke"}
}

// practice serves the simulated provider, which speaks OpenAI's dialect.
func practice(t *testing.T, with ...bifrost.Option) *site {
	return serve(t, schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {}}}, gateway.Options{}, with...)
}

func TestAnthropicsCallerIsServedByAProviderOfOpenAIs(t *testing.T) {
	s := practice(t)
	message := strings.Replace(goodMessage, "fake/m", "simulated/sim-small", 1)
	got := s.post(t, "/v1/messages", strings.Replace(message, "{", `{"top_k":4,`, 1))
	if got.status != 200 || gjson.Get(got.body, "content.0.text").Str == "" || gjson.Get(got.body, "type").Str != "message" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got.header.Get("X-Bifrost-Dropped") != "top_k" || got.header.Get("X-Bifrost-Provider") != "simulated" {
		t.Errorf("headers are %v", got.header)
	}
	stream := s.post(t, messagesPath, strings.Replace(message, "{", `{"stream":true,`, 1))
	if !strings.HasPrefix(stream.body, "event: message_start\n") || !strings.HasSuffix(stream.body, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") ||
		strings.Contains(stream.body, "[DONE]") || stream.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %s", stream.body)
	}
}

func TestTheAnswerSaysWhichFallbackServedIt(t *testing.T) {
	down := anthropic(func() (*schemas.RawResponse, error) {
		return nil, &schemas.Error{Kind: schemas.KindUpstream, Message: "down"}
	})
	s := practice(t, bifrost.WithProvider("fake", down))
	got := s.post(t, messagesPath, strings.Replace(goodMessage, "{", `{"fallbacks":["simulated/sim-small"],`, 1))
	if got.status != http.StatusOK || got.header.Get("X-Bifrost-Provider") != "simulated" || gjson.Get(got.body, "type").Str != "message" {
		t.Errorf("got %d %s, headers %v", got.status, got.body, got.header)
	}
}

func TestModelsAreListedInAnthropicsShapeToItsClients(t *testing.T) {
	s := practice(t)
	for _, got := range []received{s.get(t, "/anthropic/v1/models"), s.get(t, "/v1/models", "Anthropic-Version", "2023-06-01")} {
		if gjson.Get(got.body, "data.0.type").Str != "model" || !gjson.Get(got.body, "has_more").Exists() {
			t.Errorf("got %s", got.body)
		}
	}
	one := s.get(t, "/anthropic/v1/models/simulated/sim-small")
	if gjson.Get(one.body, "id").Str != "simulated/sim-small" || gjson.Get(one.body, "type").Str != "model" {
		t.Errorf("got %s", one.body)
	}
	wantRefusal(t, s.get(t, "/anthropic/v1/models/simulated/none"), 404, "not_found_error", "not_found")
}
