package observe

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"bifrost/schemas"
)

// Options are a Recorder's settings. The zero value records everything but costs and
// traces.
type Options struct {
	Prices  map[string]Price     // of models, as "provider/model"; of others no cost is known
	Tracers trace.TracerProvider // nil: no traces
	Version string               // of the program, for build_info; empty: not known
}

// Recorder keeps what its hook sees. Its memory is bounded by the number of providers,
// of models in the configuration, and of clients. It is safe for concurrent use, and
// requests to different providers share no lock. Make it with NewRecorder.
type Recorder struct {
	began   time.Time
	version string
	tracer  trace.Tracer
	traced  bool

	prices atomic.Pointer[map[model]Price]
	named  atomic.Pointer[map[model]struct{}] // models that the configuration names

	mu        sync.Mutex // of who adds to the maps, which are copied for it
	providers atomic.Pointer[map[string]*provider]
	clients   atomic.Pointer[map[string]*client]

	served     webServed
	turnedAway turnedAway
	config     configuration
}

// model is a provider's model.
type model struct{ provider, name string }

// NewRecorder returns a Recorder.
func NewRecorder(o Options) *Recorder {
	r := &Recorder{began: time.Now(), version: o.Version, traced: o.Tracers != nil}
	if o.Tracers == nil {
		o.Tracers = noop.NewTracerProvider()
	}
	r.tracer = o.Tracers.Tracer("bifrost", trace.WithInstrumentationVersion(o.Version))
	r.providers.Store(&map[string]*provider{})
	r.clients.Store(&map[string]*client{})
	r.named.Store(&map[model]struct{}{})
	r.SetPrices(o.Prices)
	return r
}

// Hook returns what is handed to bifrost.WithHooks, once.
func (r *Recorder) Hook() schemas.Hook {
	return schemas.Hook{
		BeforeRequest: r.beforeRequest,
		AfterRequest:  r.afterRequest,
		BeforeAttempt: r.beforeAttempt,
		AfterAttempt:  r.afterAttempt,
	}
}

// Window returns what a provider has done in the last ten seconds; zero if nothing is
// known of it.
func (r *Recorder) Window(name string) Window {
	p := (*r.providers.Load())[name]
	if p == nil {
		return Window{}
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lately.window(now, now.Sub(r.began))
}

// provider returns what is kept of a provider, from its first request on.
func (r *Recorder) provider(name string) *provider {
	if p := (*r.providers.Load())[name]; p != nil {
		return p
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return added(&r.providers, name, func() *provider { return newProvider(name) })
}

// forget drops those of the providers that were kept which do not exist any more. One that
// was kept since is not among them: it may be newer than what exists is known by.
func (r *Recorder) forget(were map[string]*provider, exists func(name string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := maps.Clone(*r.providers.Load())
	maps.DeleteFunc(kept, func(name string, p *provider) bool { return were[name] == p && !exists(name) })
	r.providers.Store(&kept)
}

// added returns the value of a name in a map that is replaced as a whole, and adds it
// if it is not there. The caller holds the lock of who adds.
func added[T any](to *atomic.Pointer[map[string]*T], name string, create func() *T) *T {
	old := *to.Load()
	if v := old[name]; v != nil {
		return v
	}
	next := maps.Clone(old)
	v := create()
	next[name] = v
	to.Store(&next)
	return v
}
