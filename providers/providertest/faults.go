package providertest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost/schemas"
)

const sayings = "words of the provider"

func sendsItsKey(t *testing.T, f Fixture) {
	const foreign = "Bearer of-the-caller"
	for _, op := range f.operations() {
		req := f.request(op)
		if req.Raw != nil {
			for _, name := range []string{"Authorization", "Api-Key", "X-Api-Key", "Cookie", "Proxy-Authorization"} {
				req.Raw.Header.Set(name, foreign)
			}
			req.Raw.Header.Set("X-Kept", "yes")
			req.Raw.Header.Set("Accept-Encoding", "br")
			req.Raw.Query = "a=b"
		}
		if _, err := f.whole(within(t), t, req); err != nil {
			t.Fatal(err)
		}
		calls := f.Upstream.Received()
		got := calls[len(calls)-1]
		for name, values := range got.Header {
			if slices.Contains(values, foreign) {
				t.Errorf("%s: the caller's %s was sent", op, name)
			}
		}
		if f.Key.Value != "" && !strings.Contains(strings.Join(slices.Concat(got.Header["Authorization"], got.Header["Api-Key"], got.Header["X-Api-Key"], got.Header["X-Goog-Api-Key"]), " "), f.Key.Value) {
			t.Errorf("%s: the key was not sent: %v", op, got.Header)
		}
		if req.Raw != nil && (got.Header.Get("X-Kept") != "yes" || got.Query != strings.TrimSuffix("a=b&"+f.Query, "&") || f.Routed == nil && string(got.Body) != string(req.Raw.Body) || got.Header.Get("Accept-Encoding") != "") {
			t.Errorf("raw: got %s %s", got.Query, got.Header)
		}
	}
}

func givesRefusalsTheirKind(t *testing.T, f Fixture) {
	for status, kind := range map[int]schemas.ErrorKind{
		400: schemas.KindInvalidRequest, 422: schemas.KindInvalidRequest, 404: schemas.KindNotFound,
		401: schemas.KindUnauthorized, 402: schemas.KindUnauthorized, 403: schemas.KindUnauthorized,
		429: schemas.KindRateLimited, 500: schemas.KindUpstream, 503: schemas.KindUpstream, 529: schemas.KindUpstream, 504: schemas.KindTimeout,
	} {
		f.Upstream.Script(refuses(status, http.Header{"Retry-After": {"7"}}, "application/json", f.set().errorBody(sayings)))
		for _, op := range f.operations() {
			req := f.request(op)
			_, err := f.call(within(t), t, req)
			e := wantKind(t, err, kind)
			if e.StatusCode != status || e.RetryAfter != 7*time.Second || e.Provider == "" || e.Model != req.Model {
				t.Errorf("%s, %d: got %+v", op, status, e)
			}
			if e.Upstream == nil || !strings.Contains(string(e.Upstream.Body), sayings) {
				t.Errorf("%s, %d: the provider's own words are lost", op, status)
			}
		}
	}
}

func keepsWordsOut(t *testing.T, f Fixture) {
	f.Upstream.Script(refuses(401, nil, "application/json", f.set().errorBody(sayings+" about "+f.Key.Value+" and "+prompt)))
	for _, op := range f.operations() {
		_, err := f.call(within(t), t, f.request(op))
		e := wantKind(t, err, schemas.KindUnauthorized)
		for _, secret := range []string{sayings, prompt, f.Key.Value} {
			if secret != "" && (strings.Contains(fmt.Sprint(err), secret) || strings.Contains(e.Message, secret)) {
				t.Errorf("%s: %q is in %v", op, secret, err)
			}
		}
		if f.Key.Value != "" && strings.Contains(string(e.Upstream.Body), f.Key.Value) {
			t.Errorf("%s: the key is in the kept reply", op)
		}
	}
}

func refusesOddAnswers(t *testing.T, f Fixture) {
	for name, script := range map[string]http.HandlerFunc{
		"a web page":          answers("text/html; charset=utf-8", "<html>"+sayings+"</html>"),
		"broken json":         answers("application/json", `{"id":"`+sayings),
		"nothing":             answers("application/json", ""),
		"another dialect":     answers("application/json", f.set().foreign),
		"an error inside":     answers("application/json", f.set().errorBody(sayings)),
		"an empty event list": answers("text/event-stream", ""),
	} {
		f.Upstream.Script(script)
		for _, op := range f.operations() {
			if op == schemas.OperationRaw && (name != "an error inside" || f.set().ownErrors) {
				continue // whatever it is, it is the caller's to judge
			}
			_, err := f.call(within(t), t, f.request(op))
			if !errors.Is(err, schemas.ErrUpstream) || strings.Contains(err.Error(), sayings) {
				t.Errorf("%s, %s: got %v", name, op, err)
			}
		}
	}
}

func reportsReset(t *testing.T, f Fixture) {
	for name, script := range map[string]http.HandlerFunc{
		"at once":     breaks("", ""),
		"in the body": breaks("application/json", f.set().chat[:40]),
	} {
		f.Upstream.Script(script)
		for _, op := range f.operations() {
			_, err := f.whole(within(t), t, f.request(op))
			if e := wantKind(t, err, schemas.KindUpstream); !e.MayHaveStarted || e.Provider == "" {
				t.Errorf("%s, %s: got %#v", name, op, e)
			}
		}
	}
}

func reportsStall(t *testing.T, f Fixture) {
	for name, beginning := range map[string]string{"headers": "", "body": f.set().chat[:40]} {
		for _, op := range f.operations() {
			arrived, left := make(chan struct{}, 1), make(chan struct{}, 1)
			f.Upstream.Script(stalls("application/json", beginning, arrived, left))
			ctx, cancel := context.WithTimeout(within(t), 20*time.Millisecond)
			begin := time.Now()
			_, err := f.whole(ctx, t, f.request(op))
			cancel()
			wantKind(t, err, schemas.KindTimeout)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: got %v", name, op, err)
			}
			if took := time.Since(begin); took > patience {
				t.Errorf("%s, %s: took %v", name, op, took)
			}
			// A slow machine may have ended the call before it arrived.
			select {
			case <-arrived:
				<-left
			default:
			}
		}
	}
}

func staysWithRedirect(t *testing.T, f Fixture) {
	f.Upstream.Script(refuses(http.StatusTemporaryRedirect, http.Header{"Location": {"/elsewhere"}}, "text/html", "moved"))
	for _, op := range f.operations() {
		before := len(f.Upstream.Received())
		_, err := f.call(within(t), t, f.request(op))
		wantKind(t, err, schemas.KindUpstream)
		if calls := len(f.Upstream.Received()) - before; calls != 1 {
			t.Errorf("%s: %d calls", op, calls)
		}
	}
}
