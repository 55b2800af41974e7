package actors

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// refused is a dead letter, the error that carries it to the sender, and the event
// that publishes it, in one allocation.
type refused struct {
	err    schemas.Error
	letter schemas.DeadLetter // the sender's own

	// The event has no Sender: with one the engine would answer a second time. Its
	// message is the description of what was refused, never the request.
	event     actor.DeadLetterEvent
	published schemas.DeadLetter
}

func newRefused(pid *actor.PID, provider, model string, r mailbox.Refusal) *refused {
	f := &refused{
		letter: schemas.DeadLetter{
			Provider: provider, Reason: r.Reason, Capacity: r.Capacity, Queued: r.Queued,
			InHand: r.InHand, Waiting: r.Waiting, RetryAfter: r.RetryAfter, Hopeless: r.Hopeless,
		},
		err: schemas.Error{
			Kind: schemas.KindOverloaded, Reason: r.Reason, Provider: provider, Model: model,
			Message: adviceFor(r.Reason), RetryAfter: r.RetryAfter,
		},
	}
	if r.Reason == schemas.ReasonNotFound {
		f.err.Kind = schemas.KindNotFound
	}
	f.err.Err = &f.letter
	f.published = f.letter
	f.event = actor.DeadLetterEvent{PID: pid, Message: &f.published}
	return f
}

func adviceFor(r schemas.Reason) string {
	switch r {
	case schemas.ReasonQueueFull:
		return "the mailbox is full; retry later, or raise buffer_size, max_waiting or concurrency"
	case schemas.ReasonQueueTimeout:
		return "no place became free within queue_timeout; retry later, or raise queue_timeout"
	case schemas.ReasonDeadlineUnmeetable:
		return "by the time of its turn the request's deadline would have passed; allow more time, retry later, or raise concurrency"
	case schemas.ReasonDraining:
		return "the provider is stopping; send the request elsewhere or retry after a restart"
	case schemas.ReasonDegraded:
		return "the mailbox is full and every worker is restarting after panics; retry later, and look at the provider's last error"
	case schemas.ReasonClusterLimit:
		return "this node has no part of the key's limit: it reaches too few of the cluster's other nodes; retry later or elsewhere, and look at its peers"
	case schemas.ReasonNotFound:
		return "no such provider; add it to the configuration"
	}
	return ""
}

// ownCause is the cause of what the runtime itself cancels. The type tells it from
// a cause of the caller's, which may be an *schemas.Error too: another provider's,
// as in an errgroup.
type ownCause struct{ err *schemas.Error }

func (c *ownCause) Error() string { return c.err.Error() }

func (c *ownCause) Unwrap() error { return c.err }

// ownCauseOf returns what the runtime has cancelled ctx with; nil if it has not.
func ownCauseOf(ctx context.Context) *schemas.Error {
	if c, ok := context.Cause(ctx).(*ownCause); ok {
		return c.err
	}
	return nil
}

// ended returns the error of a call whose context has ended, or nil: the runtime's
// own cause, or that the caller has gone, whatever the caller's cause.
func ended(ctx context.Context, req *schemas.Request) *schemas.Error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if own := ownCauseOf(ctx); own != nil {
		return own
	}
	e := &schemas.Error{Kind: schemas.KindCanceled, Provider: req.Provider, Model: req.Model,
		Message: "the caller's context was cancelled", Err: err}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Kind, e.Message = schemas.KindTimeout, "the caller's deadline has passed"
	}
	return e
}

// startedAndEnded is ended for a call that a worker had in hand.
func startedAndEnded(ctx context.Context, req *schemas.Request) *schemas.Error {
	e := *ended(ctx, req)
	e.MayHaveStarted = true
	return &e
}
