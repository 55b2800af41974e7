package simulated

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"bifrost/internal/httpx"
	"bifrost/schemas"
)

const defaultOutputTokens = 16

// Upstream is a simulated provider's server. It is safe for concurrent use; it
// owns no goroutine and no connection.
type Upstream struct {
	cfg     schemas.SimulationConfig
	gate    gate
	outages outages

	prompts promptCache
	files   files
}

var (
	_ httpx.Doer   = (*Upstream)(nil)
	_ http.Handler = (*Upstream)(nil)
)

// New returns an Upstream that behaves as cfg says. The caller has validated
// cfg; it is copied.
func New(cfg schemas.SimulationConfig) *Upstream {
	if cfg.OutputTokens == 0 {
		cfg.OutputTokens = defaultOutputTokens
	}
	cfg.Models = slices.Clone(cfg.Models)
	if len(cfg.Models) == 0 {
		cfg.Models = []string{"sim-small", "sim-large"}
	}
	return &Upstream{
		cfg:     cfg,
		gate:    gate{limit: cfg.Concurrency, draws: newDraws(cfg), pace: newPace(cfg.RequestsPerSecond)},
		outages: newOutages(cfg, time.Now()),
	}
}

// Models returns what its list of models names.
func (u *Upstream) Models() []string { return slices.Clone(u.cfg.Models) }

// Do answers in process. It blocks for the simulated latency or until ctx ends.
// Only the path of the URL matters. A stream is produced by the reads of its
// body; Close may be called at any time, from any goroutine, and more than once.
// Errors are *schemas.Error.
func (u *Upstream) Do(ctx context.Context, req *httpx.Request) (*httpx.Response, error) {
	if ctx.Err() != nil {
		return nil, contextError(ctx, false)
	}
	target, err := url.Parse(req.URL)
	if err != nil {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest,
			Message: "the provider's address is not a valid URL; check base_url"}
	}
	rep, err := u.speak(ctx, call{method: req.Method, path: target.EscapedPath(), query: target.RawQuery, header: req.Header, body: req.Body})
	if err != nil {
		return nil, err
	}
	return &httpx.Response{StatusCode: rep.status, Header: rep.header, Body: rep.reader()}, nil
}

// Close does nothing: there are no idle connections. The Upstream stays usable.
func (u *Upstream) Close() error { return nil }

// Stats returns one consistent snapshot.
func (u *Upstream) Stats() Stats { return u.gate.snapshot() }

// call is a request as it arrives, by whichever face.
type call struct {
	method, path string // escaped
	query        string
	header       http.Header
	body         []byte

	// Of a call in another dialect than OpenAI's: which, and what the body, which is in
	// OpenAI's, does not say.
	dialect schemas.Dialect
	chat    *schemas.ChatRequest
}

// job is a parsed request, ready to be answered.
type job interface {
	streams() bool
	reply(ctx context.Context, u *Upstream, t ticket, s switches) reply
}

// answer takes a call through the gate and back out. A reply with a stream is
// still inside: its stream leaves for it.
func (u *Upstream) answer(ctx context.Context, c call) (reply, error) {
	out := u.outages.now()
	t, ok := u.gate.enter(out)
	if !ok {
		return u.dress(concurrencyRefusal.reply(), t), nil
	}
	var (
		rep reply
		end outcome
		err error
	)
	if out {
		rep, end, err = u.fail(ctx)
	} else {
		rep, end, err = u.work(ctx, c, t)
	}
	if err != nil {
		u.gate.leave(end)
		return reply{}, err
	}
	if rep.stream == nil {
		u.gate.leave(end)
	}
	return u.dress(rep, t), nil
}

// reject counts a call that never got as far as a request.
func (u *Upstream) reject(f *refusal) reply {
	t, ok := u.gate.enter(true) // what is no request is not one of this second's
	if !ok {
		return u.dress(concurrencyRefusal.reply(), t)
	}
	u.gate.leave(rejected)
	return u.dress(f.reply(), t)
}

// work answers an admitted call. It blocks for the call's latency.
func (u *Upstream) work(ctx context.Context, c call, t ticket) (reply, outcome, error) {
	j, s, fault := u.parse(c)
	if fault != nil {
		return fault.reply(), rejected, nil
	}
	if s.fault.beforeAnswer() {
		end, err := s.fault.strike(ctx, nil)
		return reply{}, end, err
	}
	if t.retryAfter > 0 {
		return paceRefusal(t.retryAfter).reply(), rateLimited, nil
	}
	if t.fate == fateRateLimit && !s.decided() {
		return rateRefusal.reply(), rateLimited, nil
	}
	if err := pause(ctx, s.latencyOr(t.latency), nil); err != nil {
		return reply{}, canceled, err
	}
	switch {
	case s.status != 0 || s.html:
		rep := s.reply()
		return rep, outcomeOf(rep.status), nil
	case t.fate == fateError && !s.decided():
		return errorRefusal.reply(), failed, nil
	}
	rep := j.reply(ctx, u, t, s)
	if rep.status == http.StatusNotFound {
		return rep, rejected, nil
	}
	return rep, succeeded, nil
}

func (u *Upstream) parse(c call) (job, switches, *refusal) {
	op, fault := route(c.method, c.path)
	if fault != nil {
		return nil, switches{}, fault
	}
	s, fault := parseSwitches(c.header)
	if fault != nil {
		return nil, s, fault
	}
	j, fault := op(u, c)
	if fault != nil {
		return nil, s, fault
	}
	if s.fault.inStream() && !j.streams() {
		return nil, s, s.fault.needsStream()
	}
	return j, s, nil
}
