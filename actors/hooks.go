package actors

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"bifrost/mailbox"
	"bifrost/schemas"
)

// passage is one request, or one attempt at it, on its way through the program's
// hooks. One goroutine has it at a time. A nil passage is one without hooks.
type passage struct {
	router *Router
	ctx    context.Context
	hooks  []schemas.Hook
	calls  []*schemas.HookCall // of the hooks whose After is to come, in order
	kind   schemas.HookCall    // what each HookCall begins as

	// states are, of a request, those of its HookCalls when it was offered; of an attempt
	// those of its request. They are set once: attempts read them while the request ends.
	states []any

	began                time.Duration // of an attempt
	waited, firstContent time.Duration // for the Afters
	usage                *schemas.Usage
}

// newPassage returns the passage of a request as a whole; nil if there are no hooks.
func (r *Router) newPassage(ctx context.Context, req *schemas.Request) *passage {
	if len(r.sys.hooks) == 0 {
		return nil
	}
	return &passage{router: r, ctx: ctx, hooks: r.sys.hooks, kind: schemas.HookCall{Request: req, Provider: r.name}}
}

// newAttemptPassage returns the passage of an attempt at c; nil if there are no hooks.
func (r *Router) newAttemptPassage(ctx context.Context, c *call, a *schemas.Attempt) *passage {
	p := r.newPassage(ctx, a.Request)
	if p == nil {
		return nil
	}
	p.kind.Attempt, p.kind.KeyName = a.Number, a.Key.Name
	p.began, p.waited = r.sys.now(), c.entry.Waited()
	if c.passage != nil {
		p.states = c.passage.states
	}
	return p
}

// offered notes the states that a request's hooks have given it, for its attempts.
func (p *passage) offered() {
	p.states = make([]any, len(p.calls))
	for i, call := range p.calls {
		p.states[i] = call.State
	}
}

// noteWait notes how long the request's call has waited. The caller must hold it.
func (p *passage) noteWait(c *call) {
	if p != nil {
		p.waited = c.entry.Waited()
	}
}

// noteContent notes that an attempt's first content is there, unless err is not nil.
func (p *passage) noteContent(err error) {
	if p != nil && err == nil {
		p.firstContent = p.router.sys.now() - p.began
	}
}

// noteUsage notes the usage that a stream has ended with.
func (p *passage) noteUsage(u *schemas.Usage) {
	if p != nil {
		p.usage = u
	}
}

// header returns what an attempt's hooks send with it, the last one's word for a name;
// nil if that is nothing.
func (p *passage) header() http.Header {
	if p == nil {
		return nil
	}
	var out http.Header
	for _, call := range p.calls {
		for name, values := range call.Header {
			if out == nil {
				out = http.Header{}
			}
			out[http.CanonicalHeaderKey(name)] = values
		}
	}
	return out
}

// before runs the Befores. If one of them settles the call, it returns its answer
// or its error, one of the two.
func (p *passage) before() (*schemas.Response, error) {
	if p == nil {
		return nil, nil
	}
	for i := range p.hooks {
		call := p.kind
		if i < len(p.states) {
			call.Parent = p.states[i]
		}
		p.calls = append(p.calls, &call)
		f := p.hooks[i].BeforeRequest
		if call.Attempt > 0 {
			f = p.hooks[i].BeforeAttempt
		}
		if f == nil {
			continue
		}
		var resp *schemas.Response
		var err error
		if !p.run(func() { resp, err = f(p.ctx, &call) }) {
			err = p.panicked()
		}
		if resp != nil || err != nil {
			return p.settled(resp, err)
		}
	}
	return nil, nil
}

// settled is a hook's own answer or error as the call's.
func (p *passage) settled(resp *schemas.Response, err error) (*schemas.Response, error) {
	req := p.kind.Request
	if err == nil && !resp.Answers(req.Operation) {
		err = p.internal("a hook returned an answer that is not of the operation that was asked for; correct the hook", nil)
	}
	if err != nil {
		discard(resp)
		return nil, p.typed(err)
	}
	resp.Provider, resp.Model = p.router.name, req.Model
	return resp, nil
}

