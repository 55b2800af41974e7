package simulated

import (
	"context"
	"errors"
	"io"
	"time"

	"bifrost/schemas"
)

// pause blocks for d, until ctx ends or until closed is closed (nil: never).
// It makes no timer for a d of zero or less.
func pause(ctx context.Context, d time.Duration, closed <-chan struct{}) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx, true)
	case <-closed:
		return closedError()
	}
}

// hang blocks until ctx ends or closed is closed.
func hang(ctx context.Context, closed <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return contextError(ctx, true)
	case <-closed:
		return closedError()
	}
}

// closedError is a new error each time: its receiver may add to it.
func closedError() error {
	return &schemas.Error{Kind: schemas.KindCanceled, MayHaveStarted: true,
		Message: "the answer was closed before its end"}
}

// brokenError is a new error each time: its receiver may add to it.
func brokenError() error {
	return &schemas.Error{Kind: schemas.KindUpstream, MayHaveStarted: true, Err: io.ErrUnexpectedEOF,
		Message: "the simulated connection broke, as the request's X-Simulate header or the provider's outage has it"}
}

// contextError says why ctx ended: its cause, if that is one of ours.
func contextError(ctx context.Context, started bool) error {
	cause := context.Cause(ctx)
	var known *schemas.Error
	if errors.As(cause, &known) {
		return known
	}
	e := &schemas.Error{Kind: schemas.KindCanceled, MayHaveStarted: started, Err: ctx.Err(),
		Message: "the caller gave up before the answer was complete"}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Kind, e.Message = schemas.KindTimeout, "no complete answer before the deadline; allow more time"
	}
	if !errors.Is(cause, ctx.Err()) {
		e.Err = errors.Join(ctx.Err(), cause)
	}
	return e
}
