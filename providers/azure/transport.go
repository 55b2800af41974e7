package azure

import (
	"io"
	"net/http"

	"bifrost/internal/httpx"
)

// transport carries the requests for tokens: through the provider's own connections,
// with its proxy and authorities, but for a managed identity's, which go to the machine
// itself, or to its host, and are plain HTTP.
type transport struct {
	doer    httpx.Doer
	machine http.RoundTripper
}

func newTransport(doer httpx.Doer) transport {
	machine := http.DefaultTransport.(*http.Transport).Clone()
	machine.Proxy, machine.DisableKeepAlives = nil, true // a token lasts for hours: a connection need not
	return transport{doer: doer, machine: machine}
}

// Do implements policy.Transporter.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		return t.machine.RoundTrip(r)
	}
	req := &httpx.Request{Method: r.Method, URL: r.URL.String(), Header: r.Header}
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if req.Body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	resp, err := t.doer.Do(r.Context(), req)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: resp.StatusCode, Status: http.StatusText(resp.StatusCode), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: resp.Header, Body: resp.Body, ContentLength: -1, Request: r}, nil
}
