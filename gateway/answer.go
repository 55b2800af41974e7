package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"

	"bifrost/internal/wire"
	"bifrost/schemas"
)

// send passes a provider's answer to the client. It returns an error only if
// nothing was sent.
func (x *exchange) send(raw *schemas.RawResponse) error {
	if mediaType(raw.Header) == "text/event-stream" && !x.stored {
		return x.sendEvents(raw)
	}
	if x.status != 0 {
		return notAStream()
	}
	return x.sendBody(raw)
}

// begin sends the status and headers of an answer; only the first call does.
func (x *exchange) begin(raw *schemas.RawResponse, stream bool) {
	if x.status != 0 {
		return
	}
	x.patience.rest()
	h := x.Header()
	passHeader(h, raw.Header)
	h.Set(headerProvider, x.provider)
	if stream {
		h.Set("Cache-Control", "no-cache")
		h.Del("Content-Length") // an error event may be added
	}
	x.WriteHeader(raw.StatusCode)
}

// sendEvents passes a stream on, each event as soon as it is whole. One that only
// lacks its blank line at a regular end is given it, or clients would drop it. What
// the stream breaks off in is not sent: an error event could not follow it.
func (x *exchange) sendEvents(raw *schemas.RawResponse) error {
	events := wire.NewReader(raw.Body)
	var unfinished []byte
	for {
		ev, err := events.Next()
		switch {
		case err == io.EOF:
			x.begin(raw, true)
			x.sendEvent(append(unfinished, wire.Lacking(unfinished)...))
			return nil
		case err != nil && x.status == 0:
			return err
		case err != nil:
			x.endBroken(err)
			return nil
		case ev.Incomplete:
			unfinished = bytes.Clone(ev.Raw)
			continue
		}
		x.begin(raw, true)
		if !x.sendEvent(ev.Raw) {
			return nil
		}
	}
}

// sendEvent reports whether the client took the event.
func (x *exchange) sendEvent(event []byte) bool {
	if len(event) == 0 {
		return true
	}
	x.events++
	_, err := x.Write(event)
	return err == nil && x.flush() == nil
}

// endBroken tells the client that its stream broke, unless the provider has done so
// in the stream itself: then the error has the provider's words, in the client's
// dialect. A stream that is translated does not have the event that said it.
func (x *exchange) endBroken(err error) {
	x.broke = err
	if x.left() {
		return
	}
	var e *schemas.Error
	if errors.As(err, &e) && e.Upstream != nil && (e.Upstream.Dialect == "" || e.Upstream.Dialect == x.face.Dialect()) {
		return
	}
	x.sendEvent(x.streamError(err))
}

// buffers are for bodies that are not streams.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// sendBody passes on any other body. One that breaks off takes the connection
// with it, by http.ErrAbortHandler.
func (x *exchange) sendBody(raw *schemas.RawResponse) error {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	// Without a length it may be long in coming, as speech is.
	live := raw.Header.Get("Content-Length") == "" && !isJSON(mediaType(raw.Header))
	for {
		n, err := raw.Body.Read(buffer[:])
		if n > 0 {
			x.begin(raw, false)
			if _, werr := x.Write(buffer[:n]); werr != nil {
				return nil
			}
			if live && x.flush() != nil {
				return nil
			}
		}
		switch {
		case err == io.EOF:
			x.begin(raw, false)
			return nil
		case err != nil && x.status == 0:
			return err
		case err != nil:
			x.broke = err
			panic(http.ErrAbortHandler)
		}
	}
}
