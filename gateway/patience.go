package gateway

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"bifrost/schemas"
)

// Headers in which SDKs tell, in seconds, how long they wait.
const (
	// headerTimeout is that of the SDKs of OpenAI and Anthropic for Go and Node: a
	// whole number, rounded down.
	headerTimeout = "X-Stainless-Timeout"
	// headerReadTimeout is theirs for Python: the longest silence after the request was
	// sent.
	headerReadTimeout = "X-Stainless-Read-Timeout"
	// headerServerTimeout is that of Google's SDKs: a whole number, rounded up.
	headerServerTimeout = "X-Server-Timeout"
)

const (
	// sdkTimeout is what the SDKs of OpenAI and Anthropic send if nobody has set
	// anything.
	sdkTimeout = 600
	// maxTimeout is more than anybody waits, in seconds.
	maxTimeout = 1 << 30
)

// errOutOfTime is why a context ends whose client has given up.
var errOutOfTime = errors.New("the client's time is over")

// patience is the context of a call whose client, or the gateway for it, waits for a
// limited time until the answer begins. What it takes from there on is seen by the client itself, whose SDK
// may have stopped its clock. It is safe for concurrent use.
type patience struct {
	context.Context
	cancel context.CancelCauseFunc
	until  time.Time
	timer  *time.Timer
	header string // that tells the time, or byGateway
	begun  atomic.Bool
}

// byGateway stands for a header where the limit is the gateway's own.
const byGateway = ""

// wait returns the context for the call, whose request has been read.
func (x *exchange) wait() (context.Context, error) {
	ctx := x.r.Context()
	until, header, err := limitOf(x.r.Header, x.began, time.Now())
	if err != nil {
		return ctx, err
	}
	if own := x.settings.AnswerTimeout; own > 0 && (header == "" || x.began.Add(own).Before(until)) {
		until, header = x.began.Add(own), byGateway
	} else if header == "" {
		return ctx, nil
	}
	p := &patience{until: until, header: header}
	p.Context, p.cancel = context.WithCancelCause(ctx)
	p.timer = time.AfterFunc(time.Until(until), func() { p.cancel(errOutOfTime) })
	x.patience = p
	if x.settings.QueueUnmeetable {
		return p, nil
	}
	return schemas.WithDeadlineCheck(p, schemas.CheckBeginning), nil
}

// Deadline implements context.Context: until the answer begins.
func (p *patience) Deadline() (time.Time, bool) {
	own, ok := p.Context.Deadline()
	if p.begun.Load() || ok && own.Before(p.until) {
		return own, ok
	}
	return p.until, true
}

// rest stops the clock: the answer begins. A nil receiver has none.
func (p *patience) rest() {
	if p != nil {
		p.begun.Store(true)
		p.timer.Stop()
	}
}

// end releases the context.
func (p *patience) end() {
	if p != nil {
		p.timer.Stop()
		p.cancel(nil)
	}
}

// explain returns err, or, if the client's time was over, the refusal that says so.
func (p *patience) explain(err error) error {
	if p == nil || err == nil || context.Cause(p.Context) != errOutOfTime {
		return err
	}
	out := &schemas.Error{Kind: schemas.KindTimeout, Err: context.DeadlineExceeded,
		Message: "the time that the client gives in " + p.header + " ended before the answer began; allow more time"}
	if p.header == byGateway {
		out.Message = "the time that the gateway gives an answer to begin has ended; try again when there is less to do, or ask for less"
	}
	var e *schemas.Error
	if errors.As(err, &e) {
		out.Provider, out.Model, out.MayHaveStarted = e.Provider, e.Model, e.MayHaveStarted
	}
	return out
}

// limitOf returns when a client gives up whose request began and was sent at these
// times, and the header that says so; "" if none does.
func limitOf(h http.Header, began, sent time.Time) (until time.Time, header string, err error) {
	tell := func(name string, t time.Time) {
		if header == "" || t.Before(until) {
			until, header = t, name
		}
	}
	// Of the values that are no time some SDKs' own settings may be the cause.
	if v, ok := seconds(h.Get(headerTimeout)); ok && v != sdkTimeout {
		tell(headerTimeout, began.Add(asDuration(math.Floor(v)+1)))
	}
	if v, ok := seconds(h.Get(headerReadTimeout)); ok && v != sdkTimeout && v > 0 {
		tell(headerReadTimeout, sent.Add(asDuration(v)))
	}
	if text := h.Get(headerServerTimeout); text != "" {
		v, ok := seconds(text)
		if !ok || v <= 0 {
			return time.Time{}, "", invalid("the header " + headerServerTimeout + " must be a number of seconds above 0; correct it, or leave it out")
		}
		tell(headerServerTimeout, began.Add(asDuration(v)))
	}
	return until, header, nil
}

// seconds reads a number of seconds that is not negative; one beyond maxTimeout is
// that.
func seconds(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	if math.IsInf(v, 1) && errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	if err != nil || math.IsNaN(v) || v < 0 {
		return 0, false
	}
	return min(v, maxTimeout), true
}

func asDuration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
