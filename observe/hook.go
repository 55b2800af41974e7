package observe

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"bifrost/schemas"
)

// outcome is what became of a request.
type outcome string

const (
	completed outcome = "completed"
	failed    outcome = "failed"
	cancelled outcome = "cancelled" // the caller went, or its deadline passed
	refused   outcome = "refused"   // by Bifrost itself, with a reason
)

// flight is a request under way: the State of its HookCall, and the Parent of those of
// its attempts.
type flight struct {
	began  time.Time
	op     operation
	client *client
	tenant string
	span   trace.Span

	// key names the key of the last attempt, which may run beside the request's After.
	key atomic.Pointer[string]
}

// ending is a request that has ended.
type ending struct {
	*flight
	at      time.Time
	model   string
	outcome outcome
	fault   *schemas.Error // nil: completed
	tokens  tokens
	waited  time.Duration
	first   time.Duration // until the first content of a stream; zero: there was none
}

// beforeRequest is of the Recorder's Hook.
func (r *Recorder) beforeRequest(ctx context.Context, call *schemas.HookCall) (*schemas.Response, error) {
	f := &flight{began: time.Now(), op: operationOf(call.Request), tenant: boundedName(schemas.TenantOf(ctx))}
	f.client = r.client(f.tenant)
	f.client.begin()
	f.span = r.startRequest(ctx, f, call)
	call.State = f
	return nil, nil
}

// afterRequest is of the Recorder's Hook.
func (r *Recorder) afterRequest(ctx context.Context, call *schemas.HookCall, _ *schemas.Response, err error) {
	f, ok := call.State.(*flight)
	if !ok {
		return
	}
	e := &ending{flight: f, at: time.Now(), model: call.Request.Model, fault: faultOf(err),
		tokens: tokensOf(call.Usage), waited: call.Waited}
	e.outcome = outcomeOf(ctx, e.fault)
	if f.op.streams {
		e.first = call.FirstContent
	}
	m := model{call.Provider, e.model}
	price := (*r.prices.Load())[m]
	r.provider(call.Provider).end(e, r.label(m), price.cost(e.tokens))
	f.client.end(e)
	r.endRequest(e, call)
}

// faultOf is an error as one with a kind; nil if there was none.
func faultOf(err error) *schemas.Error {
	var e *schemas.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	}
	return &schemas.Error{Kind: schemas.KindInternal, Err: err}
}

// outcomeOf agrees with how mailboxes count, but that a request which a worker had in
// hand when all keys rested is refused here, and has failed there.
func outcomeOf(ctx context.Context, fault *schemas.Error) outcome {
	switch {
	case fault == nil:
		return completed
	case fault.Reason != "":
		return refused
	case fault.Kind == schemas.KindCanceled, fault.Kind == schemas.KindTimeout && passed(ctx):
		return cancelled
	}
	return failed
}

// passed reports whether a context's deadline has ended it, or will as soon as a late
// timer fires.
func passed(ctx context.Context) bool {
	if err := ctx.Err(); err != nil {
		return errors.Is(err, context.DeadlineExceeded)
	}
	deadline, ok := ctx.Deadline()
	return ok && !time.Now().Before(deadline)
}

// beforeAttempt is of the Recorder's Hook.
func (r *Recorder) beforeAttempt(ctx context.Context, call *schemas.HookCall) (*schemas.Response, error) {
	f, ok := call.Parent.(*flight)
	if !ok {
		return nil, nil
	}
	f.key.Store(&call.KeyName)
	if r.traced {
		r.startAttempt(ctx, f, call)
	}
	return nil, nil
}

// afterAttempt is of the Recorder's Hook.
func (r *Recorder) afterAttempt(ctx context.Context, call *schemas.HookCall, resp *schemas.Response, err error) {
	if span, ok := call.State.(trace.Span); ok {
		endAttempt(ctx, span, call, resp, err)
	}
}
