package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// trustedLength bounds the memory taken on a request's own word, in bytes.
const trustedLength = 1 << 20

// readBody reads the whole body, within the gateway's bounds in size and time.
func (g *Gateway) readBody(x *exchange) ([]byte, error) {
	if err := checkMedia(x.r.Header); err != nil {
		return nil, err
	}
	limit := g.opts.MaxBodyBytes
	if x.r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	// The server lifts it at the body's end. A connection without deadlines, as in
	// tests, has no limit in time.
	_ = x.control.SetReadDeadline(time.Now().Add(g.opts.BodyTimeout))

	var body bytes.Buffer
	if n := x.r.ContentLength; n > 0 {
		body.Grow(int(min(n, trustedLength)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(http.MaxBytesReader(x.ResponseWriter, x.r.Body, limit))
	if err != nil {
		return nil, unread(err, limit)
	}
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

// checkMedia refuses a body that does not say that it is plain JSON.
func checkMedia(h http.Header) error {
	if !isJSON(mediaType(h)) {
		return wrongMedia("the body must be JSON and say so; send Content-Type: application/json")
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return wrongMedia("the body must not be compressed; send it without Content-Encoding")
	}
	return nil
}
