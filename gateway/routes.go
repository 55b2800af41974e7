package gateway

import (
	"net/http"
	"path"
	"strings"

	"bifrost/internal/dialect/openai"
)

// endpoint serves one route. An error is answered if nothing was sent before.
type endpoint func(x *exchange) error

// ServeHTTP implements http.Handler for the mux; w is the Gateway's exchange.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := w.(*exchange)
	x.r = withTrace(withSession(r)) // the mux may have replaced it
	if w, ok := x.ResponseWriter.(routed); ok {
		w.SetRoute(r.Pattern)
	}
	if err := e(x); err != nil {
		x.refuse(err)
	}
}

// routed is what the ResponseWriter of who wraps the gateway may be: the route is known
// to the request that the mux has seen only.
type routed interface{ SetRoute(pattern string) }

// addRoutes fills the mux. A route without a method is what its path answers to
// the methods that it does not serve; the mux's own answers are not JSON.
func (g *Gateway) addRoutes() {
	for _, f := range []*face{openaiFace, anthropicFace} {
		for _, prefix := range f.prefixes {
			for path := range f.checks {
				g.add(http.MethodPost, prefix+path, g.operation(path))
			}
			g.add(http.MethodGet, prefix+openai.PathModels, g.models)
			g.add(http.MethodGet, prefix+openai.PathModels+"/{model...}", g.oneModel)
			g.mux.Handle(prefix+"/{operation...}", endpoint(g.otherOperation(prefix)))
			g.mux.Handle(prefix, endpoint(noRoute)) // or the mux would redirect it
		}
	}
	g.addModelCalls()
	for path := range anthropicFace.checks { // where its SDKs look for it, given the address of the gateway
		g.add(http.MethodPost, "/v1"+path, g.operation(path))
	}
	g.add(http.MethodGet, "/healthz", g.health)
	g.add(http.MethodGet, "/readyz", g.readiness)
	g.mux.Handle("/", endpoint(noRoute))
}

// addModelCalls adds the routes of the face whose paths name the model.
func (g *Gateway) addModelCalls() {
	for _, prefix := range append([]string{"/v1"}, geminiFace.prefixes...) {
		g.mux.Handle(http.MethodPost+" "+prefix+openai.PathModels+"/{call...}", endpoint(g.modelCall(prefix)))
		if prefix == "/v1" {
			continue // its lists are OpenAI's
		}
		g.add(http.MethodGet, prefix+openai.PathModels, g.models)
		g.mux.Handle(http.MethodGet+" "+prefix+openai.PathModels+"/{model...}", endpoint(g.oneModel))
		g.mux.Handle(prefix+"/", endpoint(noRoute))
		g.mux.Handle(prefix, endpoint(noRoute))
	}
}

// modelCall serves a method of a model, which its path names.
func (g *Gateway) modelCall(prefix string) endpoint {
	return func(x *exchange) error {
		path := strings.TrimPrefix(x.r.URL.EscapedPath(), prefix)
		if _, known := x.face.checks[methodOf(path)]; !known || !strings.Contains(path, ":") {
			return x.face.unknownPath()
		}
		return g.operation(path)(x)
	}
}

func (g *Gateway) add(method, path string, e endpoint) {
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	g.mux.Handle(method+" "+path, e)
	g.mux.Handle(path, endpoint(func(*exchange) error { return wrongMethod(allow) }))
}

func noRoute(x *exchange) error { return x.face.unknownPath() }

// plainPath reports whether the mux takes the path as it is. It would answer
// others with a redirect, which is not JSON.
func plainPath(p string) bool {
	clean := path.Clean(p)
	return strings.HasPrefix(p, "/") && (p == clean || p == clean+"/")
}
