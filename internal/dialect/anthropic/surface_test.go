package anthropic

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func raw(path, body string) *schemas.RawRequest {
	return &schemas.RawRequest{Dialect: schemas.DialectAnthropic, Method: http.MethodPost, Path: path, Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}}}
}

func TestACallIsTranslatedToItsOperation(t *testing.T) {
	const hi = `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]`
	for _, c := range []struct {
		path, body string
		want       schemas.Operation
	}{{PathMessages, hi + `}`, schemas.OperationChat}, {PathMessages, hi + `,"stream":true}`, schemas.OperationChatStream}, {PathCountTokens, hi + `}`, schemas.OperationCountTokens}} {
		got, err := Surface{}.Translate(raw(c.path, c.body))
		if err != nil || got.Request().Operation != c.want || got.Request().Model != "m" || got.Request().Chat == nil {
			t.Errorf("%+v: got %+v, %v", c, got, err)
		}
	}
	if _, err := (Surface{}).Translate(raw("/messages/batches", `{}`)); !errors.Is(err, schemas.ErrUnsupportedOperation) {
		t.Errorf("got %v", err)
	}
	if _, err := (Surface{}).Translate(raw(PathMessages, `{`)); !errors.Is(err, schemas.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

func TestACountIsAnsweredAsTheDialectHasIt(t *testing.T) {
	c, err := Surface{}.Translate(raw(PathCountTokens, `{"model":"m","messages":[{"role":"user","content":"hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	header, body, err := c.Encode(&schemas.Response{Tokens: &schemas.TokenCount{InputTokens: 7}})
	if err != nil || header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %v, %v", header, err)
	}
	dialecttest.SameJSON(t, body, []byte(`{"input_tokens":7}`))
}

func TestTheModelAndTheFallbacksAreInTheBody(t *testing.T) {
	s := Surface{}
	call, list, err := s.Fallbacks(raw(PathMessages, `{"model":"a","fallbacks":["p/b"]}`))
	if err != nil || len(list) != 1 || s.Model(call) != "a" {
		t.Fatalf("got %+v, %v", list, err)
	}
	if got := string(s.WithModel(call, "c").Body); got != `{"model":"c"}` {
		t.Fatalf("got %s", got)
	}
}

func TestWhatHasNoCanonicalFormIsNamed(t *testing.T) {
	for body, want := range map[string][]string{
		`"service_tier":"auto","cache_control":null`:                                                   {"service_tier"},
		`"tools":[{"name":"a","input_schema":{}},{"name":"b","input_schema":{},"defer_loading":true}]`: {"tools.defer_loading"},
		`"top_p":1`: nil,
		`"metadata":{"user_id":"u","team":"t"},"thinking":{"type":"adaptive","depth":1},"system":[{"type":"text","text":"a","x":1}]`: {
			"metadata.team", "system.x", "thinking.depth"},
		`"tools":[{"name":"a","input_schema":{"type":"object","x":1},"max_uses":3,"defer_loading":true}]`: {"tools.defer_loading", "tools.max_uses"},
	} {
		tr, err := (Surface{}).Translate(&schemas.RawRequest{Method: "POST", Path: PathMessages,
			Body: []byte(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],` + body + `}`)})
		if err != nil {
			t.Fatal(err)
		}
		if got := tr.(dialect.Lossy).Dropped(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v", body, got)
		}
	}
}
