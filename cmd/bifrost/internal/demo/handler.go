package demo

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"

	"bifrost/admin"
)

// maxPatchBytes bounds the body of a PATCH.
const maxPatchBytes = 4 << 10

// patch is what PATCH takes; what is absent stays.
type patch struct {
	Rate   *float64 `json:"rate"`
	Paused *bool    `json:"paused"`
}

// ServeHTTP answers GET with admin.Demo, and PATCH, which sets the rate, and whether the
// load is paused, with what is so afterwards.
func (l *Load) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPatch:
		p, err := readPatch(http.MaxBytesReader(w, r.Body, maxPatchBytes), l.opts.MaxRate)
		if err != nil {
			sendError(w, http.StatusBadRequest, "invalid_request", err.Error())
			return
		}
		l.apply(p)
	default:
		w.Header().Set("Allow", "GET, HEAD, PATCH")
		sendError(w, http.StatusMethodNotAllowed, "method_not_allowed", "this path takes GET and PATCH")
		return
	}
	send(w, http.StatusOK, l.state())
}

func (l *Load) state() admin.Demo {
	n := l.Counts()
	l.mu.Lock()
	defer l.mu.Unlock()
	about := map[string]string{}
	for _, s := range Scenes() {
		about[s.Provider] = s.Text
	}
	return admin.Demo{Rate: l.rate, MaxRate: l.opts.MaxRate, Paused: l.paused,
		Sent: n.Sent, Answered: n.Answered, Refused: n.Refused, Failed: n.Failed + n.Left, About: about}
}

func (l *Load) apply(p patch) {
	l.change(func() {
		if p.Rate != nil {
			l.rate = *p.Rate
		}
		if p.Paused != nil {
			l.paused = *p.Paused
		}
	})
}

// readPatch reads one JSON object. Its errors are for the caller.
func readPatch(body io.Reader, maxRate float64) (patch, error) {
	var p patch
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, errors.New(`the body must be JSON such as {"rate": 40, "paused": false}; both may be left out`)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return p, errors.New("the body has more than one value; send one object")
	}
	if p.Rate != nil && (!(*p.Rate >= 0) || *p.Rate > maxRate || math.IsInf(*p.Rate, 0)) {
		return p, errors.New("rate is a number of requests per second, from 0 to max_rate")
	}
	return p, nil
}

func sendError(w http.ResponseWriter, status int, code, message string) {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	send(w, status, map[string]detail{"error": {code, message}})
}

func send(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // our own types
		panic("bug: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; there is nobody to tell
}
