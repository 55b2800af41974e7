package httpx

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"bifrost/schemas"
)

// Config is how a client reaches one provider. The zero value is usable.
type Config struct {
	// ConnectTimeout bounds the dial and, separately, the TLS handshake. Zero
	// means schemas.DefaultConnectTimeout.
	ConnectTimeout time.Duration

	// MaxIdleConnsPerHost is the number of idle HTTP/1.1 connections kept for
	// reuse. Zero means 256.
	MaxIdleConnsPerHost int

	// Proxy and CAFile are those of schemas.NetworkConfig.
	Proxy  schemas.ProxyURL
	CAFile string
}

// DefaultIdleConnsPerHost is Config's default.
const DefaultIdleConnsPerHost = 256

const (
	idleConnLifetime       = 90 * time.Second
	maxResponseHeaderBytes = 1 << 20
	// pingAfter finds a dead HTTP/2 connection, which all its streams share,
	// long before their own timeouts would.
	pingAfter = 15 * time.Second
)

// New returns a Doer over net/http with connections of its own. It follows no
// redirect, keeps no cookie, asks for no compression, so that bodies arrive as
// the provider wrote them, and obeys the environment's proxy settings unless it has
// its own. It bounds the connection's set-up only; see WithTimeouts for the rest. It
// reads CAFile. Errors name the setting to correct.
func New(cfg Config) (Doer, error) {
	if cfg.ConnectTimeout < 0 || cfg.MaxIdleConnsPerHost < 0 {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: "network_config.connect_timeout is negative; leave it out for its default"}
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = schemas.DefaultConnectTimeout
	}
	if cfg.MaxIdleConnsPerHost == 0 {
		cfg.MaxIdleConnsPerHost = DefaultIdleConnsPerHost
	}
	proxy, err := proxyOf(cfg.Proxy)
	if err != nil {
		return nil, err
	}
	trust, err := trustOf(cfg.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: cfg.ConnectTimeout, KeepAlive: 30 * time.Second}
	return &client{transport: &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: refusedByProxy,
		TLSClientConfig:        trust,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    cfg.ConnectTimeout,
		MaxIdleConnsPerHost:    cfg.MaxIdleConnsPerHost,
		IdleConnTimeout:        idleConnLifetime,
		MaxResponseHeaderBytes: maxResponseHeaderBytes,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
	}}, nil
}

// client carries requests on net/http's Transport, which, unlike its Client,
// never follows a redirect.
type client struct {
	transport *http.Transport
}

// Do implements Doer.
func (c *client) Do(ctx context.Context, req *Request) (*Response, error) {
	var written atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// Called before the last header bytes are on the wire: without them no
		// server can have begun.
		WroteHeaders: func() { written.Store(true) },
	})
	r, err := http.NewRequestWithContext(traced, req.Method, req.URL, body(req.Body))
	if err != nil {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest, Err: errUnsendable,
			Message: "the request's method or address is not valid HTTP; correct it"}
	}
	if req.Header != nil {
		r.Header = req.Header // a RoundTripper does not modify it
	}
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, failure(ctx, err, written.Load(), r.URL.Host)
	}
	return &Response{
		StatusCode: resp.StatusCode,
		Header:     resp.Header,
		Body:       &clientBody{ctx: ctx, body: resp.Body},
	}, nil
}

// body returns nil, not an empty reader, for no body: a reader would make it a
// request with a body of length zero.
func body(b []byte) io.Reader {
	if b == nil {
		return nil
	}
	return bytes.NewReader(b)
}

// Close implements Doer.
func (c *client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

// clientBody gives read errors their kind.
type clientBody struct {
	ctx  context.Context
	body io.ReadCloser
}

func (b *clientBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil && err != io.EOF {
		err = broken(b.ctx, err)
	}
	return n, err
}

func (b *clientBody) Close() error { return b.body.Close() }
