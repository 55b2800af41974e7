package gateway

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"bifrost"
)

// Defaults of Options.
const (
	DefaultMaxBodyBytes  = 32 << 20
	DefaultBodyTimeout   = 2 * time.Minute
	DefaultWriteTimeout  = 60 * time.Second
	DefaultModelsTimeout = 10 * time.Second
)

// Options are a gateway's settings. The zero value is usable and silent.
type Options struct {
	// MaxBodyBytes is the largest request body, uploads included, in bytes; a larger
	// one is answered with 413. A body is held in memory. Zero or less means 32 MiB.
	MaxBodyBytes int64

	// BodyTimeout bounds the reading of a request's body. Zero means 2 minutes.
	BodyTimeout time.Duration

	// WriteTimeout is how long a client may take nothing of its answer before it
	// is given up. Zero means 60 s.
	WriteTimeout time.Duration

	// ModelsTimeout bounds the question for a provider's models. Zero means 10 s.
	ModelsTimeout time.Duration

	// Metrics answers GET /metrics. Nil: that is no path of the gateway's.
	Metrics http.Handler

	// Logger gets one line per request at level info. The zero value is silent.
	// Its writer is used by many requests at once.
	Logger zerolog.Logger
}

func (o Options) withDefaults() Options {
	if o.MaxBodyBytes <= 0 {
		o.MaxBodyBytes = DefaultMaxBodyBytes
	}
	o.BodyTimeout = orDefault(o.BodyTimeout, DefaultBodyTimeout)
	o.WriteTimeout = orDefault(o.WriteTimeout, DefaultWriteTimeout)
	o.ModelsTimeout = orDefault(o.ModelsTimeout, DefaultModelsTimeout)
	return o
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Gateway serves a client over HTTP. Make it with New. It is safe for concurrent
// use.
type Gateway struct {
	client   *bifrost.Client
	opts     Options
	mux      *http.ServeMux
	draining atomic.Bool
}

// New returns a Gateway for client, which stays the caller's to shut down.
func New(client *bifrost.Client, opts Options) *Gateway {
	g := &Gateway{client: client, opts: opts.withDefaults(), mux: http.NewServeMux()}
	g.addRoutes()
	return g
}

// Drain makes /readyz answer 503, and refuses new requests as draining with
// Connection: close. Requests that have been read are not affected. It may be
// called again; there is no way back.
func (g *Gateway) Drain() { g.draining.Store(true) }

// ServeHTTP implements http.Handler. It blocks until the answer is sent or the
// client is gone.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(w, r, g.opts)
	defer g.finish(x)
	if !plainPath(r.URL.EscapedPath()) {
		x.refuse(x.face.unknownPath())
		return
	}
	g.mux.ServeHTTP(x, r)
}
