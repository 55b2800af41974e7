package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Bounds and defaults of a Load.
const (
	DefaultRate        = 40  // requests per second
	DefaultMaxRate     = 500 // requests per second
	DefaultMaxInFlight = 1000
)

// Options are a Load's settings.
type Options struct {
	// Targets are what is asked for. Required.
	Targets []Target

	// Rate is how many requests are made per second, on average; it is at most MaxRate.
	// Zero means 40, and 500 for MaxRate.
	Rate, MaxRate float64

	// MaxInFlight is how many requests may be under way; what would be one more is not
	// sent. Zero means 1000.
	MaxInFlight int

	// Seed makes the same choices for the same seed. When requests are sent depends on
	// the clock, too.
	Seed uint64

	// Doer sends the requests; nil: a client of the Load's own, without a proxy. Its
	// answers end when the request's context ends.
	Doer Doer
}

// Doer sends a request, as *http.Client does.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Target is a model that is asked for.
type Target struct {
	Model  string  // provider/model
	Weight float64 // its share, relative to the others; above 0
}

// Load makes requests while Run runs. Make it with New. It is safe for concurrent use.
type Load struct {
	opts   Options
	counts counts
	idle   func() // closes idle connections

	mu      sync.Mutex
	rate    float64
	paused  bool
	changed chan struct{} // closed and replaced when rate or paused change
}

// New returns a Load that makes no requests yet.
func New(o Options) *Load {
	o = o.withDefaults()
	l := &Load{opts: o, rate: min(o.Rate, o.MaxRate), changed: make(chan struct{}), idle: func() {}}
	if o.Doer == nil {
		transport := &http.Transport{MaxIdleConnsPerHost: o.MaxInFlight, IdleConnTimeout: time.Minute}
		l.opts.Doer, l.idle = &http.Client{Transport: transport}, transport.CloseIdleConnections
	}
	return l
}

func (o Options) withDefaults() Options {
	if o.Rate <= 0 {
		o.Rate = DefaultRate
	}
	if o.MaxRate <= 0 {
		o.MaxRate = DefaultMaxRate
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = DefaultMaxInFlight
	}
	return o
}

// SetRate sets how many requests are made per second. It is held within 0, which is none,
// and MaxRate.
func (l *Load) SetRate(perSecond float64) {
	l.change(func() { l.rate = max(0, min(perSecond, l.opts.MaxRate)) })
}

// Pause stops the making of requests, or goes on with it. Those under way are finished.
func (l *Load) Pause(paused bool) { l.change(func() { l.paused = paused }) }

func (l *Load) change(what func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what()
	close(l.changed)
	l.changed = make(chan struct{})
}

// settings returns the rate, zero while it is paused, and a channel that is closed when
// that changes.
func (l *Load) settings() (rate float64, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused {
		return 0, l.changed
	}
	return l.rate, l.changed
}

// Run makes requests of the gateway at baseURL, such as http://127.0.0.1:8080. It blocks
// until ctx has ended, and every request with it. It is called once.
func (l *Load) Run(ctx context.Context, baseURL string) {
	defer l.idle()
	var calls sync.WaitGroup
	defer calls.Wait()
	random := rand.New(rand.NewPCG(l.opts.Seed, 0))
	free := make(chan struct{}, l.opts.MaxInFlight) // has a token for each request under way
	arrivals := arrivals{random: random}
	for ctx.Err() == nil {
		rate, changed := l.settings()
		if !arrivals.next(ctx, rate, changed) {
			continue
		}
		c := draw(random, l.opts.Targets)
		select {
		case free <- struct{}{}:
		default:
			l.counts.held()
			continue
		}
		l.counts.sent()
		calls.Go(func() { // ends with its answer, or with ctx
			defer func() { <-free }()
			l.counts.ended(l.call(ctx, baseURL, c))
		})
	}
}
