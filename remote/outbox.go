package remote

import (
	"context"
	"errors"
	"sync"
	"time"
)

// outbox bounds what waits to be written to a peer, since the engine takes every
// message and has no bound of its own. Senders take room for a message before they
// hand it to the engine, first come, first served; what the connection has taken
// gives it back. It is safe for concurrent use.
type outbox struct {
	limit int // bytes

	mu      sync.Mutex // guards what follows
	used    int        // bytes handed to the engine and not written yet
	waiters []*waiter  // in their order
	writing time.Time  // since when a write has been under way; zero: none is
	moved   time.Time  // when the last one of much was done
	err     error      // why nothing is taken any more
}

type waiter struct {
	bytes int
	done  chan struct{} // closed when it has its room, or with err
	err   error
}

func newOutbox(limit int) *outbox { return &outbox{limit: limit} }

// take waits for room. A message of more than the limit waits for an empty outbox.
func (o *outbox) take(ctx context.Context, bytes int) error {
	o.mu.Lock()
	if o.err != nil || len(o.waiters) == 0 && o.fitsLocked(bytes) {
		err := o.err
		if err == nil {
			o.used += bytes
		}
		o.mu.Unlock()
		return err
	}
	w := &waiter{bytes: bytes, done: make(chan struct{})}
	o.waiters = append(o.waiters, w)
	o.mu.Unlock()
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return o.leave(ctx, w)
	}
}

// leave takes a waiter out whose context has ended, unless it has its room already.
func (o *outbox) leave(ctx context.Context, w *waiter) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, other := range o.waiters {
		if other == w {
			o.waiters = append(o.waiters[:i], o.waiters[i+1:]...)
			o.admitLocked() // it may have stood before smaller ones
			return context.Cause(ctx)
		}
	}
	return w.err
}

// force takes room at once, over the limit if need be: for the small messages that
// nothing may hold up, and of which each call has few. Over twice the limit it fails with
// errFlooded: a peer has them made and does not read them.
func (o *outbox) force(bytes int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.err != nil:
		return o.err
	case o.used+bytes > 2*o.limit:
		return errFlooded
	}
	o.used += bytes
	return nil
}

var errFlooded = errors.New("it does not read what it is sent")

// write notes that the connection has begun to take a batch; written that it has.
func (o *outbox) write(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = now
}

// written gives room back. Messages that did not come through take or force, as the
// engine's own, make it no larger than it was.
func (o *outbox) written(bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = time.Time{}
	if bytes >= muchBytes {
		o.moved = time.Now()
	}
	o.used = max(0, o.used-bytes)
	o.admitLocked()
}

func (o *outbox) fitsLocked(bytes int) bool { return o.used == 0 || o.used+bytes <= o.limit }

func (o *outbox) admitLocked() {
	for len(o.waiters) > 0 && o.fitsLocked(o.waiters[0].bytes) {
		w := o.waiters[0]
		o.waiters = o.waiters[1:]
		o.used += w.bytes
		close(w.done)
	}
}

// close refuses everything from now on, and who waits.
func (o *outbox) close(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return
	}
	o.err = err
	for _, w := range o.waiters {
		w.err = err
		close(w.done)
	}
	o.waiters = nil
}

// buffered returns the bytes that are not written yet.
func (o *outbox) buffered() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.used
}

// moves reports whether the connection has just taken much: a heartbeat behind it is late
// on a slow network, and no sign that the peer is lost.
func (o *outbox) moves(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return now.Sub(o.moved) < movingFor
}

// muchBytes is a batch that is more than heartbeats and the like.
const muchBytes = 16 << 10

// stalled returns for how long the connection has not taken the batch at hand.
func (o *outbox) stalled(now time.Time) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing.IsZero() {
		return 0
	}
	return now.Sub(o.writing)
}
