package bifrost

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/google/uuid"

	"bifrost/internal/surface"
	"bifrost/schemas"
)

// Transport returns an http.RoundTripper that sends every request through the
// provider's actors: set it as the HTTP client of an official SDK of OpenAI,
// Anthropic or Gemini, with any base URL and any key, which are replaced. A provider
// of another dialect than the SDK's is asked, and answers, through the canonical
// form.
//
// The worker is held until the response's body is read to its end or closed. A
// refusal is an HTTP response in the SDK's dialect with the status, code and
// Retry-After that SDKs obey, not a Go error; only a context that has ended, or a
// request body that cannot be read, is an error. A request body is read whole, so
// that it can be sent again. Every response has an X-Request-Id: the provider's own, or a new one.
func (c *Client) Transport(provider string) http.RoundTripper {
	return &transport{client: c, provider: provider}
}

type transport struct {
	client   *Client
	provider string
}

// RoundTrip is http.RoundTripper's.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	raw := &schemas.RawRequest{Method: req.Method, Query: req.URL.RawQuery, Header: req.Header, Body: body}
	raw.Dialect, raw.Path = surface.Detect(req.URL.EscapedPath(), req.Header)
	dialect := surface.Of(raw.Dialect)
	resp, err := t.client.RawRequest(req.Context(), t.provider, dialect.Model(raw), raw)
	if err == nil {
		return newResponse(req, resp.Raw.StatusCode, withID(raw.Dialect, resp.Raw.Header), resp.Raw.Body), nil
	}
	if ctxErr := req.Context().Err(); ctxErr != nil {
		return nil, &endedError{ctx: ctxErr, err: err}
	}
	status, header, text := dialect.ErrorReply(err)
	header = withID(raw.Dialect, withUpstreamID(header, err))
	return newResponse(req, status, header, io.NopCloser(bytes.NewReader(text))), nil
}

// endedError is the error of a call whose context has ended. Like net/http's own
// it says whether that was a timeout.
type endedError struct {
	ctx, err error
}

func (e *endedError) Error() string { return fmt.Sprintf("bifrost: %v (%v)", e.ctx, e.err) }

func (e *endedError) Unwrap() []error { return []error{e.ctx, e.err} }

// Timeout implements net.Error's.
func (e *endedError) Timeout() bool { return errors.Is(e.ctx, context.DeadlineExceeded) }

// requestIDs returns the headers in which SDKs of a dialect, or some of its providers,
// look for a request's id.
func requestIDs(d schemas.Dialect) []string {
	if d == schemas.DialectAnthropic {
		return []string{"Request-Id", "X-Request-Id"}
	}
	return []string{"X-Request-Id"}
}

// withUpstreamID adds the provider's own request id, if it told one, to the headers of
// an error reply.
func withUpstreamID(header http.Header, err error) http.Header {
	var e *schemas.Error
	if !errors.As(err, &e) || e.Upstream == nil {
		return header
	}
	for _, name := range requestIDs(e.Upstream.Dialect) {
		if id := e.Upstream.Header.Get(name); id != "" {
			header.Set("X-Request-Id", id)
			break
		}
	}
	return header
}

// withID returns the headers of an answer with a request id, which SDKs show, in each
// place where those of the dialect look: the provider's own, or a new one. h, which may
// be the provider's for more than one answer, is not modified.
func withID(d schemas.Dialect, h http.Header) http.Header {
	names := requestIDs(d)
	id, all := "", true
	for _, name := range names {
		given := h.Get(name)
		id, all = cmp.Or(id, given), all && given != ""
	}
	if all {
		return h
	}
	out := h.Clone()
	if out == nil {
		out = http.Header{}
	}
	if id == "" {
		id = uuid.NewString()
	}
	for _, name := range names {
		out.Set(name, id)
	}
	return out
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if req.GetBody != nil { // it is in memory: reading does not block
		return readAll(req.Body)
	}
	type read struct {
		body []byte
		err  error
	}
	all := make(chan read, 1)
	go func() { // ends when the body does; a body that is stuck is its sender's, who closes it
		body, err := readAll(req.Body)
		all <- read{body, err}
	}()
	select {
	case r := <-all:
		return r.body, r.err
	case <-req.Context().Done():
		// A body may have one lock for both, as a server's request has: its Close then
		// waits for the Read. It ends with the body, as the reading does.
		go func() { _ = req.Body.Close() }()
		return nil, &endedError{ctx: req.Context().Err(), err: errors.New("the request's body had not been read yet")}
	}
}

func readAll(from io.ReadCloser) ([]byte, error) {
	defer from.Close()
	body, err := io.ReadAll(from)
	if err != nil {
		return nil, fmt.Errorf("bifrost: reading the request's body: %w", err)
	}
	return body, nil
}

func newResponse(req *http.Request, status int, header http.Header, body io.ReadCloser) *http.Response {
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", status, http.StatusText(status)),
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          body,
		ContentLength: -1,
		Request:       req,
	}
}
