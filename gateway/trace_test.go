package gateway_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestTheTraceOfARequestIsInItsContext(t *testing.T) {
	seen := make(chan trace.SpanContext, 1)
	hook := schemas.Hook{BeforeRequest: func(ctx context.Context, _ *schemas.HookCall) (*schemas.Response, error) {
		seen <- trace.SpanContextFromContext(ctx)
		return nil, nil
	}}
	s := serve(t, schemas.BifrostConfig{}, gateway.Options{}, bifrost.WithProvider("fake", always(answer)), bifrost.WithHooks(hook))
	for header, want := range map[string]string{
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": "0af7651916cd43dd8448eb211c80319c",
		"no trace": "00000000000000000000000000000000",
	} {
		if got := s.post(t, chatPath, goodChat, "Traceparent", header); got.status != 200 {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if got := (<-seen).TraceID().String(); got != want {
			t.Errorf("of %q: got trace %s, want %s", header, got, want)
		}
	}
}
