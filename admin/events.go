package admin

import (
	"net/http"
	"time"
)

// getEvents sends a snapshot at once and then one per interval, as server-sent events,
// until the caller leaves or is too slow.
func (h *Handler) getEvents(w http.ResponseWriter, r *http.Request) *fault {
	interval, err := intervalOf(r.URL.Query().Get("interval"))
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", eventStream)
		return nil
	}
	v, refused := h.feed.watch(interval)
	switch refused {
	case codeClosed:
		return &fault{http.StatusServiceUnavailable, codeClosed, "the program is about to end; try again when it is back"}
	case codeBusy:
		return &fault{http.StatusServiceUnavailable, codeBusy, "too many watch already; close some of the dashboards"}
	}
	defer h.feed.leave(v)
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	w.Header().Set("Connection", "close")     // its deadlines are not another request's
	s := sender{w: w, c: http.NewResponseController(w)}
	for {
		select {
		case body := <-v.next:
			if !s.send(body) {
				return nil
			}
		case <-v.dropped:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

const eventStream = "text/event-stream"

// intervalOf reads the interval of events.
func intervalOf(text string) (time.Duration, *fault) {
	if text == "" {
		return defaultTick, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < tick || d > longestTick {
		return 0, &fault{http.StatusBadRequest, codeInvalid, "interval is a duration from 250ms to 1m, such as 1s"}
	}
	return d, nil
}

// A sender writes events, each in bounded time.
type sender struct {
	w http.ResponseWriter
	c *http.ResponseController
}

// send reports whether the event was written.
func (s sender) send(body []byte) bool {
	// A writer that knows no deadlines is a test's.
	_ = s.c.SetWriteDeadline(time.Now().Add(viewerPatience))
	event := make([]byte, 0, len(body)+len("event: state\ndata: \n\n"))
	event = append(event, "event: state\ndata: "...)
	event = append(event, body...)
	event = append(event, "\n\n"...)
	if _, err := s.w.Write(event); err != nil {
		return false
	}
	return s.c.Flush() == nil
}
