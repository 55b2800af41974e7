package gateway

import (
	"net/http"
	"time"

	"bifrost/schemas"
)

// exchange is one request, the way to its answer, and what the log will say of
// it. It is the http.ResponseWriter of its request, and belongs to the goroutine
// that serves it.
type exchange struct {
	http.ResponseWriter
	control  *http.ResponseController
	settings *settings

	r     *http.Request
	face  *face
	id    string
	began time.Time

	provider, model    string // once resolved
	attempts, fallback int    // once answered, as in schemas.Served

	member  *member  // nil: nobody in particular
	keys    []string // what it has shown as keys; not to be logged
	entered bool     // it counts as in flight
	taken   bool     // it counts against its client's requests
	read    bool     // its body, to its end

	answered             *schemas.Response // of a provider; nil: none
	waited, firstContent time.Duration     // likewise, as in schemas.Served
	content              *content          // nil: it may not be logged

	patience *patience // nil: the client sets no limit
	streams  bool      // it is asked for as a stream
	stored   bool      // the answer is content that is not looked at

	status int // what was sent; 0: nothing yet
	bytes  int64
	events int   // of a stream, that were sent
	gone   bool  // the client took no more
	broke  error // what ended the answer after its beginning
}

func newExchange(w http.ResponseWriter, r *http.Request, s *settings) *exchange {
	x := &exchange{ResponseWriter: w, control: http.NewResponseController(w), settings: s,
		r: r, face: faceOf(r), id: requestID(r.Header), began: time.Now()}
	for _, name := range x.face.requestIDs {
		w.Header().Set(name, x.id)
	}
	return x
}

// WriteHeader sends the status; only the first call does.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		x.ResponseWriter.WriteHeader(status)
	}
}

// Write sends a part of the body. It blocks while the client takes nothing, for
// as long as the write timeout.
func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	x.allowTime()
	n, err := x.ResponseWriter.Write(p)
	x.content.keepAnswered(p[:n])
	x.bytes += int64(n)
	x.gone = x.gone || err != nil
	return n, err
}

// flush hands what was written to the network, under the same limit.
func (x *exchange) flush() error {
	x.allowTime()
	err := x.control.Flush()
	x.gone = x.gone || err != nil
	return err
}

// allowTime starts the time for a write anew; the server lifts it at the end of
// the request. A writer without deadlines, as in tests, has none.
func (x *exchange) allowTime() {
	_ = x.control.SetWriteDeadline(time.Now().Add(x.settings.WriteTimeout))
}

// hasBody reports whether the request has a body, which may still be on its way.
func (x *exchange) hasBody() bool { return x.r.ContentLength != 0 && x.r.Body != http.NoBody }

// left reports whether the client is no longer there to be answered.
func (x *exchange) left() bool { return x.gone || x.r.Context().Err() != nil }
