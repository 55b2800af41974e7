package gateway

import (
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traces reads W3C trace context.
var traces = propagation.TraceContext{}

// withTrace puts the trace that a request belongs to, by its traceparent and tracestate,
// into its context: hooks see it, and it goes with the request to another node. A span
// that is in the context already, of who wraps the gateway, has done so.
func withTrace(r *http.Request) *http.Request {
	if r.Header.Get(headerTraceparent) == "" || trace.SpanContextFromContext(r.Context()).IsValid() {
		return r
	}
	return r.WithContext(traces.Extract(r.Context(), propagation.HeaderCarrier(r.Header)))
}
