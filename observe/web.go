package observe

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Headers in which the gateway says whose an error is, and which.
const (
	headerOrigin = "X-Bifrost-Origin"
	headerCode   = "X-Bifrost-Code"
)

// headerRetry is where SDKs say which further attempt it is.
const headerRetry = "X-Stainless-Retry-Count"

// maxWebSeries bounds the series of HTTP requests, whatever a handler's routes are.
const maxWebSeries = 2000

// webRequest is what HTTP requests are counted by.
type webRequest struct {
	route, code string
	retry       string // as retryOf
	status      int
}

// webServed counts HTTP requests.
type webServed struct {
	inFlight atomic.Int64

	mu     sync.Mutex // guards what follows
	counts map[webRequest]uint64
}

func (s *webServed) end(w webRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[webRequest]uint64{}
	}
	if _, known := s.counts[w]; !known && len(s.counts) >= maxWebSeries {
		w = webRequest{route: otherRoute, status: w.status, retry: w.retry}
	}
	s.counts[w]++
}

func (s *webServed) snapshot() map[webRequest]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[webRequest]uint64, len(s.counts))
	for w, n := range s.counts {
		out[w] = n
	}
	return out
}

// otherRoute stands for requests that no route has taken.
const otherRoute = "other"

// Middleware counts the HTTP requests that a gateway answers, and makes a span of each,
// which continues the client's traceparent; what the request then asks of providers is
// below it. Probes (/healthz, /readyz) are neither counted nor traced. It adds nothing
// to how long next blocks.
func (r *Recorder) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/healthz" || req.URL.Path == "/readyz" {
			next.ServeHTTP(w, req)
			return
		}
		x := &webExchange{ResponseWriter: w, recorder: r, span: noop.Span{}, began: time.Now()}
		if r.traced {
			ctx := traceContext.Extract(req.Context(), propagation.HeaderCarrier(req.Header))
			ctx, x.span = r.tracer.Start(ctx, methodName(req.Method), trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(x.began))
			req = req.WithContext(ctx)
		}
		r.served.inFlight.Add(1)
		returned := false
		defer func() { x.end(req, returned) }()
		next.ServeHTTP(x, req)
		returned = true
	})
}

// webExchange sees the status of an answer.
type webExchange struct {
	http.ResponseWriter
	recorder *Recorder
	span     trace.Span
	began    time.Time
	status   int
	pattern  string // of the gateway's mux; empty: the request says it, or none has taken it
}

// SetRoute is for a handler whose mux sees a copy of the request: it tells its pattern.
func (x *webExchange) SetRoute(pattern string) { x.pattern = pattern }

// WriteHeader notes the status.
func (x *webExchange) WriteHeader(status int) {
	if x.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write notes that the status is 200 if none was given.
func (x *webExchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	return x.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (x *webExchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// statusClientClosed is counted where the client went before anything was sent.
const statusClientClosed = 499

func (x *webExchange) end(req *http.Request, returned bool) {
	x.recorder.served.inFlight.Add(-1)
	if x.status == 0 {
		x.status = http.StatusOK // what the server makes of it
		if req.Context().Err() != nil || !returned {
			x.status = statusClientClosed
		}
	}
	done := webRequest{route: routeOf(cmp.Or(x.pattern, req.Pattern)), status: x.status, retry: retryOf(req.Header)}
	origin := x.Header().Get(headerOrigin)
	if origin == "gateway" { // else the code may be a provider's own
		done.code = x.Header().Get(headerCode)
	}
	x.recorder.served.end(done)
	if x.span.IsRecording() {
		x.describe(req, done, origin, returned)
	}
	x.span.End()
}

// describe says on the span what the request was, without its path and query: those
// have names of models, ids, and sometimes a key.
func (x *webExchange) describe(req *http.Request, done webRequest, origin string, returned bool) {
	method := methodName(req.Method)
	x.span.SetAttributes(attribute.String("http.request.method", method), attrStatus.Int(done.status),
		attribute.String("url.scheme", schemeOf(req)), attribute.String("network.protocol.version", protocolOf(req)))
	if done.route != otherRoute {
		x.span.SetName(method + " " + done.route)
		x.span.SetAttributes(attribute.String("http.route", done.route))
	}
	if origin != "" {
		x.span.SetAttributes(attrOrigin.String(origin))
	}
	if done.code != "" {
		x.span.SetAttributes(attrCode.String(done.code))
	}
	kind := done.code
	if kind == "" {
		kind = strconv.Itoa(done.status)
	}
	switch {
	case req.Context().Err() != nil && done.status < 500:
		x.span.SetAttributes(attrErrorType.String("canceled"))
	case !returned: // an answer that broke off after its beginning
		x.span.SetAttributes(attrErrorType.String("aborted"))
		x.span.SetStatus(codes.Error, "aborted")
	case done.status >= 500:
		x.span.SetAttributes(attrErrorType.String(kind))
		x.span.SetStatus(codes.Error, kind)
	case done.status >= 400:
		x.span.SetAttributes(attrErrorType.String(kind))
	}
}

// routeOf is the path of a mux's pattern, as "POST /v1/chat/completions".
func routeOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" || pattern == "/" {
		return otherRoute
	}
	return pattern
}

// retryOf is a client's count of its attempts before this one, as far as it is told apart.
func retryOf(h http.Header) string {
	switch n, err := strconv.ParseUint(h.Get(headerRetry), 10, 16); {
	case err != nil || n == 0:
		return "0"
	case n <= 2:
		return strconv.FormatUint(n, 10)
	}
	return "3+"
}

// methodName is a method of HTTP's own; a caller may send any word.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	}
	return "HTTP"
}

func schemeOf(req *http.Request) string {
	if req.TLS != nil {
		return "https"
	}
	return "http"
}

func protocolOf(req *http.Request) string {
	return strings.TrimSuffix(strings.TrimPrefix(req.Proto, "HTTP/"), ".0")
}
