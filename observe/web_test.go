package observe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"bifrost/observe"
	"bifrost/schemas"
)

// statusHandler answers with a status.
func statusHandler(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

func TestHTTPRequestsAreCountedByRouteStatusAndCode(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering()})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/files/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /refused", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bifrost-Origin", "gateway")
		w.Header().Set("X-Bifrost-Code", "queue_full")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.HandleFunc("GET /upstream", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Bifrost-Origin", "upstream")
		w.Header().Set("X-Bifrost-Code", "a provider's own words")
		w.WriteHeader(http.StatusBadGateway)
	})
	mux.HandleFunc("GET /text", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	mux.Handle("GET /healthz", statusHandler(200))
	handler := recorder.Middleware(mux)
	for _, call := range []string{"POST /v1/files/1", "POST /v1/files/2", "GET /refused", "GET /upstream", "GET /text", "GET /healthz", "GET /what"} {
		method, path, _ := strings.Cut(call, " ")
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	want := `
# HELP bifrost_http_requests_in_flight HTTP requests that are being answered.
# TYPE bifrost_http_requests_in_flight gauge
bifrost_http_requests_in_flight 0
# HELP bifrost_http_requests_total HTTP requests that were answered, by the gateway's route and the status; code is that of an error of the gateway's own, else empty.
# TYPE bifrost_http_requests_total counter
bifrost_http_requests_total{code="",route="/text",status="200"} 1
bifrost_http_requests_total{code="",route="/upstream",status="502"} 1
bifrost_http_requests_total{code="",route="/v1/files/{id}",status="200"} 2
bifrost_http_requests_total{code="",route="other",status="404"} 1
bifrost_http_requests_total{code="queue_full",route="/refused",status="503"} 1
`
	err := testutil.CollectAndCompare(recorder.Collector(client), strings.NewReader(want), "bifrost_http_requests_total", "bifrost_http_requests_in_flight")
	if err != nil {
		t.Error(err)
	}
}

func TestTheMiddlewareLeavesTheWriterWhatItCan(t *testing.T) {
	recorder := observe.NewRecorder(observe.Options{})
	faults := make(chan error, 2)
	server := httptest.NewServer(recorder.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		faults <- control.SetWriteDeadline(time.Now().Add(time.Minute))
		faults <- control.Flush()
	})))
	defer server.Close()
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for range 2 {
		if err := await(t, "the handler", faults); err != nil {
			t.Error(err)
		}
	}
}

func TestAPanicPassesTheMiddlewareAndIsCounted(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering()})
	handler := recorder.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	func() {
		defer func() {
			if fault := recover(); fault != http.ErrAbortHandler {
				t.Errorf("the panic became %v", fault)
			}
		}()
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/x", nil))
	}()
	if n := testutil.CollectAndCount(recorder.Collector(client), "bifrost_http_requests_total"); n != 1 {
		t.Errorf("%d series", n)
	}
}
