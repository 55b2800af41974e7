package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"bifrost"
	"bifrost/gateway"
	"bifrost/schemas"
)

func TestAFullProviderInDropModeIs503QueueFullWithRetryAfter(t *testing.T) {
	p, release, calls := holding()
	account := schemas.StaticAccount{"fake": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}}
	s := serve(t, schemas.BifrostConfig{Account: account, DropExcessRequests: true}, gateway.Options{}, bifrost.WithProvider("fake", p))
	first := s.start(t.Context(), t)
	await(t, "the call", calls)
	second := s.start(t.Context(), t)
	eventually(t, "a full mailbox", func() bool { return s.bifrost.Stats().Providers["fake"].Queued == 1 })
	got := s.post(t, chatPath, goodChat)
	wantError{status: 503, code: "queue_full", kind: "server_error"}.check(t, got)
	checkRetryAfter(t, got.header)
	if got.header.Get("X-Bifrost-Provider") != "fake" {
		t.Errorf("headers are %v", got.header)
	}
	close(release)
	for _, accepted := range []<-chan received{first, second} {
		if got := await(t, "an accepted request", accepted); got.status != 200 {
			t.Errorf("got %d %s", got.status, got.body)
		}
	}
}

func checkRetryAfter(t *testing.T, h http.Header) {
	t.Helper()
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err != nil || seconds < 1 || seconds > 59 {
		t.Errorf("Retry-After is %q, want 1 to 59", h.Get("Retry-After"))
	}
}

func TestADrainingGatewayIsNotReadyAndRefusesButFinishesWhatItHas(t *testing.T) {
	p, release, calls := holding()
	s := serveFake(t, p)
	first := s.start(t.Context(), t)
	await(t, "the call", calls)
	s.gateway.Drain()
	s.gateway.Drain()
	for _, r := range []*http.Request{s.request(t, "POST", chatPath, goodChat), s.request(t, "GET", "/v1/models", "")} {
		got := s.do(t, r)
		wantError{status: 503, code: "draining", kind: "server_error"}.check(t, got)
		// The client's transport takes Connection: close out of the header.
		if got.header.Get("Retry-After") != "1" {
			t.Errorf("headers are %v", got.header)
		}
	}
	if got := s.get(t, "/readyz"); got.status != 503 || !strings.Contains(got.body, `"status":"draining"`) {
		t.Errorf("readiness is %d %s", got.status, got.body)
	}
	if got := s.get(t, "/healthz"); got.status != 200 {
		t.Errorf("health is %d", got.status)
	}
	close(release)
	if got := await(t, "the accepted request", first); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

func TestARefusalWhileDrainingClosesTheConnection(t *testing.T) {
	s := serveFake(t, always(answer))
	s.gateway.Drain()
	w := httptest.NewRecorder()
	s.gateway.ServeHTTP(w, httptest.NewRequest("POST", chatPath, strings.NewReader(goodChat)))
	if w.Code != 503 || w.Header().Get("Connection") != "close" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
}

// TestBoundsAreExactOverHTTP is the acceptance test of exactness over HTTP, with
// real sockets on both sides of the gateway.
func TestBoundsAreExactOverHTTP(t *testing.T) {
	const callers, concurrency, buffer = 2000, 10, 100
	var active, peak, served atomic.Int64
	release := make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := active.Add(1)
		defer active.Add(-1)
		for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
		}
		served.Add(1)
		<-release
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	defer upstream.Close()
	account := schemas.StaticAccount{"fake": {Config: schemas.ProviderConfig{Type: "openai",
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: concurrency, BufferSize: buffer},
		NetworkConfig:            schemas.NetworkConfig{BaseURL: upstream.URL}}}}
	s := serve(t, schemas.BifrostConfig{Account: account, DropExcessRequests: true}, gateway.Options{})
	s.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = callers

	answers := make(chan received, callers)
	for range callers {
		one := s.start(t.Context(), t)
		go func() { answers <- <-one }() // ends with its answer
	}
	statuses := map[int]int{}
	note := func() {
		got := await(t, "an answer; "+strconv.Itoa(len(answers))+" are left", answers)
		statuses[got.status]++
		switch {
		case got.err != nil:
			t.Errorf("a caller got no answer: %v", got.err)
		case got.status == 503:
			if got.header.Get("X-Bifrost-Code") != "queue_full" {
				t.Errorf("refused as %s", got.header.Get("X-Bifrost-Code"))
			}
			checkRetryAfter(t, got.header)
		case got.status != 200:
			t.Errorf("a caller got %d %s", got.status, got.body)
		}
	}
	for range callers - concurrency - buffer { // the upstream holds all others
		note()
	}
	if offered := s.bifrost.Stats().Providers["fake"].Offered; statuses[503] != callers-concurrency-buffer || offered < uint64(statuses[503]) {
		t.Errorf("while the upstream holds its answers: %v of %d offered", statuses, offered)
	}
	eventually(t, "all callers to be offered", func() bool { return s.bifrost.Stats().Providers["fake"].Offered == callers })
	close(release)
	for range concurrency + buffer {
		note()
	}
	if statuses[200] != concurrency+buffer || statuses[503] != callers-concurrency-buffer {
		t.Errorf("got %v, want %d and %d", statuses, concurrency+buffer, callers-concurrency-buffer)
	}
	if peak.Load() != concurrency || served.Load() != concurrency+buffer {
		t.Errorf("the upstream saw %d calls, %d at once", served.Load(), peak.Load())
	}
}

func TestACallerThatWaitedQueueTimeoutForAPlaceIs503QueueTimeout(t *testing.T) {
	p, release, calls := holding()
	account := schemas.StaticAccount{"fake": {Config: schemas.ProviderConfig{QueueTimeout: 20e6,
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}}}
	s := serve(t, schemas.BifrostConfig{Account: account}, gateway.Options{}, bifrost.WithProvider("fake", p))
	first := s.start(context.Background(), t)
	await(t, "the call", calls)
	second := s.start(context.Background(), t)
	eventually(t, "a full mailbox", func() bool { return s.bifrost.Stats().Providers["fake"].Queued == 1 })
	got := s.post(t, chatPath, goodChat) // waits for a place, in vain
	wantError{status: 503, code: "queue_timeout", kind: "server_error"}.check(t, got)
	checkRetryAfter(t, got.header)
	close(release)
	await(t, "the first answer", first)
	await(t, "the second answer", second)
}
