package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect"
	"bifrost/internal/dialect/dialecttest"
	"bifrost/schemas"
)

func TestAStatusHasItsKind(t *testing.T) {
	for status, want := range map[int]schemas.ErrorKind{
		302: schemas.KindUpstream, 400: schemas.KindInvalidRequest, 401: schemas.KindUnauthorized, 402: schemas.KindUnauthorized,
		403: schemas.KindUnauthorized, 404: schemas.KindNotFound, 405: schemas.KindInvalidRequest, 408: schemas.KindTimeout,
		413: schemas.KindInvalidRequest, 422: schemas.KindInvalidRequest, 429: schemas.KindRateLimited, 500: schemas.KindUpstream,
		502: schemas.KindUpstream, 503: schemas.KindUpstream, 504: schemas.KindTimeout, 529: schemas.KindUpstream,
	} {
		e := DecodeError(status, nil, []byte("secret words"), "")
		if e.Kind != want || e.StatusCode != status || e.Upstream.StatusCode != status {
			t.Errorf("%d: got %+v, want %s", status, e, want)
		}
		if started := status >= 500 || status == 408; e.MayHaveStarted != started {
			t.Errorf("%d: may have started is %v", status, e.MayHaveStarted)
		}
		if strings.Contains(e.Error(), "secret") || e.Message == "" {
			t.Errorf("%d: says %q", status, e.Error())
		}
	}
}

func TestRetryAfterIsReadInEveryForm(t *testing.T) {
	const date = "Wed, 21 Oct 2026 07:28:00 GMT"
	for _, c := range []struct {
		header http.Header
		want   time.Duration
	}{
		{http.Header{}, 0},
		{http.Header{"Retry-After": {"20"}}, 20 * time.Second},
		{http.Header{"Retry-After": {"1.5"}}, 1500 * time.Millisecond},
		{http.Header{"Retry-After": {"20"}, "Retry-After-Ms": {"250"}}, 250 * time.Millisecond},
		{http.Header{"Retry-After": {"Wed, 21 Oct 2026 07:28:30 GMT"}, "Date": {date}}, 30 * time.Second},
		{http.Header{"Retry-After": {"Wed, 21 Oct 2015 07:28:30 GMT"}}, 0},
		{http.Header{"Retry-After": {"-5"}}, 0},
		{http.Header{"Retry-After": {"soon"}}, 0},
		{http.Header{"Retry-After": {"NaN"}}, 0},
		{http.Header{"Retry-After": {"1e300"}}, 365 * 24 * time.Hour},
	} {
		if got := DecodeError(429, c.header, nil, "").RetryAfter; got != c.want {
			t.Errorf("%v: got %v, want %v", c.header, got, c.want)
		}
	}
}

func TestTheUsedKeyIsMaskedWhereverAProviderRepeatsIt(t *testing.T) {
	const key = `sk-invented/1`
	body := dialecttest.Golden(t, "error_401.json")
	e := DecodeError(401, http.Header{"X-Echo": {"Bearer " + key}}, append(body, `"sk-invented\/1"`...), key)
	if strings.Contains(string(e.Upstream.Body), "sk-invented") || strings.Contains(e.Upstream.Header.Get("X-Echo"), key) {
		t.Fatalf("got %v %s", e.Upstream.Header, e.Upstream.Body)
	}
	if !strings.Contains(string(body), key) {
		t.Fatal("the given body was modified")
	}
}

func TestALongErrorBodyIsCutAndNoKeysBeginningIsLeft(t *testing.T) {
	const key = "sk-0123456789"
	for cut := 1; cut < len(key); cut++ {
		for _, echoes := range []int{0, 5} {
			text := strings.Repeat(key, echoes)
			text += strings.Repeat("x", dialect.MaxErrorBody+1-len(text)-cut) + key[:cut]
			e := DecodeError(500, nil, []byte(text), key)
			if len(e.Upstream.Body) > dialect.MaxErrorBody || strings.Contains(string(e.Upstream.Body), "sk") {
				t.Fatalf("cut %d: %d bytes, ending in %q", cut, len(e.Upstream.Body), e.Upstream.Body[len(e.Upstream.Body)-20:])
			}
		}
	}
}

