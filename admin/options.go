package admin

import (
	"context"
	"net/http"
	"time"

	"bifrost"
	"bifrost/observe"
	"bifrost/schemas"
)

// Runtime is what is shown: *bifrost.Client is one. It is safe for concurrent use.
type Runtime interface {
	Providers() []string
	Info(provider string) (schemas.ProviderInfo, bool)
	Stats() bifrost.Stats
	Workers(provider string) (list []bifrost.WorkerState, here bool)
}

// Recorder knows what has happened lately: *observe.Recorder is one. It is safe for
// concurrent use.
type Recorder interface {
	Window(provider string) observe.Window
	Failures(provider string) []observe.Failure // newest first
	DeadLetters() []observe.Failure             // newest first
}

// Options are what a Handler shows, and what it may change. All functions are called by
// many goroutines at once.
type Options struct {
	// Client is required.
	Client Runtime

	// Recorder may be nil: percentiles, rates and last errors are empty then.
	Recorder Recorder

	// Metrics answers GET /metrics; nil: there is no such page.
	Metrics http.Handler

	// Version is the program's, Started when it began.
	Version string
	Started time.Time

	// Token is what callers show as a bearer token. Empty: none is asked for, and only
	// pages of this listener, and programs, are answered; see Hosts.
	Token string

	// Hosts are names, without port, that this listener is called by beside localhost and
	// any IP address. They matter where no token is asked for and there is no TLS: another
	// name is refused then, since a hostile page may have let it point here.
	Hosts []string

	UI       bool // the dashboard at /ui/
	Profiles bool // /debug/pprof/

	// Config is asked at each snapshot: it should have its answer ready. Nil: nothing is
	// known of the configuration.
	Config func() RunningConfig

	// Drop is drop_excess_requests as it runs, the default of all providers. Nil: drop,
	// which is the default of the default.
	Drop func() bool

	// Reload reads the configuration again. Nil: that is not supported.
	Reload func(ctx context.Context, dryRun bool) Reload

	// Set changes a provider that runs here, or with "" the default of all. At least one
	// field of the settings is given, and numbers are at least 1. Its error is shown to
	// the caller. Nil: that is not supported.
	Set func(ctx context.Context, provider string, s Settings) error

	// Draining reports that the program is about to end. Nil: it never is.
	Draining func() bool

	// Demo answers GET and PATCH /api/v1/demo; nil: there is no such page.
	Demo http.Handler
}
