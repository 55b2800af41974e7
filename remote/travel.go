package remote

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/propagation"

	"bifrost/actors"
	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// traces writes and reads trace context as W3C's traceparent and tracestate.
var traces = propagation.TraceContext{}

// travel returns what of a context goes with a request to another node; nil if nothing.
func travel(ctx context.Context) *v1.Context {
	carrier := propagation.MapCarrier{}
	traces.Inject(ctx, carrier)
	m := &v1.Context{Traceparent: plain(carrier["traceparent"]), Tracestate: plain(carrier["tracestate"]),
		Tenant: plain(schemas.TenantOf(ctx)), Session: plain(schemas.SessionOf(ctx))}
	for _, kind := range actors.FallbackOn(ctx) {
		m.FallbackOn = append(m.FallbackOn, plain(string(kind)))
	}
	if m.Traceparent == "" && m.Tenant == "" && m.Session == "" && m.FallbackOn == nil {
		return nil
	}
	return m
}

// plain replaces what is no UTF-8, which no message can have: the engine would drop it.
func plain(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// arrive returns a context with what came with a request.
func arrive(ctx context.Context, m *v1.Context) context.Context {
	if m == nil {
		return ctx
	}
	if m.Traceparent != "" {
		ctx = traces.Extract(ctx, propagation.MapCarrier{"traceparent": m.Traceparent, "tracestate": m.Tracestate})
	}
	ctx = schemas.WithSession(schemas.WithTenant(ctx, m.Tenant), m.Session)
	if len(m.FallbackOn) == 0 {
		return ctx
	}
	kinds := make([]schemas.ErrorKind, len(m.FallbackOn))
	for i, kind := range m.FallbackOn {
		kinds[i] = schemas.ErrorKind(kind)
	}
	return actors.WithFallback(ctx, kinds)
}
