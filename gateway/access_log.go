package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"bifrost/internal/dialect"
	"bifrost/schemas"
)

// Fields of the log.
const (
	fieldRequestID = "request_id"
	fieldMethod    = "method"
	fieldRoute     = "route"
	fieldStatus    = "status"
	fieldCode      = "code" // of an error: X-Bifrost-Code
	fieldProvider  = "provider"
	fieldModel     = "model"
	fieldFallback  = "fallback" // which one answered, from 1; absent if none was needed
	fieldAttempts  = "attempts" // at who answered; absent if the first did
	fieldDuration  = "duration_ms"
	fieldBytes     = "bytes"
	fieldError     = "error"
	fieldPanic     = "panic"
	fieldStack     = "stack"
)

// maxLoggedModel bounds a model's name in the log: it is the caller's text.
const maxLoggedModel = 100

// finish ends an exchange: it answers a panic, and writes the log. It is deferred.
func (g *Gateway) finish(x *exchange) {
	fault := recover()
	if fault != nil && fault != http.ErrAbortHandler {
		g.logPanic(g.opts.Logger.Error().Str(fieldRequestID, x.id).Str(fieldRoute, x.r.Pattern), fault)
		if x.status == 0 {
			x.refuse(internalError())
			fault = nil
		}
	}
	g.logAccess(x)
	if fault != nil {
		panic(http.ErrAbortHandler) // the client must not take what it has for a whole answer
	}
}

func (g *Gateway) logAccess(x *exchange) {
	status := x.status
	if status == 0 || x.gone || x.broke != nil && x.left() {
		status = dialect.StatusClientClosed
	}
	line := g.opts.Logger.Info().Str(fieldRequestID, x.id).Str(fieldMethod, x.r.Method).Str(fieldRoute, x.r.Pattern).
		Int(fieldStatus, status).Dur(fieldDuration, time.Since(x.began)).Int64(fieldBytes, x.bytes)
	if x.provider != "" {
		line.Str(fieldProvider, x.provider).Str(fieldModel, bounded(x.model))
	}
	if x.fallback > 0 {
		line.Int(fieldFallback, x.fallback)
	}
	if x.attempts > 1 {
		line.Int(fieldAttempts, x.attempts)
	}
	if code := x.Header().Get(headerCode); code != "" {
		line.Str(fieldCode, code)
	}
	if x.broke != nil {
		line.Str(fieldError, kindOf(x.broke))
	}
	line.Msg("request")
}

func bounded(model string) string {
	if len(model) > maxLoggedModel {
		return model[:maxLoggedModel] + "…"
	}
	return model
}

// kindOf names an error without its text, which may be a provider's.
func kindOf(err error) string {
	var e *schemas.Error
	switch {
	case !errors.As(err, &e):
		return string(schemas.KindInternal)
	case e.Reason != "":
		return string(e.Reason)
	}
	return string(e.Kind)
}

// logPanic is called by who has recovered fault.
func (*Gateway) logPanic(line *zerolog.Event, fault any) {
	line.Str(fieldPanic, panicText(fault)).Bytes(fieldStack, debug.Stack()).Msg("a request has panicked")
}

// panicText names what a panic says only if the Go runtime says it: any other
// value may have content in it.
func panicText(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}
