package httpx

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"bifrost/schemas"
)

func newClient(t *testing.T) Doer {
	t.Helper()
	d, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestClientSendsTheRequestAsItIsAndLeavesItUnchanged(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Got", r.Method+" "+r.URL.String()+" "+r.Header.Get("X-A")+" "+string(body)+r.Header.Get("Accept-Encoding"))
		w.WriteHeader(http.StatusTeapot)
	})
	req := &Request{Method: "POST", URL: s.URL + "/a?b=c", Header: http.Header{"X-A": {"1"}}, Body: []byte("hello")}
	for range 2 {
		resp, err := newClient(t).Do(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header.Get("Got"); got != "POST /a?b=c 1 hello" || resp.StatusCode != http.StatusTeapot {
			t.Fatalf("got %d %q", resp.StatusCode, got)
		}
		_ = resp.Body.Close()
	}
	if len(req.Header) != 1 || string(req.Body) != "hello" {
		t.Fatalf("the request was modified: %v", req)
	}
}

func TestClientReturnsARedirectAsAResponseAndKeepsNoCookie(t *testing.T) {
	var calls int
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if r.Header.Get("Cookie") != "" {
			t.Error("a cookie was sent")
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	d := newClient(t)
	for range 2 {
		resp, err := d.Do(t.Context(), &Request{Method: "POST", URL: s.URL, Body: []byte("x")})
		if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
			t.Fatalf("got %v, %v", resp, err)
		}
		_ = resp.Body.Close()
	}
	if calls != 2 {
		t.Fatalf("%d calls, want 2", calls)
	}
}

func TestClientDeliversACompressedBodyByteForByte(t *testing.T) {
	var zipped strings.Builder
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, "hello")
	_ = z.Close()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, zipped.String())
	})
	resp, err := newClient(t).Do(t.Context(), &Request{Method: "GET", URL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); string(got) != zipped.String() || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("got %q, %v", got, resp.Header)
	}
}

func TestAnUnreachableProviderIsAnUpstreamErrorThatDidNotStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close()
	_, err = newClient(t).Do(t.Context(), &Request{Method: "GET", URL: "http://" + addr})
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || e.MayHaveStarted || !strings.Contains(e.Message, "connection refused") {
		t.Fatalf("got %v", err)
	}
}

func TestAnUnreachableProvidersErrorSaysWhy(t *testing.T) {
	for says, err := range map[string]error{
		"not resolved":    &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}},
		"connect_timeout": &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded},
		"tls handshake":   errors.New("tls: failed to verify certificate"),
		"failed":          errors.New("something else"),
	} {
		var e *schemas.Error
		if !errors.As(failure(t.Context(), err, false, "host:1"), &e) || !strings.Contains(e.Message, says) || e.MayHaveStarted {
			t.Errorf("%v: got %v", err, e)
		}
	}
}

func TestAConnectionThatBreaksAfterTheRequestMayHaveStarted(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		panic(http.ErrAbortHandler)
	})
	_, err := newClient(t).Do(t.Context(), &Request{Method: "POST", URL: s.URL, Body: []byte("x")})
	var e *schemas.Error
	if !errors.As(err, &e) || e.Kind != schemas.KindUpstream || !e.MayHaveStarted {
		t.Fatalf("got %#v", err)
	}
}

func TestABodyThatBreaksIsAnUpstreamErrorAndNeverAnEnd(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	text, err := callURL(t.Context(), newClient(t), s.URL)
	if text != "half" || !errors.Is(err, schemas.ErrUpstream) {
		t.Fatalf("got %q, %v", text, err)
	}
}

func TestACancelEndsTheCallInHeadersAndInBody(t *testing.T) {
	for name, withHeaders := range map[string]bool{"headers": false, "body": true} {
		t.Run(name, func(t *testing.T) {
			arrived, left := make(chan struct{}), make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if withHeaders {
					_, _ = io.WriteString(w, "a")
					_ = http.NewResponseController(w).Flush()
				}
				close(arrived)
				<-r.Context().Done()
				close(left)
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-arrived; cancel() }() // ends when the call has arrived
			_, err := callURL(ctx, WithTimeouts(newClient(t), Timeouts{Total: time.Minute}), s.URL)
			var e *schemas.Error
			if !errors.As(err, &e) || e.Kind != schemas.KindCanceled || !e.MayHaveStarted || !errors.Is(err, context.Canceled) {
				t.Fatalf("got %#v", err)
			}
			<-left
		})
	}
}

func TestAnUnsendableRequestIsTheCallersFaultAndIsNotQuoted(t *testing.T) {
	for name, req := range map[string]*Request{
		"method":  {Method: "BAD METHOD", URL: "http://127.0.0.1"},
		"address": {Method: "GET", URL: "http://127.0.0.1/\x7f"},
		"header":  {Method: "GET", URL: "http://127.0.0.1", Header: http.Header{"X-Secret": {"secret\nvalue"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newClient(t).Do(t.Context(), req)
			if !errors.Is(err, schemas.ErrInvalidRequest) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func callURL(ctx context.Context, d Doer, url string) (string, error) {
	resp, err := d.Do(ctx, &Request{Method: "GET", URL: url})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}
