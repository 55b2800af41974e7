package gateway

import (
	"context"
	"net/http"
	"time"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// betweenKeepAlives is how long it is from one to the next, at least: each wakes a client.
const betweenKeepAlives = 15 * time.Second

// await makes a call. If it is for a stream, and that is wanted, its client is sent
// something to skip while it waits in silence.
func (x *exchange) await(ctx context.Context, call func(context.Context) (*schemas.Response, error)) (*schemas.Response, error) {
	if !x.streams || x.settings.KeepAlive <= 0 {
		return call(ctx)
	}
	type outcome struct {
		resp  *schemas.Response
		err   error
		fault any
	}
	done := make(chan outcome, 1)
	go func() { // ends with the call
		o := outcome{err: internalError()} // unless something is returned
		defer func() {
			o.fault = recover()
			done <- o
		}()
		o.resp, o.err = call(ctx)
	}()
	timer := time.NewTimer(x.settings.KeepAlive)
	defer timer.Stop()
	for {
		select {
		case o := <-done:
			if o.fault != nil {
				panic(o.fault)
			}
			return o.resp, o.err
		case <-timer.C:
			x.keepAlive()
			timer.Reset(max(x.settings.KeepAlive, betweenKeepAlives))
		}
	}
}

// keepAlive sends what clients of the dialect skip. If its client has gone, the request's
// context ends.
func (x *exchange) keepAlive() {
	if x.status == 0 {
		h := x.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-cache")
		x.WriteHeader(http.StatusOK)
	}
	text := ": queued\n\n" // a block of its own: some skip whatever is in one with a comment
	if x.face == anthropicFace {
		text = "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	}
	x.sendEvent([]byte(text))
}

// notAStream is the error of an answer to a call whose client has been promised a stream.
func notAStream() error {
	return dialect.BadAnswer("the provider answered a call for a stream in one piece; ask without stream")
}
