package actors

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/schemas"
)

// process is what a provider's PID points at, for as long as the system lives:
// engine PIDs cache their process for ever, so it stays the same when the
// provider is removed and added again, and only the router inside changes.
type process struct {
	sys    *System
	name   string
	pid    *actor.PID
	router atomic.Pointer[Router] // nil: no such provider now

	mu       sync.Mutex // guards watchers
	watchers *actor.PIDSet
}

var _ actor.Process = (*process)(nil)

// SendUserMessage admits, refuses or lets wait; it never blocks, because the
// sender may be a connection's only reader.
func (p *process) SendUserMessage(_ *actor.PID, message any) {
	_, msg, sender := actor.UnwrapEnvelope(message)
	p.deliver(msg, sender)
}

func (p *process) deliver(msg any, sender *actor.PID) {
	switch m := msg.(type) {
	case *actor.PoisonPill:
		if r := p.router.Load(); r != nil {
			r.poison()
		}
	case actor.MessageBatch: // counted message by message
		for _, one := range m.GetMessages() {
			_, msg, own := actor.UnwrapEnvelope(one)
			if own == nil {
				own = sender
			}
			p.deliver(msg, own)
		}
	case *schemas.Request:
		p.ask(context.Background(), m, sender)
	case *Ask:
		p.ask(m.context(), m.request(), sender)
	default:
		if p.sys.foreign != nil && p.sys.foreign.Receive(p.name, msg, sender) {
			return
		}
		p.respond(sender, &schemas.Error{Kind: schemas.KindInvalidRequest, Provider: p.name,
			Message: "a provider is asked with *schemas.Request or *actors.Ask"})
	}
}

func (p *process) ask(ctx context.Context, req *schemas.Request, sender *actor.PID) {
	r := p.router.Load()
	switch {
	case req == nil:
		p.respond(sender, &schemas.Error{Kind: schemas.KindInvalidRequest, Provider: p.name, Message: "the request is nil"})
	case r == nil:
		p.respond(sender, p.sys.notFound(p.name, req.Model))
	default:
		r.submit(ctx, req.For(p.name), func(resp *schemas.Response, err error) { p.reply(sender, resp, err) })
	}
}

func (p *process) reply(sender *actor.PID, resp *schemas.Response, err error) {
	if err == nil {
		p.respond(sender, resp)
		return
	}
	p.respond(sender, err)
}

// respond sends an answer, if there is somebody to send it to: a dead letter as
// such, anything else as it is. A response that nobody wants is closed.
func (p *process) respond(sender *actor.PID, answer any) {
	if err, ok := answer.(error); ok {
		if letter := (*schemas.DeadLetter)(nil); errors.As(err, &letter) {
			answer = letter
		}
	}
	if _, alive := p.sys.engine.ProcessRegistry.Get(sender); alive {
		p.sys.engine.Root.Send(sender, answer)
	} else if resp, ok := answer.(*schemas.Response); ok {
		discard(resp)
	}
}
