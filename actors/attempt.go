package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"bifrost/schemas"
)

// result is what an attempt came to: an answer, an error, or another try later.
type result struct {
	resp  *schemas.Response
	err   error
	retry bool
	in    time.Duration
	waits bool // for a key: what follows is no further try

	// of an answer that streams: its context, for who reads it to its end
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// errNoAnswer is the error of an adapter that returns neither an error nor an
// answer to what it was asked.
var errNoAnswer = &schemas.Error{Kind: schemas.KindInternal, MayHaveStarted: true,
	Message: "the provider's adapter returned no answer of the operation that was asked for; report it"}

// attempt makes one try of the call, and more at once while another key is to be
// tried. It blocks for as long as the provider does.
func attempt(w *worker, c *call) result {
	if err := leaveToBegin(c); err != nil {
		return result{err: err}
	}
	for {
		res := w.try(c)
		if !res.retry || res.in > 0 {
			return res
		}
		w.router.retries.Add(1)
	}
}

// try makes one try.
func (w *worker) try(c *call) result {
	s := w.router.settings.use()
	w.used = s
	c.tries++
	ctx, cancel := context.WithCancelCause(c.ctx)
	w.hold(cancel)
	key, keyErr := w.takeKey(ctx, s, c)
	if keyErr == errKeysGone { // it was no try
		c.tries--
		w.letGo(cancel)
		w.leaveSettings()
		return w.try(c)
	}
	if keyErr != nil {
		res := withoutKey(s, c, keyErr)
		w.letGo(cancel)
		w.leaveSettings()
		return res
	}
	a := &schemas.Attempt{Request: c.req, Number: c.tries, WantUsage: len(w.router.sys.hooks) > 0}
	if key >= 0 {
		a.Key = s.keys.keys[key]
	}
	resp, refused, err := w.call(ctx, s, c, a)
	if err == nil {
		resp.Provider, resp.Model, resp.KeyName, resp.Attempts = w.router.name, c.req.Model, a.Key.Name, c.tries
		resp.Waited, resp.FirstContent = c.entry.Waited(), w.router.sys.now()-c.began
		if resp.Streams() {
			return result{resp: resp, ctx: ctx, cancel: cancel}
		}
		w.endPassage(resp, nil)
		w.letGo(cancel)
		w.leaveSettings()
		return result{resp: resp}
	}
	e := w.classify(ctx, c, err)
	res := result{err: e}
	if ctx.Err() == nil && !refused { // else it is not the provider's verdict
		if s.keys.learn(key, c.req.Model, e, time.Now()) {
			w.router.sys.logRefusedKey(w.router.name, a.Key.Name, e)
		}
		res.in, res.retry = retryIn(c.ctx, s, c.tries, c.req, e)
		res.retry = res.retry && ctx.Err() == nil
		s.keys.tellRest(c.req.Model, e, time.Now())
	}
	w.endPassage(nil, e)
	w.letGo(cancel)
	w.leaveSettings()
	return res
}

// call asks the provider, or whoever of the hooks answers in its place; refused
// reports whether the error is a hook's.
func (w *worker) call(ctx context.Context, s *settings, c *call, a *schemas.Attempt) (resp *schemas.Response, refused bool, err error) {
	w.passage = w.router.newAttemptPassage(ctx, c, a)
	if resp, err = w.passage.before(); resp != nil || err != nil {
		w.passage.noteContent(err)
		return resp, err != nil, err
	}
	a.Header = w.passage.header()
	resp, err = s.provider.Call(ctx, a)
	if err == nil && !resp.Answers(a.Request.Operation) {
		err = errNoAnswer
	}
	if err != nil {
		discard(resp)
	}
	w.passage.noteContent(err)
	return resp, false, err
}

// endPassage tells the hooks what became of the attempt.
func (w *worker) endPassage(resp *schemas.Response, err error) {
	w.passage.after(resp, err)
	w.passage = nil
}

// classify gives an attempt's error its place and kind. The end of the context
// decides before what the provider made of it.
func (w *worker) classify(ctx context.Context, c *call, err error) *schemas.Error {
	if ctx.Err() != nil {
		return startedAndEnded(ctx, c.req)
	}
	var e *schemas.Error
	if errors.Is(err, io.EOF) {
		err = broken(err) // the end of a stream is the reader's io.EOF, never an error's
	}
	if !errors.As(err, &e) {
		return &schemas.Error{Kind: schemas.KindInternal, Provider: w.router.name, Model: c.req.Model, Err: err,
			MayHaveStarted: true, Message: fmt.Sprintf("the provider's adapter returned an untyped error (%T); report it", err)}
	}
	out := *e
	out.Provider, out.Model = w.router.name, c.req.Model
	return &out
}

// broken is an error that wraps io.EOF as one that does not.
func broken(err error) error {
	var e *schemas.Error
	if !errors.As(err, &e) {
		return io.ErrUnexpectedEOF
	}
	out := *e
	out.Err = io.ErrUnexpectedEOF
	return &out
}
