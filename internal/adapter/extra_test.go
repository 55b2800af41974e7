package adapter_test

import (
	"context"
	"net/http"
	"testing"

	"bifrost/internal/adapter"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

func TestAnAttemptsHeaderGoesToTheProviderButNoneOfItsCredentials(t *testing.T) {
	for _, req := range []*schemas.Request{chat(schemas.OperationChat), raw(http.MethodPost, "/chat/completions")} {
		var sent http.Header
		a := newAdapter(doerFunc(func(_ context.Context, r *httpx.Request) (*httpx.Response, error) {
			sent = r.Header
			return response(200, "application/json", `{"choices":[]}`), nil
		}), func(o *adapter.Options) {
			o.ExtraHeaders = schemas.Headers{"X-Configured": "ours"}
		})
		if req.Raw != nil {
			req.Raw.Header = http.Header{"Traceparent": {"caller's"}, "X-Callers": {"kept"}}
		}
		extra := http.Header{"Traceparent": {"hook's"}, "authorization": {"Bearer theirs"}, "x-api-key": {"theirs"}, "connection": {"X-Hop"},
			"X-Hop": {"1"}, "Host": {"elsewhere"}, "Transfer-Encoding": {"chunked"}, "X-Configured": {"theirs"}}
		_, err := a.Call(t.Context(), &schemas.Attempt{Request: req, Number: 1, Header: extra, Key: schemas.Key{Value: "ours"}})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"Traceparent": "hook's", "Authorization": "Bearer ours", "X-Configured": "ours",
			"X-Api-Key": "", "Connection": "", "X-Hop": "", "Host": "", "Transfer-Encoding": ""} {
			if got := sent.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", req.Operation, name, got, want)
			}
		}
		if req.Raw != nil && (sent.Get("X-Callers") != "kept" || req.Raw.Header.Get("Traceparent") != "caller's") {
			t.Errorf("the caller's headers: sent %v, own %v", sent, req.Raw.Header)
		}
	}
}
