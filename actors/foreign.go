package actors

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// Foreign takes the messages that arrive at a provider's PID and are none of this
// package's: those of other nodes.
type Foreign interface {
	// Receive takes a message to a provider, and its sender, which may be nil. It runs
	// on the sender's goroutine, which may be a connection's only reader: it must not
	// block. False says that the message is unknown here too.
	Receive(provider string, message any, sender *actor.PID) bool
}

// AskBounded asks a provider for a sender that cannot block, such as another node: in
// wait mode at most MaxWaiting such requests wait for a place (BufferSize unless set),
// and without a deadline no longer than DefaultAskTimeout, after which the refusal is
// that of queue_timeout. The goroutine that calls it blocks until the answer, as with
// Router.Ask.
func (s *System) AskBounded(ctx context.Context, provider string, req *schemas.Request) (*schemas.Response, error) {
	if req == nil {
		return nil, nilRequest(provider)
	}
	r := s.Router(provider)
	if r == nil {
		return nil, s.notFound(provider, req.Model)
	}
	return r.askAs(ctx, req.For(provider), mailbox.CannotBlock)
}

// TryAsk is Ask for a request that may go elsewhere: if the provider has no place for it
// at once, it is not counted, and had is false. With hooks it may wait all the same if
// another request takes the last place in the same moment.
func (r *Router) TryAsk(ctx context.Context, req *schemas.Request) (resp *schemas.Response, had bool, err error) {
	switch {
	case req == nil:
		return nil, true, nilRequest(r.name)
	case ctx.Err() != nil || len(r.sys.hooks) > 0 && r.mb.HasRoom():
		resp, err = r.Ask(ctx, req)
		return resp, true, err
	case len(r.sys.hooks) > 0:
		return nil, false, nil
	}
	c := r.sys.calls.Get()
	c.begin(ctx, r.sys, req)
	if !r.mb.TryOffer(&c.entry, untilOf(ctx)) {
		c.releaseBoth()
		return nil, false, nil
	}
	resp, err = r.await(c)
	return resp, true, err
}

// Ended returns the error of a call whose context has ended: what the runtime has ended
// it with, or that its caller has gone; nil if it has not ended. started says whether
// the provider may have begun it.
func Ended(ctx context.Context, req *schemas.Request, started bool) error {
	e := ended(ctx, req)
	if e == nil {
		return nil
	}
	out := *e
	out.MayHaveStarted = out.MayHaveStarted || started
	return &out
}

// Cause makes the error of a context that is ended with it the answer of the calls
// that it ends, rather than that their caller has gone.
func Cause(e *schemas.Error) error { return &ownCause{e} }

type gateKey struct{}

// WithGate returns a context of a request that a worker begins only when gate, which is
// asked before the first attempt and holds the worker, lets it: an error of gate's is the
// request's answer, and the provider is not asked. gate returns soon after ctx ends.
func WithGate(ctx context.Context, gate func() error) context.Context {
	return context.WithValue(ctx, gateKey{}, gate)
}

// leaveToBegin asks the gate of a call's first attempt, if there is one.
func leaveToBegin(c *call) error {
	gate, ok := c.ctx.Value(gateKey{}).(func() error)
	if !ok || c.tries > 0 {
		return nil
	}
	return gate()
}

// FallbackOn returns the kinds of WithFallback. They are not to be changed.
func FallbackOn(ctx context.Context) []schemas.ErrorKind {
	kinds, _ := ctx.Value(fallbackKey{}).([]schemas.ErrorKind)
	return kinds
}

// waitLimit is how long a call may wait for a place; 0: for ever.
func (r *Router) waitLimit(ctx context.Context, sender mailbox.Sender) time.Duration {
	limit := r.settings.peek().queueTimeout
	if _, ends := ctx.Deadline(); limit == 0 && sender == mailbox.CannotBlock && !ends {
		return DefaultAskTimeout
	}
	return limit
}

func nilRequest(provider string) error {
	return &schemas.Error{Kind: schemas.KindInvalidRequest, Provider: provider, Message: "the request is nil"}
}
