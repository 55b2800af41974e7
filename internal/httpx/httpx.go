// Package httpx is upstream HTTP as adapters see it: one small neutral
// interface, so that no adapter knows which client library carries its calls.
//
// A Doer is safe for concurrent use. Do blocks until the response's headers are
// there or ctx ends; ctx also covers the body, whose Read returns soon after ctx
// ends. Redirects are never followed. Errors are *schemas.Error with kind
// upstream (unreachable, broken), timeout or canceled.
package httpx

import (
	"context"
	"io"
	"net/http"
)

// Request is one HTTP request. It is not modified, and may be sent again.
type Request struct {
	Method string
	URL    string
	Header http.Header
	Body   []byte // nil: none
}

// Response is an answer of any status. Who receives it closes Body. Close may be
// called while a Read is pending, which it ends, and more than once.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       io.ReadCloser
}

// Doer sends requests.
type Doer interface {
	Do(ctx context.Context, req *Request) (*Response, error)
	// Close closes idle connections. Responses in use are not affected.
	Close() error
}
