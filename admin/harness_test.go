package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/actors"
	"bifrost/admin"
	"bifrost/observe"
	"bifrost/pool"
	"bifrost/schemas"
)

var _ admin.Runtime = (*bifrost.Client)(nil)

// runtime is a client that is as the test says.
type runtime struct {
	stats   bifrost.Stats
	workers []bifrost.WorkerState
}

func (r *runtime) Providers() []string { return []string{"elsewhere", "limited", "steady"} }

func (r *runtime) Info(provider string) (schemas.ProviderInfo, bool) {
	return schemas.ProviderInfo{Type: "simulated"}, provider != "elsewhere"
}

func (r *runtime) Stats() bifrost.Stats { return r.stats }

func (r *runtime) Workers(provider string) ([]bifrost.WorkerState, bool) {
	return r.workers, provider != "elsewhere"
}

// recorder has seen the same of every provider.
type recorder struct{}

func (recorder) Window(string) observe.Window {
	return observe.Window{Latency: observe.Percentiles{Count: 3, P50: 1500 * time.Microsecond}, RequestsPerSecond: 7}
}

func (recorder) Failures(provider string) []observe.Failure {
	return []observe.Failure{{Provider: provider, Kind: schemas.KindUpstream, Status: 503, Key: "first"}}
}

func (recorder) DeadLetters() []observe.Failure {
	return []observe.Failure{{Provider: "limited", Kind: schemas.KindOverloaded, Reason: schemas.ReasonQueueFull, Client: "team"}}
}

// resting is when the key of the provider "limited" may be used again.
var resting = time.Now().Add(time.Hour).UTC()

func newRuntime() *runtime {
	var limited, steady bifrost.ProviderStats
	limited.Concurrency, limited.BufferSize, limited.Drop = 2, 15, true
	limited.Queued, limited.InHand, limited.Workers = 15, 2, 2
	limited.OldestQueued, limited.DrainRate = 250*time.Millisecond, 8
	limited.Offered, limited.Admitted, limited.Completed = 30, 20, 3
	limited.Refused = map[schemas.Reason]uint64{schemas.ReasonQueueFull: 9, schemas.ReasonDraining: 1}
	limited.Keys = []actors.KeyStats{{Name: "first", RestingUntil: resting}, {Name: "second", Concurrency: 4, Slots: 2, InUse: 1}}
	limited.Panics, limited.Degraded = 3, true
	steady.Concurrency, steady.BufferSize, steady.DeadLettered = 16, 100, 2
	return &runtime{
		stats: bifrost.Stats{
			Providers: map[string]bifrost.ProviderStats{"limited": limited, "steady": steady},
			NotFound:  4,
			Pools:     map[string]pool.Stats{"calls": {Size: 500, Retained: 480, Hits: 99, Misses: 1}},
			Peers:     []schemas.PeerStats{{Address: "10.0.0.2:7000", State: schemas.PeerUp, RoundTrip: time.Millisecond, Credits: 1024}},
		},
		workers: []bifrost.WorkerState{{ID: 1, Status: actors.WorkerStreaming, Since: resting, Model: "sim-small"}},
	}
}

// changes keeps what was set.
type changes struct {
	mu   sync.Mutex
	made []string
}

func (c *changes) set(_ context.Context, provider string, s admin.Settings) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = append(c.made, provider+" "+string(text))
	return nil
}

func (c *changes) all() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.made, "; ")
}

func options() admin.Options {
	return admin.Options{Client: newRuntime(), Recorder: recorder{}, Version: "1.2.3", Started: time.Now(), UI: true}
}

func handlerOf(t *testing.T, o admin.Options) *admin.Handler {
	t.Helper()
	h := admin.New(o)
	t.Cleanup(h.Close)
	return h
}

// answer is what a handler has said.
type answer struct {
	status int
	header http.Header
	body   string
}

func ask(h http.Handler, method, path, body string, header ...string) answer {
	r := httptest.NewRequest(method, "http://127.0.0.1:8081"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got, _ := io.ReadAll(w.Result().Body)
	return answer{w.Code, w.Header(), string(got)}
}

// read decodes a body, and fails the test if it is not what it should be.
func read[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if a.status != http.StatusOK {
		t.Fatalf("status %d, want 200: %s", a.status, a.body)
	}
	d := json.NewDecoder(strings.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}
