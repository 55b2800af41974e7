package observe

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Protocols of OTLP.
const (
	ProtocolHTTP = "http" // with protobuf
	ProtocolGRPC = "grpc"
)

// tracesPath is where collectors take traces by HTTP, unless the endpoint has a path.
const tracesPath = "/v1/traces"

// DefaultServiceName is how traces are called whose service has no name.
const DefaultServiceName = "bifrost"

// TracingOptions say where traces go.
type TracingOptions struct {
	Endpoint    string            // URL of the collector, such as http://127.0.0.1:4318; https means TLS
	Protocol    string            // ProtocolHTTP or ProtocolGRPC; empty: ProtocolHTTP
	Headers     map[string]string // sent to the collector; they may be secrets, and are in no log
	SampleRatio float64           // share of the traces that begin here, 0 to 1; those of callers are as they say
	ServiceName string            // empty: DefaultServiceName
	Version     string            // of the service; empty: none is told
	Logger      zerolog.Logger    // gets at most one warning a minute when the collector fails
}

// StartTracing returns a provider of tracers whose spans are sent to a collector in the
// background, in batches; it neither waits for the collector nor fails while that is not
// there. Spans that cannot be sent are dropped, as are those beyond 2048 that wait. The
// caller calls stop once, which sends what is left until its context ends, and returns
// an error if it could not. What OTEL_RESOURCE_ATTRIBUTES says is told of the service.
func StartTracing(ctx context.Context, o TracingOptions) (provider trace.TracerProvider, stop func(context.Context) error, err error) {
	if o.SampleRatio < 0 || o.SampleRatio > 1 {
		return nil, nil, fmt.Errorf("tracing: the sample ratio is %v; choose one from 0 to 1", o.SampleRatio)
	}
	client, err := o.client()
	if err != nil {
		return nil, nil, err
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, nil, fmt.Errorf("tracing: the exporter does not start; correct the endpoint: %w", err)
	}
	what, err := o.resource(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("tracing: the service cannot be described; correct OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	sdk := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&quietExporter{SpanExporter: exporter, log: o.Logger}),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.SampleRatio))),
		sdktrace.WithResource(what))
	return sdk, sdk.Shutdown, nil
}

func (o TracingOptions) client() (otlptrace.Client, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("tracing: the endpoint is no URL of a collector; write it as http://127.0.0.1:4318 or https://host")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	switch o.Protocol {
	case "", ProtocolHTTP:
		if strings.Trim(u.Path, "/") == "" {
			u.Path = tracesPath
		}
		return otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithHeaders(o.Headers),
			otlptracehttp.WithCompression(otlptracehttp.GzipCompression)), nil
	case ProtocolGRPC:
		return otlptracegrpc.NewClient(otlptracegrpc.WithEndpointURL(u.String()), otlptracegrpc.WithHeaders(o.Headers)), nil
	}
	return nil, fmt.Errorf("tracing: there is no protocol %q; choose %s or %s", o.Protocol, ProtocolHTTP, ProtocolGRPC)
}

func (o TracingOptions) resource(ctx context.Context) (*resource.Resource, error) {
	name := o.ServiceName
	if name == "" {
		name = DefaultServiceName
	}
	with := []resource.Option{resource.WithFromEnv(), resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(semconv.ServiceName(name))}
	if o.Version != "" {
		with = append(with, resource.WithAttributes(semconv.ServiceVersion(o.Version)))
	}
	return resource.New(ctx, with...)
}

// warnEvery is how often, at most, failed exports are logged.
const warnEvery = time.Minute

// quietExporter logs what the exporter cannot send, now and then: the library would
// write each failure to the standard error.
type quietExporter struct {
	sdktrace.SpanExporter
	log zerolog.Logger

	mu     sync.Mutex // guards what follows
	warned time.Time
	lost   int // spans since then
}

// ExportSpans implements the exporter. A failure is not told: the log has it.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if err == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost += len(spans)
	if now := time.Now(); e.warned.IsZero() || now.Sub(e.warned) >= warnEvery {
		e.log.Warn().Int("spans", e.lost).Str("error", withoutReply(err)).
			Msg("traces could not be sent; look at the collector, and at the tracing section of the configuration")
		e.warned, e.lost = now, 0
	}
	return nil
}

// withoutReply is an error's text without what the collector has replied, which is its
// own affair.
func withoutReply(err error) string {
	text, _, _ := strings.Cut(err.Error(), "body: ")
	return strings.TrimRight(text[:min(len(text), 200)], " (:")
}
