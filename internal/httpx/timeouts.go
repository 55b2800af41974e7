package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"bifrost/schemas"
)

// Timeouts bounds one attempt. Zero means no bound.
type Timeouts struct {
	// FirstByte runs from the call to the first byte of the body; headers alone
	// do not stop it.
	FirstByte time.Duration
	// Total is the whole attempt, its body included.
	Total time.Duration
	// ChunkIdle runs while a Read after the first byte is pending. Time in which
	// the reader does not read does not count.
	ChunkIdle time.Duration
}

// WithTimeouts bounds the attempts of d. An attempt that takes too long ends
// with an *schemas.Error of kind timeout that names the setting to raise. Every
// error, of Do or of a body, is an *schemas.Error. The bounds are timers: nothing
// polls, and nothing of them is left when a body was read to its end or closed.
func WithTimeouts(d Doer, t Timeouts) Doer {
	return &timed{doer: d, limits: t}
}

type timed struct {
	doer   Doer
	limits Timeouts
}

// Do implements Doer.
func (d *timed) Do(ctx context.Context, req *Request) (*Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &timedBody{ctx: ctx, cancel: cancel, idleLimit: d.limits.ChunkIdle}
	b.firstByte = b.after(d.limits.FirstByte, "first byte", "first_byte_timeout")
	b.total = b.after(d.limits.Total, "answer", "total_timeout")

	resp, err := d.doer.Do(ctx, req)
	if err != nil {
		err = b.kind(err)
		b.release()
		return nil, err
	}
	b.body = resp.Body
	return &Response{StatusCode: resp.StatusCode, Header: resp.Header, Body: b}, nil
}

// Close implements Doer.
func (d *timed) Close() error { return d.doer.Close() }

// errClosed is the cause of what a pending Read returns after Close.
var errClosed = errors.New("response closed by its reader")

// timedBody is a body with its attempt's timers. Close may be called while Read
// is pending.
type timedBody struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	body   io.ReadCloser

	firstByte, total *time.Timer // nil: no bound
	idleLimit        time.Duration
	closing          sync.Once

	// Touched by the reader only.
	idle   *time.Timer
	begun  bool  // a byte has arrived
	failed error // what Read returns from now on
}

func (b *timedBody) Read(p []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	b.armIdle()
	n, err := b.body.Read(p)
	stop(b.idle)
	if n > 0 && !b.begun {
		b.begun = true
		stop(b.firstByte)
	}
	if err != nil {
		if err != io.EOF {
			err = b.kind(err)
		}
		b.failed = err
		b.release()
	}
	return n, err
}

// Close gives up the rest and cancels the attempt. It may be repeated.
func (b *timedBody) Close() error {
	var err error
	b.closing.Do(func() {
		b.cancel(&schemas.Error{Kind: schemas.KindCanceled, MayHaveStarted: true, Err: errClosed,
			Message: "the answer was closed before its end"})
		b.release()
		err = b.body.Close()
	})
	return err
}

// armIdle starts the idle timer for a Read, unless the first byte is still out.
func (b *timedBody) armIdle() {
	switch {
	case !b.begun || b.idleLimit <= 0:
	case b.idle == nil:
		b.idle = b.after(b.idleLimit, "next part of the answer", "chunk_idle_timeout")
	default:
		b.idle.Reset(b.idleLimit)
	}
}

// after returns a timer that ends the attempt, or nil without a limit.
func (b *timedBody) after(limit time.Duration, what, key string) *time.Timer {
	if limit <= 0 {
		return nil
	}
	return time.AfterFunc(limit, func() {
		b.cancel(&schemas.Error{Kind: schemas.KindTimeout, MayHaveStarted: true, Err: context.DeadlineExceeded,
			Message: fmt.Sprintf("the %s took longer than network_config.%s (%v); raise it or try again", what, key, limit)})
	})
}

// kind returns the error that ended the attempt's context, or err with a kind.
func (b *timedBody) kind(err error) error {
	if ended := Ended(b.ctx, true); ended != nil {
		// The inner Doer may know that nothing was sent.
		var inner *schemas.Error
		if errors.As(err, &inner) && (inner.Kind == schemas.KindCanceled || inner.Kind == schemas.KindTimeout) {
			return inner
		}
		return ended
	}
	var own *schemas.Error
	if errors.As(err, &own) {
		return own
	}
	return broken(b.ctx, err)
}

// release stops the timers and frees the context.
func (b *timedBody) release() {
	stop(b.firstByte)
	stop(b.total)
	b.cancel(nil)
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
