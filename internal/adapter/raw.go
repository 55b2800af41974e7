package adapter

import (
	"net/http"

	"bifrost/internal/dialect"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// raw passes a call through; only its headers are touched. It returns once the
// first bytes of the answer are there, or the first event of a stream, or as much
// of the answer as shows that it is no error.
func (c *call) raw(req *schemas.RawRequest) (*schemas.Response, error) {
	if d := c.codec.Dialect(); req.Dialect != "" && req.Dialect != d {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: "the provider takes raw calls of the dialect " + string(d) + " only, not " + string(req.Dialect) + "; use a typed request"}
	}
	sight := c.codec.Look(req)
	if sight.Operation != "" {
		if err := c.supports(sight.Operation); err != nil {
			return nil, err
		}
	}
	if err := checkTarget(req.Path, req.Query); err != nil {
		return nil, err
	}
	sent, watch := c.asking(req)
	resp, err := c.send(&dialect.Call{Method: sent.Method, Path: sent.Path, Query: sent.Query, Body: sent.Body}, forwarded(sent.Header))
	if err != nil {
		return nil, err
	}
	if err := c.misfit(sight, resp); err != nil {
		return nil, err
	}
	return c.passed(req, watch, sight, resp)
}

// asking returns the call as it is sent, and what watches its answer if that is a stream:
// with its usage asked for, if somebody wants to know it and the provider has to be asked.
func (c *call) asking(req *schemas.RawRequest) (sent *schemas.RawRequest, watch func() dialect.Watch) {
	if asker, ok := c.codec.(dialect.UsageAsker); ok && c.counts {
		if sent = asker.AskUsage(req); sent != req {
			return sent, func() dialect.Watch { return asker.WatchAsked(req, c.secret) }
		}
	}
	return req, func() dialect.Watch { return c.codec.Watch(req, c.secret) }
}

// passed returns a successful answer as it is passed on.
func (c *call) passed(req *schemas.RawRequest, watch func() dialect.Watch, sight dialect.Sight, resp *httpx.Response) (*schemas.Response, error) {
	var err error
	out := &schemas.RawResponse{StatusCode: resp.StatusCode, Header: c.answered(resp.Header)}
	events := mediaType(resp.Header) == "text/event-stream" || sight.Stream && unnamed(resp.Header)
	if events && !sight.Stored {
		out.Header.Set("Content-Type", "text/event-stream") // some providers do not name the type of their streams
		out.Header.Del("Content-Length")                    // events may be changed, added and left out
		out.Body, err = c.rawStream(watch(), resp)
	} else {
		var b *rawBody
		if b, err = c.rawBody(sight, resp, counts(req, sight, resp)); b.masked {
			out.Header.Del("Content-Length")
		}
		out.Body = b
	}
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return &schemas.Response{Raw: out}, nil
}

// unnamed reports whether an answer's type says nothing of its form.
func unnamed(h http.Header) bool {
	switch mediaType(h) {
	case "", "text/plain", "application/octet-stream":
		return plain(h)
	}
	return false
}

// misfit returns nil, or the error for a successful answer whose form shows that
// it is none to this call; it closes the answer then. SDKs would take a page or a
// whole answer for a stream without an event that ended well.
func (c *call) misfit(sight dialect.Sight, resp *httpx.Response) error {
	if sight.Stored {
		return nil
	}
	switch mediaType(resp.Header) {
	case "text/html":
		if sight.Operation == "" {
			return nil
		}
		_, err := read(resp)
		return err
	case "application/json":
		if sight.Stream {
			return c.notAStream(resp)
		}
	case "text/event-stream":
		if sight.Whole {
			_ = resp.Body.Close()
			return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
				Message: "the provider answered a request for a whole answer with a stream; make the call as a stream"}
		}
	}
	return nil
}
