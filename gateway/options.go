package gateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"
)

// Defaults of Options.
const (
	DefaultMaxBodyBytes  = 32 << 20
	DefaultBodyTimeout   = 2 * time.Minute
	DefaultWriteTimeout  = 60 * time.Second
	DefaultModelsTimeout = 10 * time.Second
)

// Options are a gateway's settings. The zero value is usable, silent, and open to
// whoever reaches it.
type Options struct {
	// MaxBodyBytes is the largest request body, uploads included, in bytes; a larger
	// one is answered with 413. A body is held in memory. Zero or less means 32 MiB.
	MaxBodyBytes int64

	// BodyTimeout bounds the reading of a request's body. Zero means 2 minutes.
	BodyTimeout time.Duration

	// WriteTimeout is how long a client may take nothing of its answer before it
	// is given up. Zero means 60 s.
	WriteTimeout time.Duration

	// AnswerTimeout is how long a call may take from its beginning until its answer begins,
	// if its client's own limit is not shorter. Zero or less: no limit.
	AnswerTimeout time.Duration

	// ModelsTimeout bounds the question for a provider's models. Zero means 10 s.
	ModelsTimeout time.Duration

	// KeepAlive is how long a caller who asked for a stream waits in silence before it is
	// sent something that its SDK skips, and again every 15 s or so. The status, 200, is
	// sent with the first of it, so that a refusal can only be an error event from there
	// on, and no header names who served. Zero or less: nothing is sent; above zero it is at least a second.
	KeepAlive time.Duration

	// Clients are who may use the gateway. None: whoever reaches it. With clients every
	// path but /healthz and /readyz needs a key of one of them.
	Clients []Client

	// CORS lets pages of other origins call the gateway. The zero value lets none.
	CORS CORS

	// Statuses are sent for errors of these codes, such as queue_full, instead of those
	// of the wire contract; from 400 to 599. What a provider has answered keeps its
	// status. Nil: none.
	Statuses map[string]int

	// QueueUnmeetable lets requests wait although their clients will have given up before
	// their turn comes. False: such a request is refused at once, as
	// deadline_unmeetable.
	QueueUnmeetable bool

	// AccessLog says which requests are logged. Nil: all are.
	AccessLog *AccessLog

	// Logger gets the access log at level info, and what goes wrong. The zero value is
	// silent. Its writer is used by many requests at once.
	Logger zerolog.Logger
}

// AccessLog is the line per request.
type AccessLog struct {
	// Enabled is whether there are any.
	Enabled bool

	// Sample is the share of the successful requests that have one, from 0 to 1; all
	// others always have. Which ones is decided by the request's id alone.
	Sample float64
}

func (o Options) withDefaults() Options {
	if o.MaxBodyBytes <= 0 {
		o.MaxBodyBytes = DefaultMaxBodyBytes
	}
	o.BodyTimeout = orDefault(o.BodyTimeout, DefaultBodyTimeout)
	o.WriteTimeout = orDefault(o.WriteTimeout, DefaultWriteTimeout)
	o.ModelsTimeout = orDefault(o.ModelsTimeout, DefaultModelsTimeout)
	if o.KeepAlive > 0 {
		o.KeepAlive = max(o.KeepAlive, time.Second)
	}
	o.Statuses = maps.Clone(o.Statuses)
	maps.DeleteFunc(o.Statuses, func(_ string, status int) bool { return !isErrorStatus(status) })
	return o
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Validate reports every fault at once, joined. New and Configure do not call it: they
// leave out what is faulty, so that a key that is none lets nobody in.
func (o Options) Validate() error {
	faults := validateClients(o.Clients)
	for _, code := range slices.Sorted(maps.Keys(o.Statuses)) {
		if !isErrorStatus(o.Statuses[code]) {
			faults = append(faults, fmt.Errorf("the status of %s is %d; choose one from 400 to 599", code, o.Statuses[code]))
		}
	}
	if log := o.AccessLog; log != nil && !(log.Sample >= 0 && log.Sample <= 1) {
		faults = append(faults, fmt.Errorf("the sample of the access log is %v; choose a share from 0 to 1", log.Sample))
	}
	return errors.Join(append(faults, o.CORS.validate()...)...)
}

func isErrorStatus(status int) bool { return status >= 400 && status <= 599 }
