package simulated_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"bifrost/providers/simulated"
	"bifrost/schemas"
)

// serve starts a server; when the test ends it has stopped, the upstream is at
// rest and no goroutine is left.
func serve(t *testing.T, cfg schemas.SimulationConfig) (*simulated.Upstream, *httptest.Server) {
	t.Helper()
	before := runtime.NumGoroutine()
	u := simulated.New(cfg)
	server := httptest.NewServer(u)
	t.Cleanup(func() {
		server.Client().CloseIdleConnections()
		server.Close() // waits for all handlers
		checkIdle(t, u)
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
	})
	return u, server
}

// eventually yields until ok, for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func post(ctx context.Context, t testing.TB, s *httptest.Server, body, simulate string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "POST", s.URL+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Simulate", simulate)
	return s.Client().Do(req)
}

func TestBothFacesGiveTheSameAnswer(t *testing.T) {
	_, server := serve(t, schemas.SimulationConfig{Seed: 4, Concurrency: 5})
	inProcess := simulated.New(schemas.SimulationConfig{Seed: 4, Concurrency: 5})
	for _, body := range []string{hello, helloStream, withTools(`"required"`, `"stream":true,`), "{"} {
		for _, simulate := range []string{"", "status=503,retry-after=3", "html", "cut=2", "stream-error=1"} {
			want := do(t, inProcess, chatCall(body, simulate))
			resp, err := post(t.Context(), t, server, body, simulate)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != want.status || timeless(t, string(got)) != timeless(t, want.body) {
				t.Errorf("%q: %d %s %v\nwant %d %s", simulate, resp.StatusCode, got, err, want.status, want.body)
			}
			for name := range want.header {
				if resp.Header.Get(name) != want.header.Get(name) {
					t.Errorf("%s: %q, want %q", name, resp.Header.Get(name), want.header.Get(name))
				}
			}
		}
	}
}

// timeless drops the time stamps, which are the wall clock's.
func timeless(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, `"created":`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text = strings.TrimLeft(rest, "0123456789")
	}
}

func TestEventsAreFlushedOneByOne(t *testing.T) {
	u, server := serve(t, schemas.SimulationConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := post(ctx, t, server, helloStream, "stall=3")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	reader := bufio.NewReader(resp.Body)
	for i := range 3 {
		event, err := readEvent(reader)
		if err != nil || !strings.HasPrefix(event, "data: {") {
			t.Fatalf("event %d: %q, %v", i, event, err)
		}
	}
	if s := u.Stats(); s.OpenStreams != 1 {
		t.Errorf("%+v", s)
	}
}

func TestDisconnectFreesThePlace(t *testing.T) {
	u, server := serve(t, schemas.SimulationConfig{Concurrency: 1, TokensPerSecond: 0.001})
	for i, simulate := range []string{"stall", "latency=1h", "stall=2", ""} {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() { // ends when the request is cancelled
			resp, err := post(ctx, t, server, helloStream, simulate)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			failed <- err
		}()
		eventually(t, "the call to arrive", func() bool { return u.Stats().Active == 1 })
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("%q: %v", simulate, err)
		}
		eventually(t, "the place to be free", func() bool { return u.Stats().Active == 0 })
		if s := u.Stats(); s.Canceled != uint64(i+1) {
			t.Errorf("%q: %+v", simulate, s)
		}
	}
}

func TestResetBreaksTheConnection(t *testing.T) {
	_, server := serve(t, schemas.SimulationConfig{})
	if resp, err := post(t.Context(), t, server, hello, "reset"); err == nil {
		resp.Body.Close()
		t.Errorf("reset was answered with %d", resp.StatusCode)
	}
	for _, simulate := range []string{"reset=0", "reset=3"} {
		resp, err := post(t.Context(), t, server, helloStream, simulate)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: the stream ended cleanly", simulate)
		}
		resp.Body.Close()
	}
}

func TestClientWhoSeesTheEndMayCallAgainOverHTTP(t *testing.T) {
	u, server := serve(t, schemas.SimulationConfig{Concurrency: 4})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for i := range 50 {
				body := hello
				if i%2 == 0 {
					body = helloStream
				}
				resp, err := post(t.Context(), t, server, body, "")
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 {
					t.Errorf("%d %v", resp.StatusCode, err)
				}
				resp.Body.Close()
			}
		})
	}
	clients.Wait()
	if s := u.Stats(); s.Succeeded != 200 || s.Limited != 0 || s.Peak > 4 {
		t.Errorf("%+v", s)
	}
}

func TestTooLargeBodyIsRefusedWith413(t *testing.T) {
	u := simulated.New(schemas.SimulationConfig{})
	recorder := httptest.NewRecorder()
	u.ServeHTTP(recorder, httptest.NewRequest("POST", "/v1/chat/completions", io.LimitReader(zeros{}, 64<<20+1)))
	a := answer{recorder.Code, recorder.Header(), recorder.Body.String()}
	if e := errorOf(t, a); a.status != 413 || e.Type != "invalid_request_error" {
		t.Errorf("%+v", a)
	}
	if s := checkIdle(t, u); s.Rejected != 1 {
		t.Errorf("%+v", s)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
