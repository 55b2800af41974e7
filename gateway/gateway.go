package gateway

import (
	"net/http"
	"sync"
	"sync/atomic"

	"bifrost"
)

// Gateway serves a client over HTTP. Make it with New. It is safe for concurrent
// use.
type Gateway struct {
	client   *bifrost.Client
	mux      *http.ServeMux
	leaving  atomic.Bool
	draining atomic.Bool

	settings    atomic.Pointer[settings] // replaced, never changed
	configuring sync.Mutex               // serialises Configure

	strangers atomic.Uint64 // requests without a key of a client
}

// settings are Options as they are in force. A request keeps those that it began with.
type settings struct {
	Options
	members members // nil: there are no clients
	cors    *corsPolicy
}

// New returns a Gateway for client, which stays the caller's to shut down.
func New(client *bifrost.Client, opts Options) *Gateway {
	g := &Gateway{client: client, mux: http.NewServeMux()}
	g.Configure(opts)
	g.addRoutes()
	return g
}

// Configure puts other options into force for new requests, at once; those under way
// keep theirs. A client that stays, by its name, keeps what it has used of its limits and
// the count of its requests in flight. It does not block. Calls follow each other.
func (g *Gateway) Configure(opts Options) {
	g.configuring.Lock()
	defer g.configuring.Unlock()
	var before members
	if old := g.settings.Load(); old != nil {
		before = old.members
	}
	g.settings.Store(&settings{Options: opts.withDefaults(), members: newMembers(opts.Clients, before), cors: opts.CORS.policy()})
}

// Leave makes /readyz answer 503, so that load balancers send their requests elsewhere, and
// changes nothing else: requests are served until Drain. It may be called again; there is
// no way back.
func (g *Gateway) Leave() { g.leaving.Store(true) }

// isReady reports whether load balancers should send requests here.
func (g *Gateway) isReady() bool { return !g.leaving.Load() && !g.draining.Load() }

// Drain makes /readyz answer 503, and refuses new requests as draining with
// Connection: close. Requests that have been read are not affected. It may be
// called again; there is no way back.
func (g *Gateway) Drain() { g.draining.Store(true) }

// ServeHTTP implements http.Handler. It blocks until the answer is sent or the
// client is gone.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r, g.settings.Load())
	defer x.settle()
	defer g.finish(x)
	if x.settings.cors.answers(x, r) {
		return
	}
	if err := g.admit(x); err != nil {
		x.refuse(err)
		return
	}
	if !plainPath(r.URL.EscapedPath()) {
		x.refuse(x.face.unknownPath())
		return
	}
	g.mux.ServeHTTP(x, x.r)
}
