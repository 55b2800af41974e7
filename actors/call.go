package actors

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"bifrost/mailbox"
	"bifrost/pool"
	"bifrost/schemas"
)

// call is one request on its way, and the slot for its answer. It is pooled.
//
// It has two holders: the sender's side and the mailbox's side, which passes to
// the worker that takes it. A timer that may fire late is a further holder. The
// last one to let go returns it to the pool.
type call struct {
	entry   mailbox.Entry[*call]
	home    *pool.Pool[call]
	holders atomic.Int32

	// set before the offer, read-only after it
	ctx     context.Context
	req     *schemas.Request
	began   time.Duration // when it was offered
	passage *passage      // of the request, for who ends an answer that streams; nil: no hooks

	// touched only by the worker that holds it
	tries int

	// The answer: written once, by whoever the mailbox's verdict names, before
	// done or reply.
	resp *schemas.Response
	err  error
	done chan struct{}                  // capacity 1, for a sender that blocks
	then func(*schemas.Response, error) // for one that cannot; nil otherwise
	end  context.CancelFunc             // of a context made for the call; nil: none was
}

// newCalls returns the pool of calls.
func newCalls(size int) *pool.Pool[call] {
	return pool.New(size, func() *call {
		c := &call{done: make(chan struct{}, 1)}
		c.entry.Value = c
		return c
	})
}

// begin readies a pooled call for an offer, with both sides holding it.
func (c *call) begin(ctx context.Context, sys *System, req *schemas.Request) {
	c.home, c.ctx, c.req, c.began = sys.calls, ctx, req, sys.now()
	c.holders.Store(2)
}

// endedWith reports whether err is what the caller has ended its own context with.
func (c *call) endedWith(err error) bool {
	var theirs, e *schemas.Error
	return c.ctx.Err() != nil && errors.As(context.Cause(c.ctx), &theirs) && errors.As(err, &e) &&
		(e == theirs || e.Upstream != nil && e.Upstream == theirs.Upstream)
}

// answer gives the sender its one answer.
func (c *call) answer(resp *schemas.Response, err error) {
	if c.then != nil {
		c.then(resp, err)
		return
	}
	c.resp, c.err = resp, err
	c.done <- struct{}{}
}

// retain adds a holder; the caller must be one.
func (c *call) retain() { c.holders.Add(1) }

// release lets go of the call, which the caller must not touch any more.
func (c *call) release() {
	if c.holders.Add(-1) == 0 {
		c.recycle()
	}
}

// releaseBoth lets go for both sides: for a call that never reached a worker.
func (c *call) releaseBoth() {
	if c.holders.Add(-2) == 0 {
		c.recycle()
	}
}

func (c *call) recycle() {
	if c.end != nil {
		c.end()
		c.end = nil
	}
	c.ctx, c.req, c.passage, c.resp, c.err, c.then, c.tries = nil, nil, nil, nil, nil, nil, 0
	c.home.Put(c)
}
