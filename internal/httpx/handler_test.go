package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bifrost/schemas"
)

// doerFunc is a Doer of one function.
type doerFunc func(context.Context, *Request) (*Response, error)

func (f doerFunc) Do(ctx context.Context, r *Request) (*Response, error) { return f(ctx, r) }
func (f doerFunc) Close() error                                          { return nil }

func handled(t *testing.T, f doerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(Handler(f))
	t.Cleanup(s.Close)
	return s
}

func TestHandlerFlushesEachPartAndCancelsWhenTheClientLeaves(t *testing.T) {
	left := make(chan struct{})
	s := handled(t, func(ctx context.Context, r *Request) (*Response, error) {
		if r.Method != "POST" || !strings.HasSuffix(r.URL, "/v1/x?y=z") || string(r.Body) != "in" || r.Header.Get("Connection") != "" {
			t.Errorf("got %+v", r)
		}
		body, w := io.Pipe()
		go func() { // ends when the client has gone
			_, _ = io.WriteString(w, "one")
			<-ctx.Done()
			_ = w.CloseWithError(ctx.Err())
			close(left)
		}()
		return &Response{StatusCode: 201, Header: http.Header{"A": {"b"}, "Keep-Alive": {"x"}}, Body: body}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := newClient(t).Do(ctx, &Request{Method: "POST", URL: s.URL + "/v1/x?y=z", Body: []byte("in")})
	if err != nil || resp.StatusCode != 201 || resp.Header.Get("A") != "b" || resp.Header.Get("Keep-Alive") != "" {
		t.Fatalf("got %+v, %v", resp, err)
	}
	buf := make([]byte, 3)
	if _, err := io.ReadFull(resp.Body, buf); err != nil || string(buf) != "one" {
		t.Fatalf("got %q, %v", buf, err)
	}
	cancel()
	<-left
	_ = resp.Body.Close()
}

func TestHandlerBreaksTheConnectionWhenTheBodyBreaks(t *testing.T) {
	s := handled(t, func(context.Context, *Request) (*Response, error) {
		body := io.MultiReader(strings.NewReader("half"), errReader{errors.New("cut")})
		return &Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
	})
	if text, err := callURL(t.Context(), newClient(t), s.URL); text != "half" || !errors.Is(err, schemas.ErrUpstream) {
		t.Fatalf("got %q, %v", text, err)
	}
}

func TestHandlerAnswersAFailedCallWithItsStatusAndAJSONBody(t *testing.T) {
	for kind, want := range map[schemas.ErrorKind]int{
		schemas.KindTimeout: 504, schemas.KindUpstream: 502, schemas.KindInvalidRequest: 400,
	} {
		s := handled(t, func(context.Context, *Request) (*Response, error) { return nil, &schemas.Error{Kind: kind} })
		resp, err := newClient(t).Do(t.Context(), &Request{Method: "GET", URL: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != want || !strings.HasPrefix(string(body), `{"error":{"message":`) {
			t.Fatalf("%s: got %d %s", kind, resp.StatusCode, body)
		}
	}
}

func TestHandlerRefusesABodyOverItsLimit(t *testing.T) {
	s := handled(t, func(context.Context, *Request) (*Response, error) {
		t.Error("the call was made")
		return nil, schemas.ErrInternal
	})
	resp, err := newClient(t).Do(t.Context(), &Request{Method: "POST", URL: s.URL, Body: make([]byte, MaxHandlerBody+1)})
	if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatalf("got %v, %v", resp, err)
	}
	_ = resp.Body.Close()
}

func TestStripHopByHopRemovesWhatConnectionNames(t *testing.T) {
	h := http.Header{"Connection": {"close, X-One", "X-Two"}, "X-One": {"1"}, "X-Two": {"2"}, "Te": {"trailers"}, "X-Kept": {"3"}}
	StripHopByHop(h)
	if len(h) != 1 || h.Get("X-Kept") != "3" {
		t.Fatalf("left %v", h)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
