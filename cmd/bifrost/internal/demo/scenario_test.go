package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/config"
	"bifrost/gateway"
	"bifrost/schemas"
)

// inProcess is a gateway as a Doer, so that it runs in virtual time.
type inProcess struct{ handler http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	body, into := io.Pipe()
	w := &pipeWriter{header: http.Header{}, into: into, begun: make(chan struct{})}
	r.RequestURI = r.URL.RequestURI()
	go func() { // ends with the handler
		p.handler.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		into.Close()
	}()
	stop := context.AfterFunc(r.Context(), func() { body.CloseWithError(r.Context().Err()) })
	<-w.begun
	return &http.Response{StatusCode: w.status, Header: w.sent, Body: bodyOf{body, stop}}, nil
}

type bodyOf struct {
	*io.PipeReader
	stop func() bool
}

func (b bodyOf) Close() error { b.stop(); return b.PipeReader.Close() }

// pipeWriter is the response of one request.
type pipeWriter struct {
	header, sent http.Header
	status       int
	into         *io.PipeWriter
	begun        chan struct{} // closed when the header is there
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

func (w *pipeWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.into.Write(p)
}

// second is what is seen of one second of the demonstration.
type second map[string]bifrost.ProviderStats

// play runs the demonstration's gateway and load for a while in virtual time, and returns
// what was seen at each second.
func play(t *testing.T, lasting time.Duration, rate float64) (seen []second, n Counts, w *Waits) {
	t.Helper()
	file, err := config.Parse(FileName, []byte(File()), config.TOML)
	if err != nil {
		t.Fatal(err)
	}
	w = new(Waits)
	client, err := bifrost.Init(file.Bifrost, bifrost.WithHooks(w.Hook()))
	if err != nil {
		t.Fatal(err)
	}
	l, end := begin(t, Options{Rate: rate, Targets: Targets(), Doer: inProcess{gateway.New(client, gateway.Options{})}})
	for range int(lasting / time.Second) {
		time.Sleep(time.Second)
		seen = append(seen, client.Stats().Providers)
	}
	n = l.Counts()
	end()
	if err := client.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	return seen, n, w
}

// most returns the greatest figure that was seen of a provider.
func most(seen []second, provider string, of func(bifrost.ProviderStats) int) int {
	n := 0
	for _, s := range seen {
		n = max(n, of(s[provider]))
	}
	return n
}

func queued(p bifrost.ProviderStats) int  { return p.Queued }
func waiting(p bifrost.ProviderStats) int { return p.Waiting }

func TestTheDemonstrationShowsMailboxesThatFillAndDrainAndDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen, n, w := play(t, 90*time.Second, DefaultRate)
		last := seen[len(seen)-1]

		if s := last["steady"]; len(s.Refused) != 0 || s.Failed != 0 || most(seen, "steady", queued) > s.BufferSize/2 {
			t.Errorf("steady is not healthy: %+v", s)
		}
		if s := last["limited"]; s.Refused[schemas.ReasonQueueFull] == 0 || most(seen, "limited", queued) < s.BufferSize/2 {
			t.Errorf("limited drops nothing: %+v", s)
		}
		outage := seen[8:30]
		if s := last["flaky"]; most(outage, "flaky", queued) != s.BufferSize || most(outage, "flaky", waiting) < 10 || s.Failed == 0 {
			t.Errorf("the outage of flaky does not fill its mailbox: %+v", s)
		}
		if n := most(seen[40:50], "flaky", queued); n > 5 {
			t.Errorf("the mailbox of flaky does not drain: %d", n)
		}

		checkSum(t, n)
		if n.Answered < n.Sent*3/4 || n.Refused == 0 || n.Held != 0 {
			t.Errorf("the load saw %+v", n)
		}
		if p50, p95 := w.Percentile(0.5), w.Percentile(0.95); p50 > time.Second || p95 < p50 || p95 > 20*time.Second {
			t.Errorf("half of the requests waited %v, 95%% of them %v", p50, p95)
		}
	})
}

func TestMoreLoadThanItTakesFillsTheMailboxOfTheHealthyProviderToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen, n, _ := play(t, 30*time.Second, 120)
		if s := seen[29]["steady"]; most(seen, "steady", queued) != s.BufferSize || most(seen, "steady", waiting) == 0 {
			t.Errorf("%+v", s)
		}
		checkSum(t, n)
	})
}

func TestTheDemonstrationsFileHasTheProvidersThatTheLoadAsks(t *testing.T) {
	file, err := config.Parse(FileName, []byte(File()), config.TOML)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, target := range Targets() {
		name, _, _ := strings.Cut(target.Model, "/")
		asked[name] = true
		if want := fmt.Sprintf("%v of %s", target.Weight, name); !strings.Contains(File(), want) {
			t.Errorf("the file does not say %q", want)
		}
	}
	for _, p := range file.Providers {
		if !asked[p.Name] || p.Config.Type != "simulated" {
			t.Errorf("%s, of type %s, is in the file and is not asked", p.Name, p.Config.Type)
		}
		delete(asked, p.Name)
	}
	for _, s := range Scenes() {
		if !strings.Contains(File(), "[providers."+s.Provider+"]") || s.Text == "" {
			t.Errorf("the scene of %q is %q", s.Provider, s.Text)
		}
	}
	if len(asked) != 0 {
		t.Errorf("the file lacks %v", asked)
	}
}
