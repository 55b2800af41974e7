package observe_test

import (
	"io"
	"maps"
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
# HELP bifrost_http_requests_total HTTP requests that were answered, by the gateway's route and the status; code is that of an error of the gateway's own, else empty; retry says which further attempt of the client's SDK it was: 0 for none, 1, 2, or 3+.
# TYPE bifrost_http_requests_total counter
bifrost_http_requests_total{code="",retry="0",route="/text",status="200"} 1
bifrost_http_requests_total{code="",retry="0",route="/upstream",status="502"} 1
bifrost_http_requests_total{code="",retry="0",route="/v1/files/{id}",status="200"} 2
bifrost_http_requests_total{code="",retry="0",route="other",status="404"} 1
bifrost_http_requests_total{code="queue_full",retry="0",route="/refused",status="503"} 1
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

func TestHTTPRequestsAreCountedByTheAttemptOfTheSDK(t *testing.T) {
	client, recorder := watched(t, observe.Options{}, map[string]schemas.Provider{"p": answering()})
	handler := recorder.Middleware(statusHandler(429))
	for _, count := range []string{"", "0", "1", "2", "3", "65535", "99999999999999999999", "-1", "a caller's own words"} {
		r := httptest.NewRequest("POST", "/v1/chat/completions", nil)
		r.Header.Set("X-Stainless-Retry-Count", count)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	got := map[string]float64{}
	for _, m := range gather(t, recorder.Collector(client))["bifrost_http_requests_total"] {
		for _, l := range m.GetLabel() {
			if l.GetName() == "retry" {
				got[l.GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	if want := map[string]float64{"0": 5, "1": 1, "2": 1, "3+": 2}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
