package dialect

import (
	"encoding/json"
	"net/http"
	"testing"
	"unicode/utf8"

	"bifrost/schemas"
)

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"model":"a/b","fallbacks":["c/d",{"provider":"e","model":"f"}],"messages":[]}`), "m")
	f.Add([]byte(`{"input":"x", "model" : "\u0061" }`), `"}`)
	f.Add([]byte(`{"fallbacks":[]}`), "")
	f.Fuzz(func(t *testing.T, body []byte, model string) {
		raw := &schemas.RawRequest{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
		before := string(body)
		other := WithBodyModel(raw, model)
		without, fallbacks, err := BodyFallbacks(raw)
		if string(body) != before {
			t.Fatal("the call's own body was changed")
		}
		if !json.Valid(body) {
			return
		}
		if !json.Valid(other.Body) {
			t.Fatalf("not json: %s", other.Body)
		}
		if got := BodyModel(other); other != raw && utf8.ValidString(model) && got != model {
			t.Fatalf("the model is %q, want %q", got, model)
		}
		if err != nil {
			return
		}
		if !json.Valid(without.Body) || len(fallbacks) > 0 && without == raw {
			t.Fatalf("got %s with %v", without.Body, fallbacks)
		}
	})
}

func FuzzErrorWords(f *testing.F) {
	f.Add([]byte(`{"error":{"message":"m"}}`))
	f.Add([]byte(`[{"error":{"message":"m"}}]`))
	f.Add([]byte(`{"detail":[{"msg":"m"}]}`))
	f.Add([]byte("<html>"))
	f.Add([]byte("plain \xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		words := errorWords(body)
		if !utf8.ValidString(words) && json.Valid(body) && utf8.Valid(body) || len(words) > maxWords+len("…") {
			t.Fatalf("%q is no text, or too long", words)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "", "")
	f.Add("Wed, 21 Oct 2015 07:28:00 GMT", "", "Wed, 21 Oct 2015 07:27:00 GMT")
	f.Add("1e300", "-1", "")
	f.Add("NaN", "Inf", "")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "", "")
	f.Fuzz(func(t *testing.T, after, milliseconds, date string) {
		if d := RetryAfter(http.Header{"Retry-After": {after}, "Retry-After-Ms": {milliseconds}, "Date": {date}}); d < 0 || d > LongestWait {
			t.Fatalf("the wait is %v", d)
		}
	})
}
