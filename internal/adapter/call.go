package adapter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

const (
	// MaxAnswer is the largest answer that is decoded, in bytes. Raw calls and
	// streams have no such limit.
	MaxAnswer = 64 << 20

	// trustedLength bounds the memory taken on an answer's own word.
	trustedLength = 1 << 20
)

// call is one attempt under way.
type call struct {
	*Adapter
	ctx    context.Context
	codec  dialect.Codec
	model  string
	key    schemas.Key
	extra  http.Header // the attempt's; read-only
	counts bool        // usage is to be asked for

	// secret is what an answer may quote and is masked: the key's value, or the token
	// that is sent instead.
	secret string
}

// send sends a call with the given headers and returns the answer if it is a
// success; otherwise the error that it stands for.
func (c *call) send(call *dialect.Call, header http.Header) (*httpx.Response, error) {
	if c.opts.Route != nil {
		routed := *call
		call = &routed
		if err := c.opts.Route(c.model, call); err != nil {
			return nil, err
		}
	}
	url := c.opts.BaseURL + call.Path
	if call.Query != "" {
		url += "?" + call.Query
	}
	for name, values := range c.opts.Header {
		if _, given := header[name]; !given {
			header[name] = values
		}
	}
	withAttempts(header, c.extra)
	req := &httpx.Request{Method: call.Method, URL: url, Header: header, Body: call.Body}
	if err := c.authorize(req); err != nil {
		return nil, err
	}
	resp, err := c.opts.Doer.Do(c.ctx, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, c.refusal(resp)
	}
	return resp, nil
}

// refusal reads the error of an answer that is no success. What is there of the
// body when it breaks is used.
func (c *call) refusal(resp *httpx.Response) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, dialect.MaxErrorBody+1))
	if ended := httpx.Ended(c.ctx, false); err != nil && ended != nil {
		return ended
	}
	if fetcher, ok := c.opts.Credential.(Fetcher); ok && resp.StatusCode == http.StatusUnauthorized && c.key.Value == "" {
		fetcher.Refused(c.ctx, c.secret)
	}
	return c.codec.Failure(resp.StatusCode, resp.Header, body, c.secret)
}

// read reads the whole answer and closes it.
func read(resp *httpx.Response) ([]byte, error) {
	defer resp.Body.Close()
	if mediaType(resp.Header) == "text/html" {
		return nil, &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, StatusCode: resp.StatusCode,
			Message: "the provider answered with a web page; check network_config.base_url"}
	}
	var all bytes.Buffer
	if length, err := strconv.Atoi(resp.Header.Get("Content-Length")); err == nil && length > 0 {
		all.Grow(min(length, trustedLength) + bytes.MinRead)
	}
	if _, err := all.ReadFrom(io.LimitReader(resp.Body, MaxAnswer+1)); err != nil {
		return nil, err
	}
	if all.Len() > MaxAnswer {
		return nil, &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, StatusCode: resp.StatusCode,
			Message: "the answer is over 64 MiB; ask for less, or use a raw call"}
	}
	return all.Bytes(), nil
}

func mediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// named returns err as an *schemas.Error that names the provider and model. An
// error that ended the call's context is returned as it is: it belongs to who
// ended it.
func (c *call) named(err error) error {
	var e, cause *schemas.Error
	if !errors.As(err, &e) {
		if ended := httpx.Ended(c.ctx, true); ended != nil {
			return ended
		}
		e = &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Err: err,
			Message: "the connection broke in the middle of the answer; try again"}
	}
	if errors.As(context.Cause(c.ctx), &cause) && cause == e {
		return e
	}
	if e.Provider != "" {
		return e
	}
	own := *e
	own.Provider, own.Model = c.opts.Name, c.model
	return &own
}
