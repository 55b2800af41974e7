package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// worker is an actor that has at most one request in hand, and blocks in Receive
// for as long as its provider's call takes. A free worker is handed a call by
// the mailbox; a busy one takes the next itself when it is done.
//
//	message          state        does
//	*actor.Started   new          reports itself free to the mailbox
//	serve            free → busy  serves calls until there are none left, then lingers
//	(a panic)        busy         answers the call; the supervisor restarts it
//	*actor.Stopped   stopped      gives back what it was handed last, if anything
//
// A worker that runs out of calls lingers in Receive for a second or two, so that
// under load a call is handed over by a channel, to a goroutine that has its
// stack already. After that it is cold: it has no goroutine, and the engine wakes
// it by message.
type worker struct {
	router *Router
	slot   *mailbox.Worker[*call]
	work   func(*worker, *call) result // attempt, outside benchmarks

	// set in Started, before the slot is ready
	pid *actor.PID
	up  sync.Once
	ups chan<- struct{} // has one value when it is up

	// handed is written by whoever hands a call to a cold worker, and read in
	// Receive after the message that says so.
	handed *call

	// warm means that the worker lingers, or will before it can be handed a call.
	// Who swaps it to false sends one value to inbox: a call, or nil to end the
	// lingering. So inbox, of capacity 1, never blocks a sender.
	warm  atomic.Bool
	inbox chan *call

	// touched only by the actor's own goroutine
	pipe    ender             // the answer that is being streamed; nil: none
	source  *schemas.Response // what it is read from
	used    *settings         // what the attempt in hand runs on
	slots   *Slots            // of whose slots it holds one; nil: none
	passage *passage          // the attempt's through the hooks; nil: none
	buffer  []byte            // for raw answers; made when first needed
	dead    bool              // it has stopped

	id    int // of its state; never changed
	doing doing

	ending      bool          // it has been told to stop; guarded by the router's mu
	endingSince time.Duration // likewise

	mu     sync.Mutex // guards what follows
	cancel context.CancelCauseFunc
	cause  error // not nil: nothing more is to run
}

// newWorker returns a worker that is not spawned yet; it sends one value to ups
// when it is up.
func newWorker(r *Router, id int, ups chan<- struct{}) *worker {
	w := &worker{router: r, id: id, work: r.sys.work, ups: ups, inbox: make(chan *call, 1)}
	w.slot = mailbox.NewWorker(w.hand)
	return w
}

// hand gives a free worker a call. It does not block.
func (w *worker) hand(e *mailbox.Entry[*call]) {
	if w.warm.CompareAndSwap(true, false) {
		w.inbox <- e.Value
		return
	}
	w.handed = e.Value
	w.router.sys.engine.Root.Send(w.pid, serve{})
}

// cool ends a free worker's lingering, so that the engine's messages reach it.
func (w *worker) cool() {
	if w.warm.CompareAndSwap(true, false) {
		w.inbox <- nil
	}
}

// Receive is the actor's.
func (w *worker) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case serve:
		w.serveAll(ctx, w.handed)
	case *actor.Started:
		// The engine still runs a restart that was behind a stop: what starts then has
		// no PID any more, and is no worker.
		if !w.dead {
			w.started(ctx)
		}
	case *actor.Stopped:
		w.dead = true
		w.router.gone(w)
	}
}

func (w *worker) started(ctx actor.Context) {
	if w.pid == nil { // it is the same after a restart, and others may read it then
		w.pid = ctx.Self()
	}
	w.doing.note(free, w.router.sys.now(), nil)
	halted := w.router.joined(w)
	next := w.router.mb.Ready(w.slot)
	w.up.Do(func() { w.ups <- struct{}{} })
	if next.Retire || halted {
		w.retire(ctx)
	}
	if next.Entry != nil {
		w.serveAll(ctx, next.Entry.Value)
	}
}

// retire stops the worker once Receive has returned.
func (w *worker) retire(ctx actor.Context) {
	if w.router.ends(w) {
		ctx.Stop(ctx.Self())
	}
}

// serveAll serves c and then whatever waits, oldest first, until the worker is
// to stop or has lingered without a call.
func (w *worker) serveAll(ctx actor.Context, c *call) {
	w.router.warmed()
	defer w.router.cooled()
	for c != nil {
		w.warm.Store(true) // before it is free, and can be handed a call
		next := w.serve(c)
		switch {
		case next.Entry != nil:
			c = next.Entry.Value
		case next.Retire:
			w.warm.Store(false)
			w.retire(ctx)
			return
		case w.router.halting.Load() && w.warm.CompareAndSwap(true, false):
			return
		default:
			c = <-w.inbox
		}
	}
}

// serve makes an attempt at the call and settles it. Whatever happens, the
// sender is answered.
func (w *worker) serve(c *call) (next mailbox.Next[*call]) {
	returned := false
	defer func() {
		if !returned {
			w.panicked(c, recover())
		}
	}()
	next = w.serveOne(c)
	returned = true
	return next
}

func (w *worker) serveOne(c *call) mailbox.Next[*call] {
	w.took(c)
	if expired(c.ctx) {
		return w.settle(c, nil, expiry(c))
	}
	res := w.work(w, c)
	switch {
	case res.retry:
		return w.backOff(c, res)
	case res.resp.Streams():
		return w.stream(c, res)
	}
	return w.settle(c, res.resp, res.err)
}

