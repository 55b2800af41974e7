package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering serves one status at /healthz and 200 at /readyz.
func answering(status int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	return mux
}

func TestHealthIsOkWhenTheGatewayAnswersWith200(t *testing.T) {
	server := httptest.NewServer(answering(http.StatusOK))
	defer server.Close()
	for _, address := range []string{server.URL, server.URL + "/", server.URL + "/healthz", server.URL + "/readyz"} {
		if got := execute(t, "health", address); got.err != nil || got.stdout != "ok\n" {
			t.Errorf("%s: got %+v", address, got)
		}
	}
}

func TestHealthFailsOnAnyOtherStatus(t *testing.T) {
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusNotFound, http.StatusNoContent, http.StatusFound} {
		server := httptest.NewServer(answering(status))
		if got := execute(t, "health", server.URL); got.err == nil || got.stdout != "" || !strings.Contains(got.stderr, "not 200") {
			t.Errorf("%d: got %+v", status, got)
		}
		server.Close()
	}
}

func TestHealthFailsWhereNobodyListens(t *testing.T) {
	server := httptest.NewServer(answering(http.StatusOK))
	server.Close()
	if got := execute(t, "health", server.URL); got.err == nil || !strings.Contains(got.stderr, "is a gateway listening there?") {
		t.Errorf("got %+v", got)
	}
}

func TestHealthWaitsNoLongerThanItsTimeout(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}))
	defer server.Close()
	got := execute(t, "health", server.URL, "--timeout", "50ms")
	if got.err == nil || !strings.Contains(got.stderr, "has not answered within 50ms") {
		t.Errorf("got %+v", got)
	}
}

func TestHealthVerifiesCertificatesUnlessToldOtherwise(t *testing.T) {
	server := httptest.NewTLSServer(answering(http.StatusOK))
	defer server.Close()
	if got := execute(t, "health", server.URL); got.err == nil || !strings.Contains(got.stderr, "certificate") {
		t.Errorf("got %+v", got)
	}
	if got := execute(t, "health", "--insecure", server.URL); got.err != nil {
		t.Errorf("got %+v", got)
	}
}

func TestHealthRefusesWhatIsNoURLWithoutRepeatingIt(t *testing.T) {
	for _, address := range []string{"127.0.0.1:8080", "ftp://sk-secret@host", "http://", "%"} {
		got := execute(t, "health", address)
		if got.err == nil || strings.Contains(got.stderr, "secret") {
			t.Errorf("%q: got %+v", address, got)
		}
	}
}