// after runs the Afters that are to come, the last one first. It may be called
// again: no After runs twice.
func (p *passage) after(resp *schemas.Response, err error) {
	if p == nil {
		return
	}
	if p.usage == nil {
		p.usage = resp.Usage()
	}
	if resp != nil && p.kind.Attempt == 0 {
		p.firstContent = resp.FirstContent
	}
	resp = withoutBody(resp)
	for len(p.calls) > 0 {
		i := len(p.calls) - 1
		call := p.calls[i]
		p.calls = p.calls[:i]
		call.Waited, call.FirstContent, call.Usage = p.waited, p.firstContent, p.usage
		f := p.hooks[i].AfterRequest
		if call.Attempt > 0 {
			f = p.hooks[i].AfterAttempt
		}
		if f != nil {
			p.run(func() { f(p.ctx, call, resp, err) })
		}
	}
}

// withoutBody is what an After sees of an answer, which the caller may have had for
// a while if it streams.
func withoutBody(resp *schemas.Response) *schemas.Response {
	if !resp.Streams() {
		return resp
	}
	out := *resp
	out.Stream = nil
	if out.Raw != nil { // the header has become the caller's, who may change it
		out.Raw = &schemas.RawResponse{StatusCode: out.Raw.StatusCode}
	}
	return &out
}

// chunk returns what is to see each chunk; nil if nothing is.
func (p *passage) chunk() func(*schemas.ChatChunk) error {
	if p == nil {
		return nil
	}
	wanted := false
	for i := range p.hooks {
		wanted = wanted || p.hooks[i].Chunk != nil
	}
	if !wanted {
		return nil
	}
	return p.see
}

func (p *passage) see(chunk *schemas.ChatChunk) error {
	for i, call := range p.calls {
		f := p.hooks[i].Chunk
		if f == nil {
			continue
		}
		var err error
		if !p.run(func() { err = f(p.ctx, call, chunk) }) {
			return p.panicked()
		}
		if err != nil {
			return p.typed(err)
		}
	}
	return nil
}

// run calls a hook and reports whether it returned; one that panicked is logged,
// without what it said, which may be content.
func (p *passage) run(hook func()) (returned bool) {
	defer func() {
		if !returned {
			p.router.sys.logHookPanic(p.router.name, describePanic(recover()), debug.Stack())
		}
	}()
	hook()
	return true
}

// panicked is the error of a call whose hook panicked.
func (p *passage) panicked() error {
	return p.internal("a hook of the program panicked; the log has its stack", nil)
}

func (p *passage) internal(message string, cause error) *schemas.Error {
	return &schemas.Error{Kind: schemas.KindInternal, Provider: p.router.name, Model: p.kind.Request.Model,
		Message: message, Err: cause}
}

// typed is a hook's error as the caller's.
func (p *passage) typed(err error) error {
	if ctxErr := p.ctx.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
		return ended(p.ctx, p.kind.Request)
	}
	var e *schemas.Error
	if !errors.As(err, &e) {
		return p.internal(fmt.Sprintf("a hook returned an untyped error (%T); return a *schemas.Error", err), err)
	}
	out := *e
	out.Provider, out.Model = p.router.name, p.kind.Request.Model
	return &out
}

// askHooked is Ask through the hooks.
func (r *Router) askHooked(ctx context.Context, req *schemas.Request, sender mailbox.Sender) (*schemas.Response, error) {
	p := r.newPassage(ctx, req)
	streams := false
	var resp *schemas.Response
	err := p.panicked() // unless something is returned: a hook may end the goroutine
	defer func() {
		if !streams {
			p.after(resp, err)
		}
	}()
	resp, err = p.before()
	if resp == nil && err == nil {
		p.offered()
		resp, err = r.ask(ctx, req, sender, p)
		streams = resp.Streams()
	}
	return resp, err
}

// submitHooked is submit through the hooks, whose Befores run on the sender's
// goroutine.
func (r *Router) submitHooked(ctx context.Context, req *schemas.Request, then func(*schemas.Response, error)) {
	p := r.newPassage(ctx, req)
	resp, err := p.before()
	if resp != nil || err != nil {
		p.after(resp, err)
		r.tell(then, resp, err)
		return
	}
	p.offered()
	r.offer(ctx, req, p, func(resp *schemas.Response, err error) {
		if !resp.Streams() {
			p.after(resp, err)
		}
		then(resp, err)
	})
}

// logHookPanic names the kind of panic only.
func (s *System) logHookPanic(provider, what string, stack []byte) {
	s.log.Error().Str("provider", provider).Str("panic", what).Bytes("stack", stack).Msg("a hook of the program panicked; its call has failed")
}