// took notes that the call is in hand now.
func (w *worker) took(c *call) {
	since := c.began + c.entry.Waited() // which is cheaper than to look
	if c.tries > 0 {
		since = w.router.sys.now()
	}
	w.doing.note(busy, since, c.req)
}

// rests notes that the worker is free, if there is no next call.
func (w *worker) rests(next mailbox.Next[*call]) {
	if next.Entry == nil {
		w.doing.note(free, w.router.sys.now(), nil)
	}
}

// settle ends the call with an answer, and takes the next one.
func (w *worker) settle(c *call, resp *schemas.Response, err error) mailbox.Next[*call] {
	next, mine := w.router.mb.Finish(w.slot, outcome(c, err))
	w.rests(next) // before the caller knows
	if mine {
		c.answer(resp, err)
	}
	c.release()
	return next
}

// outcome is what an error counts as. The caller's leaving is not a failure; one
// that failed before its caller left, and is told so, is.
func outcome(c *call, err error) mailbox.Outcome {
	switch {
	case err == nil:
		return mailbox.Completed
	case err == error(errReaderClosed) || errors.Is(err, errStopping):
		return mailbox.Cancelled
	case expired(c.ctx) && errors.Is(err, expiry(c)):
		return mailbox.Cancelled
	}
	return mailbox.Failed
}

// backOff parks the call until its next try, and takes the next one.
func (w *worker) backOff(c *call, res result) mailbox.Next[*call] {
	r := w.router
	if !res.waits {
		r.retries.Add(1)
	}
	c.retain() // for the timer, which may outlive the call
	ticket := c.entry.Ticket()
	next, parked := r.mb.Backoff(w.slot)
	w.rests(next)
	if !parked {
		c.release()
		c.release()
		return next
	}
	time.AfterFunc(res.in, func() {
		r.mb.Due(&c.entry, ticket)
		c.release()
	})
	return next
}

// panicked answers the call of a worker that panicked (or whose goroutine was
// ended by runtime.Goexit), and panics again for the supervisor, without what
// the first panic said: it may be content.
func (w *worker) panicked(c *call, value any) {
	r := w.router
	w.warm.Store(false)
	r.panics.Add(1)
	w.doing.note(restarting, r.sys.now(), nil)
	what := describePanic(value)
	r.sys.logPanic(r.name, what, debug.Stack())
	err := &schemas.Error{Kind: schemas.KindInternal, Provider: r.name, Model: c.req.Model, MayHaveStarted: true,
		Message: "the provider's adapter panicked: " + what}
	w.abandonSource()
	w.endPassage(nil, err)
	if w.pipe != nil {
		c.passage.noteWait(c)
		c.passage.after(nil, err)
		w.pipe.seal() // the end of the context, by a shutdown that was waiting for this, is not the answer's
	}
	if mine := r.mb.Panicked(w.slot); mine {
		c.answer(nil, err)
	}
	if w.pipe != nil {
		w.pipe.end(err, nil)
		w.pipe = nil
	}
	w.letGo(nil) // not before: a reader would take it for its own context's end
	w.leaveSettings()
	c.release()
	panic(workerPanic(what))
}

// leaveSettings ends the use of the settings, and of the key, that the attempt ran on.
func (w *worker) leaveSettings() {
	if slots := w.slots; slots != nil {
		w.slots = nil
		slots.release()
	}
	if s := w.used; s != nil {
		w.used = nil
		s.leave()
	}
}

// abandonSource closes what a stream was read from when the worker panicked.
func (w *worker) abandonSource() {
	if source := w.source; source != nil {
		w.source = nil
		w.router.sys.guarded(w.router.name, func() { discard(source) })
	}
}

// workerPanic is what the supervisor, and the engine's log, see of a panic.
type workerPanic string

// describePanic says what kind of panic it was. The runtime's own errors are
// quoted; any other value may hold content, so only its type is named.
func describePanic(value any) string {
	switch v := value.(type) {
	case nil:
		return "runtime.Goexit"
	case runtime.Error:
		return v.Error()
	}
	return fmt.Sprintf("value of type %T", value)
}

// hold notes how to end the attempt in hand; a worker that is to stop ends it at
// once.
func (w *worker) hold(cancel context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancel = cancel
	if w.cause != nil {
		cancel(w.cause)
	}
}

// letGo ends an attempt's context.
func (w *worker) letGo(cancel context.CancelCauseFunc) {
	w.mu.Lock()
	if cancel == nil {
		cancel = w.cancel
	}
	w.cancel = nil
	w.mu.Unlock()
	if cancel != nil {
		cancel(nil)
	}
}

// abort ends what the worker has in hand, and all that it might still take.
func (w *worker) abort(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cause = cause
	if w.cancel != nil {
		w.cancel(cause)
	}
}

// expired reports whether a context has ended, also if its timer is late.
func expired(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && !time.Now().Before(deadline)
}

// expiry is the answer to a call that is not sent because its context has ended.
func expiry(c *call) *schemas.Error {
	if e := ended(c.ctx, c.req); e != nil {
		return e
	}
	return &schemas.Error{Kind: schemas.KindTimeout, Provider: c.req.Provider, Model: c.req.Model,
		Message: "the caller's deadline has passed", Err: context.DeadlineExceeded}
}