func TestAnErrorReplyHasTheStatusCodeAndAdviceOfItsKind(t *testing.T) {
	upstream := func(status int, body string, header http.Header) *schemas.Error {
		return DecodeError(status, header, []byte(body), "")
	}
	const theirs = `{"error":{"message":"theirs","type":"t","param":null,"code":"c"}}`
	cases := map[string]struct {
		err                        error
		status                     int
		code, origin, after, again string
		says                       string
	}{
		"queue full": {&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, RetryAfter: 1500 * time.Millisecond, Message: "full"},
			503, "queue_full", "gateway", "2", "", "full"},
		"no rate known":     {&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueTimeout}, 503, "queue_timeout", "gateway", "1", "", "overloaded"},
		"dead letter":       {&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, Err: &schemas.DeadLetter{RetryAfter: 7 * time.Second}}, 503, "queue_full", "gateway", "7", "", ""},
		"draining":          {&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonDraining, RetryAfter: time.Minute}, 503, "draining", "gateway", "1", "", ""},
		"keys resting":      {&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonKeysResting, RetryAfter: 30 * time.Second}, 429, "keys_resting", "gateway", "30", "", ""},
		"a long wait":       {&schemas.Error{Kind: schemas.KindRateLimited, RetryAfter: 2 * time.Minute, Message: "m"}, 429, "rate_limited", "gateway", "", "false", "2m0s"},
		"unsupported":       {&schemas.Error{Kind: schemas.KindUnsupportedOperation}, 400, "unsupported_operation", "gateway", "", "false", ""},
		"node lost, queued": {&schemas.Error{Kind: schemas.KindNodeLost}, 502, "node_lost", "gateway", "1", "", ""},
		"node lost, begun":  {&schemas.Error{Kind: schemas.KindNodeLost, MayHaveStarted: true}, 502, "node_lost", "gateway", "", "false", ""},
		"invalid":           {&schemas.Error{Kind: schemas.KindInvalidRequest}, 400, "invalid_request", "gateway", "", "", ""},
		"unknown provider":  {&schemas.Error{Kind: schemas.KindNotFound, Reason: schemas.ReasonNotFound}, 404, "not_found", "gateway", "", "", ""},
		"our caller's key":  {&schemas.Error{Kind: schemas.KindUnauthorized}, 401, "unauthorized", "gateway", "", "", ""},
		"no key at all":     {&schemas.Error{Kind: schemas.KindUnauthorized, Provider: "openai"}, 502, "upstream_credentials", "gateway", "", "", ""},
		"timeout":           {schemas.ErrTimeout, 504, "timeout", "gateway", "", "", ""},
		"canceled":          {schemas.ErrCanceled, 499, "canceled", "gateway", "", "", ""},
		"a bare cancel":     {context.Canceled, 499, "canceled", "gateway", "", "", ""},
		"a bare deadline":   {fmt.Errorf("x: %w", context.DeadlineExceeded), 504, "timeout", "gateway", "", "", ""},
		"internal":          {errors.New("secret"), 500, "internal", "gateway", "", "", "see the log"},
		"unreachable":       {&schemas.Error{Kind: schemas.KindUpstream}, 502, "upstream", "upstream", "", "", ""},
		"their 400":         {upstream(400, theirs, nil), 400, "invalid_request", "upstream", "", "", "theirs"},
		"their 404":         {upstream(404, theirs, nil), 404, "not_found", "upstream", "", "", "theirs"},
		"their 429":         {upstream(429, theirs, http.Header{"Retry-After": {"5"}}), 429, "rate_limited", "upstream", "5", "", "theirs"},
		"their long 429":    {upstream(429, theirs, http.Header{"Retry-After": {"3600"}}), 429, "rate_limited", "upstream", "", "false", "theirs"},
		"their quota":       {upstream(429, `{"error":{"message":"q","code":"insufficient_quota"}}`, nil), 429, "rate_limited", "upstream", "", "false", "q"},
		"their 500":         {upstream(500, theirs, nil), 500, "upstream", "upstream", "", "", "theirs"},
		"their html":        {upstream(503, "<html>", nil), 503, "upstream", "upstream", "", "", "the provider failed"},
		"their odd json":    {upstream(500, `{"error":null}`, nil), 500, "upstream", "upstream", "", "", "the provider failed"},
		"their redirect":    {upstream(302, "", nil), 502, "upstream", "upstream", "", "", "redirect"},
		"their 401":         {upstream(401, theirs, nil), 502, "upstream_credentials", "upstream", "", "", "refused the key"},
		"their 402":         {upstream(402, theirs, nil), 502, "upstream_credentials", "upstream", "", "", ""},
		"a chain": {errors.Join(&schemas.Error{Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull}, schemas.ErrInternal),
			503, "queue_full", "gateway", "1", "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, h, body := ErrorReply(c.err)
			if status != c.status || h.Get("X-Bifrost-Code") != c.code || h.Get("X-Bifrost-Origin") != c.origin ||
				h.Get("Retry-After") != c.after || h.Get("x-should-retry") != c.again || h.Get("Content-Type") != "application/json" {
				t.Fatalf("got %d %v", status, h)
			}
			message := gjson.GetBytes(body, "error.message")
			if !strings.Contains(message.Str, c.says) || message.Str == "" || strings.Contains(string(body), "secret") {
				t.Fatalf("got %s", body)
			}
			if gjson.GetBytes(body, "error.type").Str == "" && name != "their quota" {
				t.Fatalf("no type in %s", body)
			}
			if close := h.Get("Connection") == "close"; close != (name == "draining") {
				t.Fatalf("connection: %v", h)
			}
		})
	}
}

