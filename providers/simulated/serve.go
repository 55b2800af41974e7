package simulated

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

// maxBodyBytes bounds a request over HTTP.
const maxBodyBytes = 64 << 20

// ServeHTTP answers over a network. It flushes every event of a stream, and
// returns as soon as the client is gone. An answer that breaks off ends the
// connection with http.ErrAbortHandler, so that the client never takes it for a
// complete one.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		u.refuseBody(w, err)
		return
	}
	rep, err := u.speak(r.Context(), call{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.RawQuery, header: r.Header, body: body})
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for name, values := range rep.header {
		h[name] = values
	}
	if rep.stream != nil {
		sendStream(w, rep)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(rep.body)))
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body) // the client may be gone; there is nobody to tell
}

// refuseBody answers a request whose body could not be read.
func (u *Upstream) refuseBody(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	f := badRequest("", "the body could not be read to its end")
	if errors.As(err, &tooLarge) {
		f = &refusal{status: http.StatusRequestEntityTooLarge, code: "body_too_large",
			message: "the body is over 64 MiB; send less"}
	}
	rep := u.reject(f)
	for name, values := range rep.header {
		w.Header()[name] = values
	}
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body)
}

// sendStream writes events as they fall due. The last one has left the gate
// before it is written, so that a client who sees it can call again.
func sendStream(w http.ResponseWriter, rep reply) {
	defer rep.stream.Close()
	w.WriteHeader(rep.status)
	flusher := http.NewResponseController(w)
	for {
		if flusher.Flush() != nil {
			return
		}
		event, err := rep.stream.next()
		if brokenOff(err) {
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			return
		}
		if _, err := w.Write(event); err != nil {
			return
		}
	}
}
