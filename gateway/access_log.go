package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/trace"

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
	fieldClient    = "client"
	fieldInput     = "input_tokens" // as the provider has counted them
	fieldOutput    = "output_tokens"
	fieldWaited    = "waited_ms"        // in the mailbox; absent if it was not queued
	fieldFirst     = "first_content_ms" // from the offer to the mailbox
	fieldRetry     = "retry"            // which attempt of the client's SDK, from 1; absent at the first
	fieldTrace     = "trace_id"
	fieldAsked     = "request_content" // for clients with LogContent only
	fieldAnswered  = "answer_content"
	fieldPanic     = "panic"
	fieldStack     = "stack"
)

// maxLoggedModel bounds a model's name in the log: it is the caller's text.
const maxLoggedModel = 100

// finish ends an exchange: it answers a panic, and writes the log. It is deferred.
func (g *Gateway) finish(x *exchange) {
	fault := recover()
	if fault != nil && fault != http.ErrAbortHandler {
		g.logPanic(x.settings.Logger.Error().Str(fieldRequestID, x.id).Str(fieldRoute, x.r.Pattern), fault)
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
	if !x.settings.AccessLog.wants(x.id, status, x.broke) {
		return
	}
	line := x.settings.Logger.Info().Str(fieldRequestID, x.id).Str(fieldMethod, x.r.Method).Str(fieldRoute, x.r.Pattern).
		Int(fieldStatus, status).Dur(fieldDuration, time.Since(x.began)).Int64(fieldBytes, x.bytes)
	if x.member != nil {
		line.Str(fieldClient, x.member.Name)
	}
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
	x.logMeasures(line)
	x.logContent(line)
	line.Msg("request")
}

// logMeasures adds what is known of the answer and of the request's place among others.
func (x *exchange) logMeasures(line *zerolog.Event) {
	if in, out := x.tokens(); in+out > 0 {
		line.Int(fieldInput, in).Int(fieldOutput, out)
	}
	if x.waited > 0 {
		line.Dur(fieldWaited, x.waited)
	}
	if x.firstContent > 0 {
		line.Dur(fieldFirst, x.firstContent)
	}
	if n, err := strconv.ParseUint(x.r.Header.Get(headerRetryCount), 10, 16); err == nil && n > 0 {
		line.Uint64(fieldRetry, n)
	}
	if span := trace.SpanContextFromContext(x.r.Context()); span.HasTraceID() {
		line.Str(fieldTrace, span.TraceID().String())
	}
}

// logContent adds what was said, for a client whose content may be logged. The keys that
// it has shown are masked.
func (x *exchange) logContent(line *zerolog.Event) {
	if x.content == nil {
		return
	}
	asked, answered := x.content.asked, x.content.answered
	for _, key := range x.keys {
		asked, answered = dialect.MaskedBody(asked, key), dialect.MaskedBody(answered, key)
	}
	line.Bytes(fieldAsked, valid(asked)).Bytes(fieldAnswered, valid(answered))
}

func valid(text []byte) []byte { return bytes.ToValidUTF8(text, []byte("\uFFFD")) }

// wants reports whether a request is logged that ended in that way.
func (a *AccessLog) wants(id string, status int, broke error) bool {
	switch {
	case a == nil:
		return true
	case !a.Enabled:
		return false
	case status >= 400 || broke != nil || a.Sample >= 1:
		return true
	}
	sum := sha256.Sum256([]byte(id))
	return float64(binary.BigEndian.Uint64(sum[:])) < a.Sample*math.MaxUint64
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
