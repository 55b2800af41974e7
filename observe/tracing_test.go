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
	"bifrost/schemas"
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

// A span with text that is not UTF-8 cannot be written, and its whole batch is lost.
func TestAModelsNameThatIsNoTextCostsNoTrace(t *testing.T) {
	collector := sinkHTTP(t)
	tracers, stop, err := observe.StartTracing(t.Context(), observe.TracingOptions{Endpoint: collector.endpoint, SampleRatio: 1})
	if err != nil {
		t.Fatal(err)
	}
	client, _ := watched(t, observe.Options{Tracers: tracers}, map[string]schemas.Provider{"p": answering()})
	ask(t, client, 1, "p", "plain")
	ask(t, client, 1, "p", "\xff\xfe"+strings.Repeat("é", 1<<20))
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	trees := collector.trees()
	if len(trees) != 2 {
		t.Fatalf("%d traces have arrived, want 2", len(trees))
	}
	for _, spans := range trees {
		for _, s := range spans {
			if len(s.GetName()) > 200 || len(s.String()) > 4000 {
				t.Errorf("a span has the caller's whole text: %.300s", s)
			}
		}
	}
}
