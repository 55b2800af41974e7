package observe

import (
	"context"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"bifrost/schemas"
)

// traceContext writes and reads W3C's traceparent and tracestate.
var traceContext = propagation.TraceContext{}

// Attributes of the GenAI semantic conventions. Their module has no Go package any more.
const (
	attrOperation       = attribute.Key("gen_ai.operation.name")
	attrProviderName    = attribute.Key("gen_ai.provider.name")
	attrRequestModel    = attribute.Key("gen_ai.request.model")
	attrRequestStream   = attribute.Key("gen_ai.request.stream")
	attrResponseModel   = attribute.Key("gen_ai.response.model")
	attrFirstChunk      = attribute.Key("gen_ai.response.time_to_first_chunk") // seconds
	attrInputTokens     = attribute.Key("gen_ai.usage.input_tokens")           // with the cached ones
	attrOutputTokens    = attribute.Key("gen_ai.usage.output_tokens")
	attrCacheRead       = attribute.Key("gen_ai.usage.cache_read.input_tokens")
	attrReasoningTokens = attribute.Key("gen_ai.usage.reasoning.output_tokens")

	attrErrorType = attribute.Key("error.type")
	attrStatus    = attribute.Key("http.response.status_code")
)

// Attributes of our own.
const (
	attrProvider = attribute.Key("bifrost.provider")   // its name in the configuration
	attrModel    = attribute.Key("bifrost.model")      // of a request, which may become several attempts
	attrKind     = attribute.Key("bifrost.operation")  // as the metrics' label operation
	attrClient   = attribute.Key("bifrost.client")     // the gateway's client
	attrWait     = attribute.Key("bifrost.queue.wait") // seconds
	attrReason   = attribute.Key("bifrost.reason")     // of a refusal
	attrAttempt  = attribute.Key("bifrost.attempt")    // 1 for the first
	attrKey      = attribute.Key("bifrost.key")        // the key's name
	attrOrigin   = attribute.Key("bifrost.origin")     // of an error: gateway or upstream
	attrCode     = attribute.Key("bifrost.code")       // of an error, as X-Bifrost-Code
)

// wellKnown are the names that the conventions have for providers which we call
// otherwise.
var wellKnown = map[string]string{
	"azure":    "azure.ai.openai",
	"bedrock":  "aws.bedrock",
	"gemini":   "gcp.gemini",
	"vertex":   "gcp.vertex_ai",
	"mistral":  "mistral_ai",
	"xai":      "x_ai",
	"cohere":   "cohere",
	"deepseek": "deepseek",
}

func wellKnownName(provider string) string {
	if name := wellKnown[provider]; name != "" {
		return name
	}
	return provider
}

// startRequest begins the span of a request to a provider, below whatever span the
// context has.
func (r *Recorder) startRequest(ctx context.Context, f *flight, call *schemas.HookCall) trace.Span {
	if !r.traced {
		return noop.Span{}
	}
	_, span := r.tracer.Start(ctx, "request "+call.Provider, trace.WithTimestamp(f.began))
	if !span.IsRecording() {
		return span
	}
	span.SetAttributes(attrProvider.String(call.Provider), attrKind.String(f.op.name))
	if call.Request.Model != "" {
		span.SetAttributes(attrModel.String(boundedName(call.Request.Model)))
	}
	if f.tenant != "" {
		span.SetAttributes(attrClient.String(f.tenant))
	}
	return span
}

func (r *Recorder) endRequest(e *ending, call *schemas.HookCall) {
	if !e.span.IsRecording() {
		e.span.End()
		return
	}
	e.span.SetAttributes(attrWait.Float64(e.waited.Seconds()))
	if e.outcome == refused {
		e.span.SetAttributes(attrReason.String(string(e.fault.Reason)))
	}
	endSpan(e.span, e.fault, e.outcome, trace.WithTimestamp(e.at))
}

// startAttempt begins the span of one try, and has the provider told of it.
func (r *Recorder) startAttempt(ctx context.Context, f *flight, call *schemas.HookCall) {
	name := f.op.genAI
	if call.Request.Model != "" {
		name += " " + boundedName(call.Request.Model)
	}
	ctx, span := r.tracer.Start(trace.ContextWithSpan(ctx, f.span), name, trace.WithSpanKind(trace.SpanKindClient))
	if span.IsRecording() {
		span.SetAttributes(attemptAttributes(f, call)...)
	}
	if call.Header == nil {
		call.Header = make(http.Header, 1)
	}
	traceContext.Inject(ctx, propagation.HeaderCarrier(call.Header))
	call.State = span
}

func attemptAttributes(f *flight, call *schemas.HookCall) []attribute.KeyValue {
	out := []attribute.KeyValue{attrOperation.String(f.op.genAI), attrProviderName.String(wellKnownName(call.Provider)),
		attrProvider.String(call.Provider), attrAttempt.Int(call.Attempt)}
	if call.Request.Model != "" {
		out = append(out, attrRequestModel.String(boundedName(call.Request.Model)))
	}
	if f.op.streams {
		out = append(out, attrRequestStream.Bool(true))
	}
	if call.KeyName != "" {
		out = append(out, attrKey.String(call.KeyName))
	}
	return out
}

// endAttempt ends the span of one try.
func endAttempt(ctx context.Context, span trace.Span, call *schemas.HookCall, resp *schemas.Response, err error) {
	if !span.IsRecording() {
		span.End()
		return
	}
	if resp != nil && resp.Chat != nil && resp.Chat.Model != "" {
		span.SetAttributes(attrResponseModel.String(boundedName(resp.Chat.Model)))
	}
	if f, ok := call.Parent.(*flight); ok && f.op.streams && call.FirstContent > 0 {
		span.SetAttributes(attrFirstChunk.Float64(call.FirstContent.Seconds()))
	}
	if u := call.Usage; u != nil {
		span.SetAttributes(usageAttributes(u)...)
	}
	fault := faultOf(err)
	if fault != nil && fault.StatusCode != 0 {
		span.SetAttributes(attrStatus.Int(fault.StatusCode))
	}
	endSpan(span, fault, outcomeOf(ctx, fault))
}

func usageAttributes(u *schemas.Usage) []attribute.KeyValue {
	out := []attribute.KeyValue{attrInputTokens.Int(u.PromptTokens), attrOutputTokens.Int(u.CompletionTokens)}
	if d := u.PromptTokensDetails; d != nil && d.CachedTokens > 0 {
		out = append(out, attrCacheRead.Int(d.CachedTokens))
	}
	if d := u.CompletionTokensDetails; d != nil && d.ReasoningTokens > 0 {
		out = append(out, attrReasoningTokens.Int(d.ReasoningTokens))
	}
	return out
}

// endSpan ends a span with what became of its request. That a caller has gone is no
// error of anybody's.
func endSpan(span trace.Span, fault *schemas.Error, what outcome, opts ...trace.SpanEndOption) {
	if fault != nil {
		span.SetAttributes(attrErrorType.String(errorType(fault)))
	}
	switch what {
	case failed:
		span.SetStatus(codes.Error, string(fault.Kind))
	case refused:
		span.SetStatus(codes.Error, string(fault.Reason))
	case completed, cancelled:
	}
	span.End(opts...)
}

// errorType names an error by its reason, the provider's status, or its kind.
func errorType(e *schemas.Error) string {
	switch {
	case e.Reason != "":
		return string(e.Reason)
	case e.StatusCode != 0:
		return strconv.Itoa(e.StatusCode)
	}
	return string(e.Kind)
}