func TestRateLimitHeadersPassThroughAndOthersDoNot(t *testing.T) {
	e := DecodeError(429, http.Header{"X-Ratelimit-Remaining-Requests": {"0"}, "X-Should-Retry": {"false"}, "Set-Cookie": {"a=b"}, "Retry-After": {"600"}}, nil, "")
	_, h, _ := ErrorReply(e)
	if h.Get("X-RateLimit-Remaining-Requests") != "0" || h.Get("x-should-retry") != "false" || h.Get("Set-Cookie") != "" || h.Get("Retry-After") != "" {
		t.Fatalf("got %v", h)
	}
}

func TestAProvidersWordsReachItsCallerWhateverTheirForm(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":{"message":"the words","code":"c"}}`:      "the words",
		`{"error":{"message":"the words"},"extra":1}`:       "the words",
		`{"error":"the words"}`:                             "the words",
		`{"message":"the words","object":"error"}`:          "the words",
		`{"detail":"the words"}`:                            "the words",
		`{"detail":[{"loc":["body"],"msg":"the words"}]}`:   "the words",
		`[{"error":{"message":"the words","code":400}}]`:    "the words",
		`{"errors":[{"message":"the words"}]}`:              "the words",
		`"the words"`:                                       "the words",
		"the\n words\n":                                     "the words",
		"<html>the words</html>":                            "the provider refused the request; see its own message",
		"\x00\x01":                                          "the provider refused the request; see its own message",
		`{"unknown":{"form":"the words"}}`:                  "the provider refused the request; see its own message",
		`{"error":{"message":""},"message":"not this one"}`: "",
		"": "the provider refused the request; see its own message",
	} {
		_, _, reply := ErrorReply(DecodeError(400, nil, []byte(body), "key"))
		if got := gjson.GetBytes(reply, "error.message").String(); got != want {
			t.Errorf("%q: the caller reads %q, want %q", body, got, want)
		}
	}
	_, _, reply := ErrorReply(DecodeError(401, nil, []byte(`{"message":"key of Jane Doe"}`), "key"))
	if strings.Contains(string(reply), "Jane") {
		t.Errorf("what is said of our key reaches the caller: %s", reply)
	}
}

func TestADelayThatIsTooLongForAHeaderIsInTheMessage(t *testing.T) {
	header := http.Header{"Retry-After": {"3600"}}
	for body, want := range map[string]string{
		`{"error":{"message":"slow down","type":"t","param":null,"code":"c"}}`: `{"error":{"message":"slow down; try again in 1h0m0s","type":"t","param":null,"code":"c"}}`,
		`{"message":"slow down"}`: `{"error":{"message":"slow down; try again in 1h0m0s","type":"rate_limit_error","param":null,"code":"rate_limited"}}`,
	} {
		_, h, reply := ErrorReply(DecodeError(429, header, []byte(body), "key"))
		if string(reply) != want || h.Get("Retry-After") != "" || h.Get("X-Should-Retry") != "false" {
			t.Errorf("got %s, %v", reply, h)
		}
	}
}
