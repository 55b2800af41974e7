package observe_test

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// sink is a collector of traces, by HTTP or gRPC.
type sink struct {
	collectorpb.UnimplementedTraceServiceServer

	endpoint string

	mu       sync.Mutex
	spans    []*tracepb.Span
	resource map[string]string
	token    string // the header authorization of the last export
}

func (s *sink) keep(req *collectorpb.ExportTraceServiceRequest, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
	for _, r := range req.GetResourceSpans() {
		s.resource = map[string]string{}
		for _, a := range r.GetResource().GetAttributes() {
			s.resource[a.GetKey()] = a.GetValue().GetStringValue()
		}
		for _, scope := range r.GetScopeSpans() {
			s.spans = append(s.spans, scope.GetSpans()...)
		}
	}
}

// Export implements the service of gRPC.
func (s *sink) Export(ctx context.Context, req *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	token := ""
	if md, ok := metadata.FromIncomingContext(ctx); ok && len(md["authorization"]) > 0 {
		token = md["authorization"][0]
	}
	s.keep(req, token)
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

// ServeHTTP takes traces by HTTP.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, "no gzip", http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	data, err := io.ReadAll(body)
	var req collectorpb.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(data, &req) != nil {
		http.Error(w, "no traces", http.StatusBadRequest)
		return
	}
	s.keep(&req, r.Header.Get("Authorization"))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func sinkHTTP(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.endpoint = server.URL
	return s
}

func sinkGRPC(t *testing.T) *sink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{endpoint: "http://" + listener.Addr().String()}
	server := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(server, s)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }() // ends when the server stops
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// trees returns what has arrived, by trace.
func (s *sink) trees() map[string][]*tracepb.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]*tracepb.Span{}
	for _, span := range s.spans {
		id := string(span.GetTraceId())
		out[id] = append(out[id], span)
	}
	return out
}
