package actors

import (
	"context"
	"sync"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// submit is Ask for a sender that cannot block: then is called once, with the
// answer, on any goroutine. A context without a deadline gets DefaultAskTimeout.
func (r *Router) submit(ctx context.Context, req *schemas.Request, then func(*schemas.Response, error)) {
	if len(r.sys.hooks) > 0 {
		r.submitHooked(ctx, req, then)
		return
	}
	r.offer(ctx, req, nil, then)
}

// offer is submit without the hooks of a request as a whole; p has them, for the
// worker that ends a stream.
func (r *Router) offer(ctx context.Context, req *schemas.Request, p *passage, then func(*schemas.Response, error)) {
	ctx, cancel := bounded(ctx)
	c := r.sys.calls.Get()
	c.begin(ctx, r.sys, req)
	c.end, c.passage = cancel, p
	var armed hooks
	c.then = func(resp *schemas.Response, err error) {
		if !resp.Streams() { // else the worker has the passage
			p.noteWait(c)
		}
		r.tell(then, resp, err)
		armed.stop()
		c.release()
	}
	c.retain() // both sides may let go while this function still needs it
	defer c.release()

	sender := mailbox.CannotBlock
	if ctx.Err() != nil {
		sender = mailbox.Gone
	}
	switch verdict, refusal := r.mb.OfferUntil(&c.entry, sender, untilOf(ctx)); verdict {
	case mailbox.Refused:
		r.refuseEntry(c, refusal)
		return
	case mailbox.Left:
		c.answer(nil, ended(ctx, req))
		c.release()
		return
	case mailbox.Waits:
		armed.add(r.boundWait(c, r.settings.peek().queueTimeout))
	}
	armed.add(r.watchContext(ctx, c))
}

// untilOf says how long a call is of use to its sender.
func untilOf(ctx context.Context) mailbox.Until {
	deadline, ok := ctx.Deadline()
	if !ok {
		return mailbox.Until{}
	}
	check := schemas.DeadlineCheckOf(ctx)
	return mailbox.Until{Deadline: deadline, Refuse: check != schemas.NoDeadlineCheck, Beginning: check == schemas.CheckBeginning}
}

// watchContext makes a call leave when its context ends; stop lets go of it.
func (r *Router) watchContext(ctx context.Context, c *call) (stop func()) {
	c.retain()
	unhook := context.AfterFunc(ctx, func() {
		defer c.release()
		r.leaveFor(c)
	})
	return func() {
		if unhook() {
			c.release()
		}
	}
}

// leaveFor makes a call leave whose context has ended and whose sender does not
// wait for it.
func (r *Router) leaveFor(c *call) {
	switch r.mb.Leave(&c.entry) {
	case mailbox.GaveBack:
		c.answer(nil, ended(c.ctx, c.req))
		c.release()
	case mailbox.InHand:
		c.answer(nil, startedAndEnded(c.ctx, c.req))
	}
}

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultAskTimeout)
}

// tell gives a sender its answer. A sender that panics has it all the same, and
// must not take the worker with it, which may have its next call in hand already.
func (r *Router) tell(then func(*schemas.Response, error), resp *schemas.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.sys.log.Error().Str("provider", r.name).Str("panic", describePanic(p)).Msg("a sender panicked on its answer")
		}
	}()
	then(resp, err)
}

// hooks are what a call waits with: a timer, its context. They are stopped when
// it is answered, which may be before all of them are armed.
type hooks struct {
	mu      sync.Mutex
	stopped bool
	stops   []func()
}

func (h *hooks) add(stop func()) {
	if stop == nil {
		return
	}
	h.mu.Lock()
	late := h.stopped
	if !late {
		h.stops = append(h.stops, stop)
	}
	h.mu.Unlock()
	if late {
		stop()
	}
}

func (h *hooks) stop() {
	h.mu.Lock()
	stops := h.stops
	h.stopped, h.stops = true, nil
	h.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}
