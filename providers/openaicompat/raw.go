package openaicompat

import (
	"bytes"
	"net/http"

	"github.com/tidwall/gjson"

	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/schemas"
)

// raw passes a call through; only its headers are touched. It returns once the
// first bytes of the answer are there, or the first event of a stream, or as much
// of the answer as shows that it is no error.
func (c *call) raw(req *schemas.RawRequest) (*schemas.Response, error) {
	if op := typedOperation(req.Path); op != "" {
		if err := c.supports(op); err != nil {
			return nil, err
		}
	}
	to, err := target(req.Path, req.Query)
	if err != nil {
		return nil, err
	}
	resp, err := c.send(req.Method, to, forwarded(req.Header), req.Body)
	if err != nil {
		return nil, err
	}
	if err := c.misfit(req, resp); err != nil {
		return nil, err
	}
	out := &schemas.RawResponse{StatusCode: resp.StatusCode, Header: c.answered(resp.Header)}
	if mediaType(resp.Header) == "text/event-stream" || wantsStream(req) && unnamed(resp.Header) {
		out.Header.Set("Content-Type", "text/event-stream") // some providers do not name the type of their streams
		out.Header.Del("Content-Length")                    // events may be changed, added and left out
		out.Body, err = c.rawStream(req, resp)
	} else {
		out.Body, err = c.rawBody(req, resp)
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
func (c *call) misfit(req *schemas.RawRequest, resp *httpx.Response) error {
	switch mediaType(resp.Header) {
	case "text/html":
		if typedOperation(req.Path) == "" {
			return nil
		}
		_, err := read(resp)
		return err
	case "application/json":
		if wantsStream(req) {
			return notAStream(resp, c.key)
		}
	case "text/event-stream":
		if mayCarryError(req.Path) && req.Path != openai.PathEmbeddings && len(req.Body) > 0 && plain(req.Header) && !wantsStream(req) {
			_ = resp.Body.Close()
			return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true,
				Message: "the provider answered a request for a whole answer with a stream; make the call with stream true"}
		}
	}
	return nil
}

// wantsStream reports whether a raw call asks for a stream of events.
func wantsStream(req *schemas.RawRequest) bool {
	switch req.Path {
	case openai.PathChat, openai.PathCompletions, openai.PathResponses:
		return bytes.Contains(req.Body, []byte(`"stream"`)) && gjson.GetBytes(req.Body, "stream").Type == gjson.True
	}
	return false
}

// wantsUsage reports whether a raw call asks for a stream's usage chunk.
func wantsUsage(req *schemas.RawRequest) bool {
	return bytes.Contains(req.Body, []byte(`"include_usage"`)) &&
		gjson.GetBytes(req.Body, "stream_options.include_usage").Type == gjson.True
}
