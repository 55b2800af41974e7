package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"bifrost/schemas"
)

// trustedLength bounds the memory taken on a request's own word, in bytes.
const trustedLength = 1 << 20

// readCall reads a call of path, which follows the version prefix.
func (g *Gateway) readCall(x *exchange, path string, check func(http.Header) error) (*schemas.RawRequest, error) {
	if g.draining.Load() {
		return nil, isDraining()
	}
	if err := x.enter(); err != nil {
		return nil, err
	}
	body, err := g.readBody(x, check)
	if err != nil {
		return nil, err
	}
	raw := &schemas.RawRequest{Dialect: x.face.Dialect(), Method: x.r.Method, Path: path, Query: x.r.URL.RawQuery,
		Header: x.r.Header.Clone(), Body: body}
	raw.Header.Set(headerRequestID, x.id)
	raw.Header.Del(headerProvider) // for us
	raw.Query = withoutCredentials(raw.Header, raw.Query)
	return raw, nil
}

// readBody reads the whole body, within the gateway's bounds in size and time. check
// says whether its type is one that is taken.
func (g *Gateway) readBody(x *exchange, check func(http.Header) error) ([]byte, error) {
	if err := check(x.r.Header); err != nil {
		return nil, err
	}
	limit := x.settings.MaxBodyBytes
	if x.r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	// The server lifts it at the body's end. A connection without deadlines, as in
	// tests, has no limit in time.
	_ = x.control.SetReadDeadline(time.Now().Add(x.settings.BodyTimeout))

	var body bytes.Buffer
	if n := x.r.ContentLength; n > 0 {
		body.Grow(int(min(n, trustedLength)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(http.MaxBytesReader(x.ResponseWriter, x.r.Body, limit))
	if err != nil {
		return nil, unread(err, limit)
	}
	x.read = true
	x.content.keepAsked(body.Bytes())
	return body.Bytes(), nil
}

// unread is the answer for a body that could not be read to its end.
func unread(err error, limit int64) error {
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return bodyTimeout()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &refusal{closes: true, err: invalid("the body ended before its declared length; send it again")}
	}
	return &refusal{closes: true, err: invalid("the body could not be read to its end; send it again")}
}

// checkJSON refuses a body that does not say that it is plain JSON.
func checkJSON(h http.Header) error {
	if !isJSON(mediaType(h)) {
		return wrongMedia("the body must be JSON and say so; send Content-Type: application/json")
	}
	return checkPlain(h)
}

// checkJSONOrForm refuses a body that says that it is neither.
func checkJSONOrForm(h http.Header) error {
	if media := mediaType(h); !isJSON(media) && media != "multipart/form-data" {
		return wrongMedia("the body must be JSON, or a form with files, and say so; " +
			"send Content-Type: application/json, or multipart/form-data with its boundary")
	}
	return checkPlain(h)
}

// checkPlain refuses a body that is compressed.
func checkPlain(h http.Header) error {
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return wrongMedia("the body must not be compressed; send it without Content-Encoding")
	}
	return nil
}
