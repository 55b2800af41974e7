package admin_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/admin"
)

func TestEventsBringASnapshotAtOnceAndThenOnePerInterval(t *testing.T) {
	h := handlerOf(t, options())
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close() // the server waits for who watches
	n := 0
	for s, err := range admin.NewClient(server.URL, "", nil).Events(t.Context(), 250*time.Millisecond) {
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Providers) != 3 || s.Version != "1.2.3" {
			t.Errorf("got %+v", s)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d snapshots", n)
	}
}

func TestEventsAreServerSentEvents(t *testing.T) {
	h := handlerOf(t, options())
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	resp, err := http.Get(server.URL + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if kind := resp.Header.Get("Content-Type"); kind != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v", resp.Header)
	}
	r := bufio.NewReader(resp.Body)
	for _, want := range []string{"event: state\n", `data: {"at":`, "\n"} {
		if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("got %q, %v; want %q", line, err, want)
		}
	}
}

func TestCloseEndsTheEventsSoThatTheServerCanStop(t *testing.T) {
	h := handlerOf(t, options())
	server := httptest.NewServer(h)
	client := admin.NewClient(server.URL, "", nil)
	ended := make(chan error, 1)
	watching := make(chan struct{})
	go func() { // ends with the events
		var last error
		for _, err := range client.Events(context.Background(), time.Minute) {
			if last = err; err == nil {
				close(watching)
			}
		}
		ended <- last
	}()
	<-watching
	h.Close()
	server.Close()
	var gone *admin.UnreachableError
	if err := <-ended; !errors.As(err, &gone) {
		t.Errorf("got %v", err)
	}
	checkRefusal(t, ask(h, "GET", "/api/v1/events", ""), 503, "shutting_down", "try again")
	if got := ask(h, "GET", "/api/v1/state", ""); got.status != http.StatusOK {
		t.Errorf("other requests are answered after Close: %d", got.status)
	}
}

func TestOneViewerTooManyIsToldSo(t *testing.T) {
	h := handlerOf(t, options())
	server := httptest.NewServer(h)
	defer server.Close()
	defer h.Close()
	for range 64 {
		resp, err := http.Get(server.URL + "/api/v1/events?interval=1m")
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		defer resp.Body.Close()
	}
	_, err := firstOf(admin.NewClient(server.URL, "", nil).Events(t.Context(), time.Minute))
	var refused *admin.APIError
	if !errors.As(err, &refused) || refused.Code != "too_many_viewers" {
		t.Errorf("got %v", err)
	}
}

func TestAViewerThatDoesNotReadIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		local, remote := net.Pipe() // nothing is written until it is read
		defer remote.Close()
		h := admin.New(options())
		defer h.Close()
		began := time.Now()
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/api/v1/events", nil)
		h.ServeHTTP(&pipeWriter{Conn: local, header: http.Header{}}, r)
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it was let go after %v, want ten seconds", took)
		}
	})
}

// pipeWriter writes a body to a connection.
type pipeWriter struct {
	net.Conn
	header http.Header
}

func (p *pipeWriter) Header() http.Header { return p.header }
func (*pipeWriter) WriteHeader(int)       {}
func (*pipeWriter) Flush()                {}

func firstOf(events func(func(admin.State, error) bool)) (s admin.State, err error) {
	for s, err = range events {
		break
	}
	return s, err
}
