package schemas

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ErrorKind says what went wrong, coarsely enough to act on.
type ErrorKind string

// The kinds of error.
const (
	KindInvalidRequest       ErrorKind = "invalid_request"       // the caller's fault, found before sending or by the provider
	KindUnauthorized         ErrorKind = "unauthorized"          // the provider refused our key
	KindNotFound             ErrorKind = "not_found"             // model or provider unknown
	KindRateLimited          ErrorKind = "rate_limited"          // the provider said slow down
	KindOverloaded           ErrorKind = "overloaded"            // we refuse; see Reason
	KindTimeout              ErrorKind = "timeout"               // an attempt's or the caller's deadline
	KindCanceled             ErrorKind = "canceled"              // the caller went away
	KindUpstream             ErrorKind = "upstream"              // 5xx, broken stream, bad body, unreachable
	KindUnsupportedOperation ErrorKind = "unsupported_operation" // the provider lacks it
	KindNodeLost             ErrorKind = "node_lost"             // the peer that held the call is gone
	KindInternal             ErrorKind = "internal"              // our bug, or a panic
)

// Reason says why Bifrost itself refused a request.
type Reason string

// The reasons of a refusal.
const (
	ReasonQueueFull    Reason = "queue_full"    // no place in drop mode, or max_waiting reached
	ReasonQueueTimeout Reason = "queue_timeout" // waited queue_timeout for a place
	ReasonDraining     Reason = "draining"      // the client or provider is stopping
	ReasonNotFound     Reason = "not_found"     // no such provider
	ReasonDegraded     Reason = "degraded"      // no place, and every worker is in restart backoff
	ReasonKeysResting  Reason = "keys_resting"  // every key of the provider rests
	ReasonNoCredit     Reason = "no_credit"     // as many calls as may be are with the other node
	ReasonNodeLost     Reason = "node_lost"     // no node that has the provider can be reached
	// ReasonDeadlineUnmeetable: its turn would come too late for the caller's deadline.
	ReasonDeadlineUnmeetable Reason = "deadline_unmeetable"
	// ReasonNotPermitted: who asks may not use the provider or the model.
	ReasonNotPermitted Reason = "not_permitted"
	ReasonClusterLimit Reason = "cluster_limit" // a key's limit is the cluster's, and this node has no part of it
)

// Sentinels for errors.Is, one per kind.
var (
	ErrInvalidRequest       = &Error{Kind: KindInvalidRequest}
	ErrUnauthorized         = &Error{Kind: KindUnauthorized}
	ErrNotFound             = &Error{Kind: KindNotFound}
	ErrRateLimited          = &Error{Kind: KindRateLimited}
	ErrOverloaded           = &Error{Kind: KindOverloaded}
	ErrTimeout              = &Error{Kind: KindTimeout}
	ErrCanceled             = &Error{Kind: KindCanceled}
	ErrUpstream             = &Error{Kind: KindUpstream}
	ErrUnsupportedOperation = &Error{Kind: KindUnsupportedOperation}
	ErrNodeLost             = &Error{Kind: KindNodeLost}
	ErrInternal             = &Error{Kind: KindInternal}
)

// Error is the error of every request. Match it with errors.Is and a
// sentinel, or with errors.As for its fields. Its text never has a key or a
// request's content; Upstream has the provider's own words, for the caller only.
type Error struct {
	Kind     ErrorKind
	Reason   Reason // set when Bifrost itself refused
	Provider string
	Model    string

	// Message says what happened and what to do next.
	Message string

	// StatusCode is the provider's HTTP status; 0 if there was none.
	StatusCode int

	// RetryAfter is when to try again; 0 if unknown.
	RetryAfter time.Duration

	// QuotaSpent tells that a spending limit of the key is reached: waiting does
	// not help, another key may.
	QuotaSpent bool

	// MayHaveStarted tells that the provider may have begun, and may bill, the
	// call.
	MayHaveStarted bool

	// Upstream is the provider's error answer with keys masked, if there was one.
	Upstream *UpstreamReply

	// Err is the cause; it may be nil.
	Err error
}

// UpstreamReply is a provider's error answer. It belongs to the caller: it is
// not part of any log, event or error text.
type UpstreamReply struct {
	StatusCode int
	Header     http.Header
	Body       []byte // at most 64 KiB
	// Dialect is that of Body. Empty: not known.
	Dialect Dialect
}

// Error returns one lower-case line without secrets or content.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	if e.Reason != "" && string(e.Reason) != string(e.Kind) {
		fmt.Fprintf(&b, " (%s)", e.Reason)
	}
	if e.Provider != "" {
		b.WriteString(": " + e.Provider)
		if e.Model != "" {
			b.WriteString("/" + e.Model)
		}
	}
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, ": status %d", e.StatusCode)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches another *Error of the same kind; a target with a Reason or a
// Provider must match in those too.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	if !ok {
		return false
	}
	return t.Kind == e.Kind &&
		(t.Reason == "" || t.Reason == e.Reason) &&
		(t.Provider == "" || t.Provider == e.Provider)
}

// Retryable reports whether the same request may succeed later or with another
// key, without a change by the caller.
func (e *Error) Retryable() bool {
	switch e.Kind {
	case KindRateLimited, KindOverloaded, KindUpstream, KindUnauthorized:
		return true
	case KindTimeout:
		return e.StatusCode != 0
	}
	return false
}

// DeadLetter is the answer to a request that Bifrost refused: who refused it,
// why, and how full it was. Go callers find it in an Error with errors.As; an
// actor that asked by PID receives it as the reply. It has no content.
type DeadLetter struct {
	Provider   string
	Reason     Reason
	Capacity   int // places in the mailbox
	Queued     int // places taken
	InHand     int
	Waiting    int
	RetryAfter time.Duration
	// Hopeless tells, of ReasonDeadlineUnmeetable, that the deadline could not be met
	// without any queue either.
	Hopeless bool
}

// Error names the refusal.
func (d *DeadLetter) Error() string {
	return fmt.Sprintf("dead letter: %s: %s: %d of %d places taken, %d in hand, %d waiting",
		d.Provider, d.Reason, d.Queued, d.Capacity, d.InHand, d.Waiting)
}

// IgnoreDeadLetterLogging keeps the engine from logging it a second time.
func (d *DeadLetter) IgnoreDeadLetterLogging() {}
