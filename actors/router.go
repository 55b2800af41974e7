package actors

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/mailbox"
	"bifrost/schemas"
	"bifrost/supervisor"
)

// Router admits one provider's requests and owns its workers. It is made by
// System.Start and safe for concurrent use.
type Router struct {
	name    string
	sys     *System
	process *process // what its PID points at
	mb      *mailbox.Mailbox[*call]

	control  *actor.PID
	strategy *supervisor.Strategy
	halted   chan struct{} // closed when the workers are told to stop; by stopWorkers, under mu
	stopped  chan struct{} // closed when the control actor has stopped, workers included

	settings versions

	configuring sync.Mutex // serialises Configure
	modes       sync.Mutex // serialises what sets the mailbox's limits and mode

	mu      sync.Mutex                         // guards what follows
	workers map[*mailbox.Worker[*call]]*worker // from Started to Stopped
	ids     map[int]bool                       // of workers that have not stopped
	warm    int                                // workers in Receive
	sweeps  bool                               // a sweep is armed

	halting atomic.Bool // set before free workers are told to stop lingering

	poisonOnce sync.Once

	panics, retries, backingOff atomic.Int64
}

// Ask sends a request and waits for its answer: a response or an *schemas.Error.
// In wait mode it blocks while there is no place. When ctx ends it returns at
// once; a request that is still in the mailbox gives its place back, and one in
// a worker's hand is cancelled.
func (r *Router) Ask(ctx context.Context, req *schemas.Request) (*schemas.Response, error) {
	if req == nil {
		return nil, nilRequest(r.name)
	}
	return r.askAs(ctx, req, mailbox.Blocks)
}

// askAs is Ask for a sender of that kind.
func (r *Router) askAs(ctx context.Context, req *schemas.Request, sender mailbox.Sender) (*schemas.Response, error) {
	if len(r.sys.hooks) > 0 {
		return r.askHooked(ctx, req, sender)
	}
	return r.ask(ctx, req, sender, nil)
}

// ask is Ask without the hooks of a request as a whole; p has them, for the worker
// that ends a stream.
func (r *Router) ask(ctx context.Context, req *schemas.Request, sender mailbox.Sender, p *passage) (*schemas.Response, error) {
	c := r.sys.calls.Get()
	c.begin(ctx, r.sys, req)
	c.passage = p
	if ctx.Err() != nil {
		sender = mailbox.Gone
	}
	switch verdict, refusal := r.mb.OfferUntil(&c.entry, sender, untilOf(ctx)); verdict {
	case mailbox.Refused:
		c.releaseBoth()
		return nil, r.refuse(req, refusal)
	case mailbox.Left:
		c.releaseBoth()
		return nil, ended(ctx, req)
	case mailbox.Waits:
		if stop := r.boundWait(c, r.waitLimit(ctx, sender)); stop != nil {
			defer stop()
		}
	}
	return r.await(c)
}

// await blocks until the call is answered or its context ends.
func (r *Router) await(c *call) (*schemas.Response, error) {
	if done := c.ctx.Done(); done == nil {
		<-c.done
	} else {
		select {
		case <-c.done:
		case <-done:
			if err := r.leave(c); err != nil {
				return nil, err
			}
			<-c.done // answered in the same moment
		}
	}
	resp, err := c.resp, c.err
	if !resp.Streams() { // else the worker has the passage
		c.passage.noteWait(c)
	}
	c.release()
	return resp, err
}

// leave takes the call back for a sender whose context has ended, and returns
// the sender's answer; nil if another one is on its way.
func (r *Router) leave(c *call) error {
	ctx, req := c.ctx, c.req
	switch r.mb.Leave(&c.entry) {
	case mailbox.GaveBack:
		c.passage.noteWait(c)
		c.releaseBoth()
		return ended(ctx, req)
	case mailbox.InHand:
		c.passage.noteWait(c)
		c.release()
		return startedAndEnded(ctx, req)
	}
	return nil
}

// boundWait arms the limit, if it is not 0, of a call that waits for a place. The
// timer holds the call; stop lets go of it, at any time.
func (r *Router) boundWait(c *call, limit time.Duration) (stop func()) {
	if limit == 0 {
		return nil
	}
	c.retain()
	ticket := c.entry.Ticket()
	timer := time.AfterFunc(limit, func() {
		defer c.release()
		if refusal, ok := r.mb.Expire(&c.entry, ticket); ok {
			r.refuseEntry(c, refusal)
		}
	})
	return func() {
		if timer.Stop() {
			c.release()
		}
	}
}

// refuseEntry answers a call that the mailbox has taken out unserved.
func (r *Router) refuseEntry(c *call, refusal mailbox.Refusal) {
	c.answer(nil, r.refuse(c.req, refusal))
	c.release()
}

// refuse makes a dead letter: counted by the mailbox, published, and returned as
// the sender's answer.
func (r *Router) refuse(req *schemas.Request, refusal mailbox.Refusal) error {
	f := newRefused(r.process.pid, r.name, req.Model, refusal)
	r.sys.letters.publish(&f.event)
	return &f.err
}
