package admin

import (
	"net/http"
	"net/http/pprof"
)

// profiles adds the pages that `go tool pprof` and people read.
func (h *Handler) profiles() {
	page := func(f http.HandlerFunc) methods { return methods{http.MethodGet: by(f)} }
	h.guarded("/debug/pprof/", page(pprof.Index))
	h.guarded("/debug/pprof/cmdline", page(pprof.Cmdline))
	h.guarded("/debug/pprof/profile", page(pprof.Profile))
	h.guarded("/debug/pprof/trace", page(pprof.Trace))
	// go tool pprof looks addresses up by POST.
	h.guarded("/debug/pprof/symbol", methods{http.MethodGet: by(http.HandlerFunc(pprof.Symbol)), http.MethodPost: by(http.HandlerFunc(pprof.Symbol))})
}
