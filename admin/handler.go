package admin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxBodyBytes bounds the body of a request.
const maxBodyBytes = 16 << 10

// Handler answers the admin API. It is safe for concurrent use.
type Handler struct {
	o     Options
	guard *guard
	feed  *feed
	mux   *http.ServeMux
}

// New returns a handler of the admin API. Its owner calls Close before the server is shut
// down, since the server waits for those who watch.
func New(o Options) *Handler {
	h := &Handler{o: o, guard: newGuard(o), mux: http.NewServeMux()}
	h.feed = newFeed(h.state)
	h.routes()
	return h
}

// Close ends the events of all who watch, and waits until nothing runs here any more. It
// may be called again. Other requests are answered as before.
func (h *Handler) Close() { h.feed.close() }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	h.mux.ServeHTTP(w, r)
}

// methods are the answers of a path.
type methods map[string]func(http.ResponseWriter, *http.Request) *fault

func (h *Handler) routes() {
	get := func(f func(http.ResponseWriter, *http.Request) *fault) methods { return methods{http.MethodGet: f} }
	h.open("/healthz", get(healthy))
	h.guarded("/api/v1/state", get(h.getState))
	h.guarded("/api/v1/events", get(h.getEvents))
	h.guarded("/api/v1/providers/{name}", methods{http.MethodGet: h.getProvider, http.MethodPatch: h.patchProvider})
	h.guarded("/api/v1/settings", methods{http.MethodPatch: h.patchSettings})
	h.guarded("/api/v1/dead-letters", get(h.getDeadLetters))
	h.guarded("/api/v1/config", get(h.getConfig))
	h.guarded("/api/v1/reload", methods{http.MethodPost: h.postReload})
	if h.o.Demo != nil {
		h.guarded("/api/v1/demo", methods{http.MethodGet: by(h.o.Demo), http.MethodPatch: withJSON(by(h.o.Demo))})
	}
	if h.o.Metrics != nil {
		h.guarded("/metrics", get(by(h.o.Metrics)))
	}
	if h.o.Profiles {
		h.profiles()
	}
	if h.o.UI {
		h.dashboard()
	}
	h.guarded("/", nil)
}

// open adds a path that needs no token.
func (h *Handler) open(pattern string, m methods) { h.mux.Handle(pattern, m) }

// guarded adds a path that is for those whom the guard lets in.
func (h *Handler) guarded(pattern string, m methods) {
	h.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := h.guard.check(r); err != nil {
			if err.status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", `Bearer realm="bifrost admin"`)
			}
			err.send(w)
			return
		}
		m.ServeHTTP(w, r)
	})
}

// ServeHTTP answers by the request's method. A path without any does not exist.
func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(m) == 0 {
		(&fault{http.StatusNotFound, codeNotFound, "there is no such path; docs/admin.md lists them"}).send(w)
		return
	}
	answer := m[r.Method]
	if r.Method == http.MethodHead {
		answer = m[http.MethodGet]
	}
	if answer == nil {
		allowed := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
		w.Header().Set("Allow", allowed)
		(&fault{http.StatusMethodNotAllowed, codeMethod, "this path takes " + allowed}).send(w)
		return
	}
	if err := answer(w, r); err != nil {
		err.send(w)
	}
}

// by answers with a handler of somebody else's.
func by(inner http.Handler) func(http.ResponseWriter, *http.Request) *fault {
	return func(w http.ResponseWriter, r *http.Request) *fault {
		inner.ServeHTTP(w, r)
		return nil
	}
}
