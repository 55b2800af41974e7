package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"bifrost/schemas"
)

const (
	generatePath = "/v1beta/models/fake/m:generateContent"
	streamPath   = "/v1beta/models/fake/m:streamGenerateContent?alt=sse"
	goodContents = `{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}`
)

// gemini answers every raw call of its dialect with what call returns.
func gemini(call func(*schemas.RawRequest) (*schemas.RawResponse, error)) *fake {
	return &fake{dialect: schemas.DialectGemini, call: func(_ context.Context, raw *schemas.RawRequest) (*schemas.RawResponse, error) { return call(raw) }}
}

// wantGoogles fails unless an answer is an error as Google's clients read it.
func wantGoogles(t *testing.T, got received, status int, name, code string) {
	t.Helper()
	body := gjson.Get(got.body, "error")
	if got.status != status || body.Get("code").Int() != int64(status) || body.Get("status").Str != name || body.Get("message").Str == "" {
		t.Errorf("got %d %s, want %d %s", got.status, got.body, status, name)
	}
	if got.header.Get("X-Bifrost-Code") != code || got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Request-Id") == "" {
		t.Errorf("%s: headers are %v", code, got.header)
	}
}

func TestAFaultyRequestIsRefusedInGeminisShape(t *testing.T) {
	s := serveFake(t, gemini(func(*schemas.RawRequest) (*schemas.RawResponse, error) {
		t.Error("the provider was called")
		return nil, errors.New("called")
	}))
	wantGoogles(t, s.post(t, generatePath, `{`), 400, "INVALID_ARGUMENT", "invalid_request")
	wantGoogles(t, s.post(t, generatePath, `{}`), 400, "INVALID_ARGUMENT", "invalid_request")
	wantGoogles(t, s.post(t, "/v1/models/fake/m:nothing", goodContents), 404, "NOT_FOUND", "not_found")
	wantGoogles(t, s.post(t, "/genai/v1beta/models/fake/m", goodContents), 404, "NOT_FOUND", "not_found")
	wantGoogles(t, s.get(t, "/v1beta/nothing"), 404, "NOT_FOUND", "not_found")
	s.gateway.Drain()
	wantGoogles(t, s.post(t, generatePath, goodContents), 503, "UNAVAILABLE", "draining")
}

func TestAGeminiCallReachesItsProviderUnderEveryPrefix(t *testing.T) {
	for _, prefix := range []string{"/v1", "/v1beta", "/genai/v1", "/genai/v1beta"} {
		for _, name := range []string{"fake/m", "fake%2Fm"} {
			var sent *schemas.RawRequest
			s := serveFake(t, gemini(func(raw *schemas.RawRequest) (*schemas.RawResponse, error) {
				sent = raw
				return reply(`{"candidates":[]}`), nil
			}))
			got := s.post(t, prefix+"/models/"+name+":generateContent", goodContents)
			if got.status != http.StatusOK || got.body != `{"candidates":[]}` || sent.Path != "/models/m:generateContent" || string(sent.Body) != goodContents {
				t.Errorf("%s, %s: got %d %s, sent %+v", prefix, name, got.status, got.body, sent)
			}
		}
	}
}

func TestAFullMailboxIsToldInGeminisShape(t *testing.T) {
	full := &schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, Message: "told"}
	got := serveFake(t, gemini(func(*schemas.RawRequest) (*schemas.RawResponse, error) { return nil, full })).post(t, generatePath, goodContents)
	wantGoogles(t, got, 503, "UNAVAILABLE", "queue_full")
	if got.header.Get("Retry-After") == "" {
		t.Errorf("headers are %v", got.header)
	}
}

func TestABrokenStreamOfGeminisEndsWithAnError(t *testing.T) {
	const begun = `data: {"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"index":0}]}` + "\n\n"
	got := serveFake(t, gemini(func(*schemas.RawRequest) (*schemas.RawResponse, error) {
		return replyFrom("text/event-stream", io.MultiReader(strings.NewReader(begun), failing{})), nil
	})).post(t, streamPath, goodContents)
	rest, ok := strings.CutPrefix(got.body, begun)
	if !ok || gjson.Get(strings.TrimPrefix(rest, "data: "), "error.status").Str == "" || strings.Contains(rest, "[DONE]") {
		t.Errorf("got %q", got.body)
	}
}

func TestGeminisCallerIsServedByAProviderOfOpenAIs(t *testing.T) {
	s := practice(t)
	got := s.post(t, "/v1beta/models/simulated/sim-small:generateContent", goodContents)
	if got.status != 200 || gjson.Get(got.body, "candidates.0.content.parts.0.text").Str == "" ||
		gjson.Get(got.body, "candidates.0.finishReason").Str != "STOP" || got.header.Get("X-Bifrost-Provider") != "simulated" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	stream := s.post(t, "/v1beta/models/simulated/sim-small:streamGenerateContent?alt=sse", goodContents)
	if !strings.HasPrefix(stream.body, `data: {"candidates"`) || strings.Contains(stream.body, "[DONE]") || stream.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %s", stream.body)
	}
	list := s.post(t, "/v1beta/models/simulated/sim-small:streamGenerateContent", goodContents)
	if !gjson.Valid(list.body) || !gjson.Parse(list.body).IsArray() || list.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s", list.body)
	}
}

func TestModelsAreListedInGeminisShapeToItsClients(t *testing.T) {
	s := practice(t)
	if got := s.get(t, "/v1beta/models"); !strings.HasPrefix(gjson.Get(got.body, "models.0.name").Str, "models/simulated/") {
		t.Errorf("got %s", got.body)
	}
	if got := s.get(t, "/genai/v1beta/models/simulated/sim-small"); gjson.Get(got.body, "name").Str != "models/simulated/sim-small" {
		t.Errorf("got %s", got.body)
	}
	for _, header := range []string{"X-Goog-Api-Key", "X-Goog-Api-Client"} { // of its SDKs, which ask below /v1
		if got := s.get(t, "/v1/models", header, "any"); !strings.HasPrefix(gjson.Get(got.body, "models.0.name").Str, "models/simulated/") {
			t.Errorf("got %s", got.body)
		}
		if got := s.get(t, "/v1/models/simulated/sim-small", header, "any"); gjson.Get(got.body, "name").Str != "models/simulated/sim-small" {
			t.Errorf("got %s", got.body)
		}
	}
	wantGoogles(t, s.get(t, "/v1beta/models/simulated/none"), 404, "NOT_FOUND", "not_found")
}
