package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

// recording answers every call and keeps the last one.
func recording(answer *schemas.RawResponse) (*fake, <-chan *schemas.RawRequest) {
	seen := make(chan *schemas.RawRequest, 1)
	return &fake{call: func(_ context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) {
		seen <- raw
		return answer, nil
	}}, seen
}

func TestTheBodyReachesTheProviderByteForByteButForTheModelsName(t *testing.T) {
	for name, c := range map[string]struct{ sent, want string }{
		"unknown fields, order and numbers": {
			`{"zeta":1.50,"model":"fake/m","messages":[],"big":12345678901234567890,"a":{"model":"x"}}`,
			`{"zeta":1.50,"model":"m","messages":[],"big":12345678901234567890,"a":{"model":"x"}}`},
		"white space": {
			" {\n\t\"messages\" : [ ] , \"model\" :\t\"fake/m\"\r\n}\n ",
			" {\n\t\"messages\" : [ ] , \"model\" :\t\"m\"\r\n}\n "},
		"a model with slashes": {`{"model":"fake/meta/x","messages":[]}`, `{"model":"meta/x","messages":[]}`},
		"a bare model":         {`{"model":"m","messages":[]}`, `{"model":"m","messages":[]}`},
		"escapes": {
			`{"mod\u0065l":"fak\u0065\/q\"\\ü","messages":["\ud83d\ude00 \u003c"]}`,
			`{"mod\u0065l":"q\"\\ü","messages":["\ud83d\ude00 \u003c"]}`},
		"null stream": {`{"model":"fake/m","stream":null,"messages":[]}`, `{"model":"m","stream":null,"messages":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, seen := recording(reply(answer))
			got := serveFake(t, p).post(t, chatPath, c.sent)
			if got.status != 200 || got.body != answer {
				t.Fatalf("got %d %s", got.status, got.body)
			}
			if raw := <-seen; string(raw.Body) != c.want || raw.Path != "/chat/completions" || raw.Method != "POST" {
				t.Errorf("the provider got %s %s %s\nwant %s", raw.Method, raw.Path, raw.Body, c.want)
			}
		})
	}
}

func TestEveryOperationThatNamesAModelIsPassedOnUnderBothPrefixes(t *testing.T) {
	for _, prefix := range []string{"/v1", "/openai/v1"} {
		for _, path := range []string{"/chat/completions", "/embeddings", "/responses", "/images/generations", "/a%20b/c"} {
			p, seen := recording(reply(answer))
			got := serveFake(t, p).post(t, prefix+path+"?a=1&b=%20", `{"model":"fake/m","messages":[],"input":"x"}`)
			if raw := <-seen; got.status != 200 || raw.Path != path || raw.Query != "a=1&b=%20" {
				t.Errorf("%s%s: got %d, the provider got %s?%s", prefix, path, got.status, raw.Path, raw.Query)
			}
		}
	}
}

func TestHeadersPassButThoseOfAConnectionOrAKeysOwner(t *testing.T) {
	up := reply(answer)
	for name, value := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "X-Ratelimit-Remaining-Requests": "7", "Openai-Processing-Ms": "12",
		"X-Request-Id": "req-up", "Connection": "X-Hop", "X-Hop": "1", "Keep-Alive": "timeout=5", "Set-Cookie": "a=b",
		"Openai-Organization": "org-1", "Strict-Transport-Security": "max-age=1", "X-Bifrost-Code": "spoofed",
	} {
		up.Header.Set(name, value)
	}
	p, _ := recording(up)
	got := serveFake(t, p).post(t, chatPath, goodChat, "X-Request-Id", "mine-1")
	want := map[string]string{
		"Content-Type": "application/json; charset=utf-8", "X-Ratelimit-Remaining-Requests": "7", "Openai-Processing-Ms": "12",
		"X-Request-Id": "mine-1", "X-Bifrost-Upstream-Request-Id": "req-up", "X-Bifrost-Provider": "fake",
	}
	for name, value := range want {
		if got.header.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
		}
	}
	for name := range got.header {
		if _, ok := want[name]; !ok && name != "Date" && name != "Content-Length" {
			t.Errorf("the header %s was passed", name)
		}
	}
}

func TestARequestIDIsTheCallersIfItIsSaneAndNewIfNot(t *testing.T) {
	s := serveFake(t, always(answer))
	for id, kept := range map[string]bool{
		"abc-123": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "two words": false, "ümlaut": false, "tab\there": false,
	} {
		for _, path := range []string{chatPath, "/nowhere"} {
			got := s.post(t, path, goodChat, "X-Request-Id", id).header.Values("X-Request-Id")
			if len(got) != 1 || got[0] == "" || (got[0] == id) != kept {
				t.Errorf("%q: got %q", id, got)
			}
		}
	}
}

func TestAProvidersErrorKeepsItsStatusBodyAndLimits(t *testing.T) {
	body := `{"error":{"message":"too fast","type":"requests","param":null,"code":"rate_limit_exceeded"},"more":1}`
	p := &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, RetryAfter: 2e9, Upstream: &schemas.UpstreamReply{
			StatusCode: 429, Body: []byte(body), Header: http.Header{"X-Ratelimit-Reset-Requests": {"2s"}, "X-Request-Id": {"req-up"}}}}
	}}
	got := serveFake(t, p).post(t, chatPath, goodChat)
	if got.status != 429 || got.body != body {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	for name, value := range map[string]string{"Retry-After": "2", "X-Bifrost-Origin": "upstream", "X-Bifrost-Code": "rate_limited",
		"X-Bifrost-Provider": "fake", "X-Ratelimit-Reset-Requests": "2s", "X-Bifrost-Upstream-Request-Id": "req-up"} {
		if got.header.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), value)
		}
	}
}

func TestARefusedKeyOfOursIsNotTheCallersFault(t *testing.T) {
	p := &fake{call: func(context.Context, *schemas.RawRequest) (*schemas.RawResponse, error) {
		return nil, &schemas.Error{Kind: schemas.KindUnauthorized, StatusCode: 401, Message: "the provider refused the key"}
	}}
	wantError{status: 502, code: "upstream_credentials", kind: "server_error", origin: "upstream"}.check(t, serveFake(t, p).post(t, chatPath, goodChat))
}

func TestACallThatCannotBeTranslatedIsUnsupportedAndNotCalled(t *testing.T) {
	p := always(answer)
	p.dialect = "anthropic"
	got := serveFake(t, p).post(t, "/v1/fine_tuning/jobs", goodChat)
	wantError{status: 400, code: "unsupported_operation", kind: "invalid_request_error", saysPartly: "not translated"}.check(t, got)
	if got.header.Get("X-Should-Retry") != "false" {
		t.Error("the client may retry in vain")
	}
}

func TestAChatWithTheSimulatedProviderWorks(t *testing.T) {
	s := serve(t, schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {}}}, gateway.Options{})
	chat := strings.Replace(goodChat, "fake/m", "simulated/sim-small", 1)
	if got := s.post(t, chatPath, chat); got.status != 200 || !strings.Contains(got.body, `"choices":[{`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	got := s.post(t, "/v1/embeddings", `{"model":"simulated/e","input":["a","b"]}`)
	if got.status != 200 || !strings.Contains(got.body, `"object":"embedding"`) {
		t.Errorf("got %d %s", got.status, got.body)
	}
	got = s.post(t, "/v1/moderations", `{"model":"simulated/e","input":"a"}`)
	wantError{status: 400, code: "unsupported_operation", kind: "invalid_request_error",
		saysPartly: "has no moderation; it has chat, chat_stream, embeddings, files, image, list_models"}.check(t, got)
}

func TestABareModelGoesToTheProviderWhoseKeysNameIt(t *testing.T) {
	account := schemas.StaticAccount{
		"a": {Keys: []schemas.Key{{Value: "k", Models: []string{"one", "both"}}}},
		"b": {Keys: []schemas.Key{{Value: "k", Models: []string{"two", "both"}}}},
	}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{},
		bifrost.WithProvider("a", always(answer)), bifrost.WithProvider("b", always(answer)))
	for model, provider := range map[string]string{"one": "a", "two": "b"} {
		got := s.post(t, chatPath, strings.Replace(goodChat, "fake/m", model, 1))
		if got.status != 200 || got.header.Get("X-Bifrost-Provider") != provider {
			t.Errorf("%s: got %d from %s", model, got.status, got.header.Get("X-Bifrost-Provider"))
		}
	}
	for model, says := range map[string]string{"both": "a/both, b/both", "none": "a, b"} {
		wantError{status: 404, code: "not_found", param: "model", kind: "invalid_request_error", saysPartly: says}.
			check(t, s.post(t, chatPath, strings.Replace(goodChat, "fake/m", model, 1)))
	}
}
