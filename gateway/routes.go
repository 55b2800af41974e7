package gateway

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"bifrost/internal/dialect/openai"
)

// endpoint serves one route. An error is answered if nothing was sent before.
type endpoint func(x *exchange) error

// ServeHTTP implements http.Handler for the mux; w is the Gateway's exchange.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := w.(*exchange)
	x.r = withSession(r) // the mux may have replaced it
	if err := e(x); err != nil {
		x.refuse(err)
	}
}

// prefixes are those under which the operations are served.
var prefixes = []string{"/v1", "/openai/v1"}

// addRoutes fills the mux. A route without a method is what its path answers to
// the methods that it does not serve; the mux's own answers are not JSON.
func (g *Gateway) addRoutes() {
	for _, prefix := range prefixes {
		g.add(http.MethodPost, prefix+openai.PathChat, g.operation(openai.PathChat, checkChat))
		g.add(http.MethodPost, prefix+openai.PathEmbeddings, g.operation(openai.PathEmbeddings, checkEmbeddings))
		g.add(http.MethodGet, prefix+openai.PathModels, g.models)
		g.mux.Handle(prefix+"/{operation...}", endpoint(g.otherOperation(prefix)))
		g.mux.Handle(prefix, endpoint(noRoute)) // or the mux would redirect it
	}
	g.add(http.MethodGet, "/healthz", g.health)
	g.add(http.MethodGet, "/readyz", g.readiness)
	g.mux.Handle("/", endpoint(noRoute))
}

func (g *Gateway) add(method, path string, e endpoint) {
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	g.mux.Handle(method+" "+path, e)
	g.mux.Handle(path, endpoint(func(*exchange) error { return wrongMethod(allow) }))
}

// otherOperation passes on an operation that has no route of its own.
func (g *Gateway) otherOperation(prefix string) endpoint {
	return func(x *exchange) error {
		operation := strings.TrimPrefix(x.r.URL.EscapedPath(), prefix)
		if x.r.Method != http.MethodPost || strings.HasSuffix(operation, "/") || disguised(operation) {
			return unknownPath()
		}
		return g.operation(operation, nil)(x)
	}
}

// disguised reports whether an operation is written with escapes that it does not
// need: an upstream may take it for one that is watched under its plain name.
func disguised(operation string) bool {
	plain, err := url.PathUnescape(operation)
	return err != nil || plain != operation && slices.Contains(watched, plain)
}

// watched are the operations whose requests or answers are looked at.
var watched = []string{openai.PathChat, openai.PathEmbeddings, openai.PathModels, openai.PathCompletions, openai.PathResponses}

func noRoute(*exchange) error { return unknownPath() }

// plainPath reports whether the mux takes the path as it is. It would answer
// others with a redirect, which is not JSON.
func plainPath(p string) bool {
	clean := path.Clean(p)
	return strings.HasPrefix(p, "/") && (p == clean || p == clean+"/")
}
