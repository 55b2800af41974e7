package anthropic

import (
	"bytes"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAnErrorHasTheDialectsStatusAndType(t *testing.T) {
	upstream := func(status int, kind schemas.ErrorKind) *schemas.Error {
		return &schemas.Error{Kind: kind, StatusCode: status, Provider: "p", Message: "m",
			Upstream: &schemas.UpstreamReply{Dialect: schemas.DialectOpenAI, StatusCode: status, Body: []byte(`{"error":{"message":"theirs"}}`)}}
	}
	for name, c := range map[string]struct {
		err       error
		status    int
		typ, code string
	}{
		"a bad request":      {&schemas.Error{Kind: schemas.KindInvalidRequest}, 400, "invalid_request_error", "invalid_request"},
		"not supported":      {&schemas.Error{Kind: schemas.KindUnsupportedOperation}, 400, "invalid_request_error", "unsupported_operation"},
		"the caller's key":   {&schemas.Error{Kind: schemas.KindUnauthorized}, 401, "authentication_error", "unauthorized"},
		"our key":            {upstream(401, schemas.KindUnauthorized), 502, "api_error", "upstream_credentials"},
		"not found":          {&schemas.Error{Kind: schemas.KindNotFound}, 404, "not_found_error", "not_found"},
		"no room":            {&schemas.Error{Kind: schemas.KindOverloaded, Reason: "queue_full"}, 529, "overloaded_error", "queue_full"},
		"keys rest":          {&schemas.Error{Kind: schemas.KindRateLimited, Reason: schemas.ReasonKeysResting}, 429, "rate_limit_error", "keys_resting"},
		"unreachable":        {&schemas.Error{Kind: schemas.KindUpstream}, 500, "api_error", "upstream"},
		"a timeout":          {&schemas.Error{Kind: schemas.KindTimeout}, 504, "timeout_error", "timeout"},
		"a lost node":        {&schemas.Error{Kind: schemas.KindNodeLost}, 500, "api_error", "node_lost"},
		"an upstream's":      {upstream(413, schemas.KindInvalidRequest), 413, "request_too_large", "invalid_request"},
		"an upstream's rate": {upstream(429, schemas.KindRateLimited), 429, "rate_limit_error", "rate_limited"},
		"an upstream's 503":  {upstream(503, schemas.KindUpstream), 503, "overloaded_error", "upstream"},
		"something else":     {errors.New("x"), 500, "api_error", "internal"},
	} {
		status, header, body := ErrorReply(c.err)
		v := gjson.ParseBytes(body)
		if status != c.status || v.Get("type").String() != "error" || v.Get("error.type").String() != c.typ || v.Get("error.code").String() != c.code ||
			header.Get("X-Bifrost-Code") != c.code || v.Get("error.message").String() == "" {
			t.Errorf("%s: got %d %s", name, status, body)
		}
		if ev := events(t, AppendStreamError(nil, c.err)); len(ev) != 1 || ev[0].name != "error" || gjson.Get(ev[0].data, "error.type").String() != c.typ {
			t.Errorf("%s: got the event %+v", name, ev)
		}
	}
}

func TestAProvidersOwnErrorKeepsItsBody(t *testing.T) {
	want := dialecttest.Golden(t, "error_529.json")
	e := DecodeError(529, http.Header{"Request-Id": {"req_1"}, "Anthropic-Ratelimit-Requests-Remaining": {"0"}}, want, "k")
	status, header, body := ErrorReply(e)
	if status != 529 || !bytes.Equal(body, want) || header.Get("Anthropic-Ratelimit-Requests-Remaining") != "0" {
		t.Fatalf("got %d %v %s", status, header, body)
	}
	e.RetryAfter = time.Hour
	if _, _, body = ErrorReply(e); gjson.GetBytes(body, "error.message").String() != "Overloaded; try again in 1h0m0s" {
		t.Fatalf("got %s", body)
	}
	e = DecodeError(500, http.Header{"Request-Id": {"req_1"}}, []byte("<html>"), "k")
	if _, _, body = ErrorReply(e); gjson.GetBytes(body, "request_id").String() != "req_1" {
		t.Fatalf("got %s", body)
	}
}

func TestAnErrorWithinAnAnswerHasTheStatusOfItsType(t *testing.T) {
	for typ, status := range map[string]int{"invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
		"not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529, "new_error": 500} {
		err := Codec{}.FailureWithin([]byte(`{"type":"error","error":{"type":"`+typ+`","message":"sk-1"}}`), "sk-1")
		var e *schemas.Error
		if !errors.As(err, &e) || e.StatusCode != status || bytes.Contains(e.Upstream.Body, []byte("sk-1")) {
			t.Errorf("%s: got %v", typ, err)
		}
		if status >= 400 && status != 402 && typ != "new_error" && typeOf(status) != typ {
			t.Errorf("%s: comes back as %s", typ, typeOf(status))
		}
	}
	if err := (Codec{}).FailureWithin(dialecttest.Golden(t, "response.json"), ""); err != nil {
		t.Errorf("of an answer: got %v", err)
	}
}

func TestASpendingLimitIsNotTriedAgain(t *testing.T) {
	if e := DecodeError(429, http.Header{"X-Should-Retry": {"false"}}, nil, ""); !e.QuotaSpent {
		t.Error("it is taken for a limit of rate")
	}
	if e := DecodeError(429, nil, nil, ""); e.QuotaSpent {
		t.Error("a limit of rate is taken for one of spending")
	}
}
