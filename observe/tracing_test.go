package observe_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"bifrost/observe"
)

func TestTracingRefusesWhatItCannotUse(t *testing.T) {
	for name, o := range map[string]observe.TracingOptions{
		"no endpoint":    {},
		"no URL":         {Endpoint: "collector:4318"},
		"other protocol": {Endpoint: "http://127.0.0.1:1", Protocol: "carrier pigeon"},
		"ratio":          {Endpoint: "http://127.0.0.1:1", SampleRatio: 2},
		"secret":         {Endpoint: "ftp://user:sk-secret@host/?key=sk-secret"},
	} {
		_, _, err := observe.StartTracing(t.Context(), o)
		if err == nil || !strings.HasPrefix(err.Error(), "tracing: ") || strings.Contains(err.Error(), "sk-") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// log is where many may write at once.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestACollectorThatFailsIsLoggedOnceAndHoldsUpNobody(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, secret, http.StatusBadRequest)
	}))
	defer refusing.Close()
	var lines log
	tracers, stop, err := observe.StartTracing(t.Context(), observe.TracingOptions{Endpoint: refusing.URL, SampleRatio: 1,
		Headers: map[string]string{"authorization": "sk-secret"}, Logger: zerolog.New(&lines)})
	if err != nil {
		t.Fatal(err)
	}
	tracer := tracers.Tracer("test")
	for range 5000 { // more than are kept; none of them waits
		_, span := tracer.Start(t.Context(), "x")
		span.End()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Error(err)
	}
	text := lines.String()
	if n := strings.Count(text, "\n"); n != 1 || strings.Contains(text, secret) || strings.Contains(text, "sk-") || !strings.Contains(text, "400 Bad Request") {
		t.Errorf("the log has %s", text)
	}
}

func TestTheEndOfTracingDoesNotWaitForACollectorThatHangs(t *testing.T) {
	free := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-free:
		}
	}))
	defer hanging.Close()
	defer close(free)
	tracers, stop, err := observe.StartTracing(t.Context(), observe.TracingOptions{Endpoint: hanging.URL, SampleRatio: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, span := tracers.Tracer("test").Start(t.Context(), "x")
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- stop(ctx) }() // ends when its context does
	if err := await(t, "the end", ended); err == nil {
		t.Error("what was left is said to be sent")
	}
}
