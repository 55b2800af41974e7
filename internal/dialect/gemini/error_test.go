package gemini

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

func TestAnErrorHasTheDialectsStatusAndWord(t *testing.T) {
	upstream := func(status int, kind schemas.ErrorKind) *schemas.Error {
		return &schemas.Error{Kind: kind, StatusCode: status, Provider: "p", Message: "m",
			Upstream: &schemas.UpstreamReply{Dialect: schemas.DialectOpenAI, StatusCode: status, Body: []byte(`{"error":{"message":"theirs"}}`)}}
	}
	for name, c := range map[string]struct {
		err                 error
		status              int
		word, reason, delay string
	}{
		"a bad request":      {&schemas.Error{Kind: schemas.KindInvalidRequest}, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", ""},
		"not supported":      {&schemas.Error{Kind: schemas.KindUnsupportedOperation}, 400, "INVALID_ARGUMENT", "UNSUPPORTED_OPERATION", ""},
		"the caller's key":   {&schemas.Error{Kind: schemas.KindUnauthorized}, 401, "UNAUTHENTICATED", "UNAUTHORIZED", ""},
		"our key":            {upstream(401, schemas.KindUnauthorized), 502, "UNAVAILABLE", "UPSTREAM_CREDENTIALS", ""},
		"not found":          {&schemas.Error{Kind: schemas.KindNotFound}, 404, "NOT_FOUND", "NOT_FOUND", ""},
		"no room":            {&schemas.Error{Kind: schemas.KindOverloaded, Reason: "queue_full", RetryAfter: 2500 * time.Millisecond}, 503, "UNAVAILABLE", "QUEUE_FULL", "3s"},
		"keys rest":          {&schemas.Error{Kind: schemas.KindRateLimited, Reason: schemas.ReasonKeysResting}, 429, "RESOURCE_EXHAUSTED", "KEYS_RESTING", "1s"},
		"unreachable":        {&schemas.Error{Kind: schemas.KindUpstream}, 502, "UNAVAILABLE", "UPSTREAM", ""},
		"a timeout":          {&schemas.Error{Kind: schemas.KindTimeout}, 504, "DEADLINE_EXCEEDED", "TIMEOUT", ""},
		"a bug":              {&schemas.Error{Kind: schemas.KindInternal}, 500, "INTERNAL", "INTERNAL", ""},
		"an upstream's":      {upstream(413, schemas.KindInvalidRequest), 413, "INVALID_ARGUMENT", "INVALID_REQUEST", ""},
		"an upstream's rate": {upstream(429, schemas.KindRateLimited), 429, "RESOURCE_EXHAUSTED", "RATE_LIMITED", ""},
		"something else":     {errors.New("x"), 500, "INTERNAL", "INTERNAL", ""},
	} {
		status, header, body := ErrorReply(c.err)
		v := gjson.GetBytes(body, "error")
		if status != c.status || v.Get("code").Type != gjson.Number || int(v.Get("code").Int()) != c.status || v.Get("status").String() != c.word ||
			v.Get("details.0.reason").String() != c.reason || v.Get("details.0.@type").String() != "type.googleapis.com/google.rpc.ErrorInfo" ||
			v.Get("details.1.retryDelay").String() != c.delay || v.Get("message").String() == "" || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: got %d %s", name, status, body)
		}
		if ev := events(t, AppendStreamError(nil, c.err)); len(ev) != 1 || int(gjson.Get(ev[0], "error.code").Int()) != c.status {
			t.Errorf("%s: got the event %+v", name, ev)
		}
	}
}

func TestTheWaitInABodyCountsIfItIsLonger(t *testing.T) {
	body := dialecttest.Golden(t, "error_429.json")
	for header, want := range map[string]time.Duration{"": 34074824224 * time.Nanosecond, "7": 34074824224 * time.Nanosecond, "50": 50 * time.Second} {
		h := http.Header{}
		if header != "" {
			h.Set("Retry-After", header)
		}
		if e := DecodeError(429, h, body, ""); e.RetryAfter != want || e.Kind != schemas.KindRateLimited || e.QuotaSpent {
			t.Errorf("%q: got %+v", header, e)
		}
	}
	if e := DecodeError(429, nil, bytes.Replace(body, []byte("PerMinute"), []byte("PerDay"), 1), ""); !e.QuotaSpent {
		t.Error("a quota of a day is taken for one that a wait lifts")
	}
}

func TestAKeyThatIsNoneIsTheKeysFault(t *testing.T) {
	e := DecodeError(400, nil, dialecttest.Golden(t, "error_400_key.json"), "")
	if e.Kind != schemas.KindUnauthorized || e.StatusCode != 400 {
		t.Fatalf("got %+v", e)
	}
	if e := DecodeError(400, nil, []byte(`{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}`), ""); e.Kind != schemas.KindInvalidRequest {
		t.Fatalf("another: got %+v", e)
	}
}

func TestAProvidersOwnErrorKeepsItsBody(t *testing.T) {
	want := dialecttest.Golden(t, "error_429.json")
	e := DecodeError(429, nil, want, "sk-1")
	e.RetryAfter = 0
	status, _, body := ErrorReply(e)
	if status != 429 || !bytes.Equal(body, want) {
		t.Fatalf("got %d %s", status, body)
	}
	e.RetryAfter = time.Hour
	if _, _, body = ErrorReply(e); gjson.GetBytes(body, "error.message").String() != gjson.GetBytes(want, "error.message").String()+"; try again in 1h0m0s" {
		t.Fatalf("got %s", body)
	}
	list := DecodeError(400, nil, []byte(`[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]`), "")
	if _, _, body = ErrorReply(list); string(body) != `{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}` {
		t.Fatalf("of a list: got %s", body)
	}
}

func TestAnErrorWithinAnAnswerHasTheStatusOfItsCodeOrWord(t *testing.T) {
	for body, status := range map[string]int{
		`{"error":{"code":429}}`:                            429,
		`{"error":{"code":7,"status":"PERMISSION_DENIED"}}`: 403,
		`{"error":{"status":"UNAUTHENTICATED"}}`:            401,
		`{"error":{"status":"FAILED_PRECONDITION"}}`:        400,
		`{"error":{"status":"NOT_FOUND"}}`:                  404,
		`{"error":{"status":"DEADLINE_EXCEEDED"}}`:          504,
		`{"error":{"status":"NEW"}}`:                        500,
		`[{"error":{"code":503}}]`:                          503,
	} {
		var e *schemas.Error
		if err := (Codec{}).FailureWithin([]byte(body), ""); !errors.As(err, &e) || e.StatusCode != status || !e.MayHaveStarted {
			t.Errorf("%s: got %v", body, err)
		}
	}
	for _, body := range []string{string(dialecttest.Golden(t, "response.json")), `{"error":null}`, `{}`} {
		if err := (Codec{}).FailureWithin([]byte(body), ""); err != nil {
			t.Errorf("%s: got %v", body, err)
		}
	}
}
