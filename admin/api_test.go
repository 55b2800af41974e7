package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"bifrost"
	"bifrost/admin"
	"bifrost/schemas"
)

func TestTheStateShowsProvidersNodesPoolsAndDeadLetters(t *testing.T) {
	s := read[admin.State](t, ask(handlerOf(t, options()), "GET", "/api/v1/state", ""))
	if !s.Ready || s.Draining || s.Version != "1.2.3" || s.NotFound != 4 || len(s.Providers) != 3 {
		t.Fatalf("got %+v", s)
	}
	if p := s.Providers[0]; p.Name != "elsewhere" || !p.Remote || p.State != "ready" {
		t.Errorf("a provider without a mailbox here should be remote: %+v", p)
	}
	p := s.Providers[1]
	if p.State != "degraded" || p.Queued != 15 || p.BufferSize != 15 || p.OldestQueuedMS != 250 || p.Refused["queue_full"] != 9 || p.Restarts != 3 {
		t.Errorf("got %+v", p)
	}
	if p.Latency.P50 != 1.5 || p.Latency.Count != 3 || p.RequestsPerSecond != 7 {
		t.Errorf("the recorder's window is missing: %+v", p)
	}
	if k := p.Keys; len(k) != 2 || k[0].Healthy || !k[0].RestingUntil.Equal(resting) || !k[1].Healthy || k[1].RestingUntil != nil || k[1].Slots != 2 {
		t.Errorf("got keys %+v", k)
	}
	if n := s.Nodes; len(n) != 1 || n[0].State != "up" || n[0].RoundTripMS != 1 {
		t.Errorf("got nodes %+v", n)
	}
	if want := (admin.PoolView{Name: "calls", Size: 500, Idle: 480, Hits: 99, Misses: 1}); len(s.Pools) != 1 || s.Pools[0] != want {
		t.Errorf("got pools %+v", s.Pools)
	}
	letters := []admin.LetterCount{{Reason: "queue_full", Count: 9}, {Reason: "not_found", Count: 4}, {Reason: "draining", Count: 3}}
	if !reflect.DeepEqual(s.DeadLetters, letters) {
		t.Errorf("got dead letters %+v, want %+v", s.DeadLetters, letters)
	}
}

func TestWithNothingToShowEveryListIsEmptyAndNotNull(t *testing.T) {
	o := admin.Options{Client: &runtime{stats: bifrost.Stats{Providers: map[string]bifrost.ProviderStats{}}}}
	for _, path := range []string{"/api/v1/state", "/api/v1/providers/steady", "/api/v1/dead-letters"} {
		got := ask(handlerOf(t, o), "GET", path, "")
		if body := strings.ReplaceAll(got.body, `"resting_until":null`, ""); got.status != http.StatusOK || strings.Contains(body, "null") {
			t.Errorf("%s: status %d, %s", path, got.status, got.body)
		}
	}
}

func TestAProgramThatDrainsIsNotReady(t *testing.T) {
	o := options()
	o.Draining = func() bool { return true }
	if s := read[admin.State](t, ask(handlerOf(t, o), "GET", "/api/v1/state", "")); s.Ready || !s.Draining {
		t.Errorf("ready %v, draining %v", s.Ready, s.Draining)
	}
}

func TestAProviderIsShownWithItsWorkersAndErrors(t *testing.T) {
	d := read[admin.ProviderDetail](t, ask(handlerOf(t, options()), "GET", "/api/v1/providers/limited", ""))
	if d.Name != "limited" || d.Queued != 15 {
		t.Errorf("got %+v", d.ProviderView)
	}
	if w := d.WorkerList; len(w) != 1 || w[0].ID != 1 || w[0].State != "streaming" || w[0].Model != "sim-small" || !w[0].Since.Equal(resting) {
		t.Errorf("got workers %+v", w)
	}
	if e := d.Errors; len(e) != 1 || e[0].Kind != "upstream" || e[0].Status != 503 || e[0].Key != "first" {
		t.Errorf("got errors %+v", e)
	}
}

func TestDeadLettersAreCountedByReasonWithTheLastOnes(t *testing.T) {
	d := read[admin.DeadLetters](t, ask(handlerOf(t, options()), "GET", "/api/v1/dead-letters", ""))
	if len(d.ByReason) != 3 || len(d.Recent) != 1 || d.Recent[0].Reason != "queue_full" || d.Recent[0].Client != "team" {
		t.Errorf("got %+v", d)
	}
}

func TestAChangeIsMadeAndTheProviderShownAsItIsThen(t *testing.T) {
	o, made := options(), &changes{}
	o.Set = made.set
	h := handlerOf(t, o)
	d := read[admin.ProviderDetail](t, ask(h, "PATCH", "/api/v1/providers/steady", `{"concurrency": 20, "buffer_size": 300}`))
	if d.Name != "steady" {
		t.Errorf("got %+v", d)
	}
	read[admin.State](t, ask(h, "PATCH", "/api/v1/settings", `{"drop_excess_requests": false}`))
	if got, want := made.all(), `steady {"concurrency":20,"buffer_size":300};  {"drop_excess_requests":false}`; got != want {
		t.Errorf("made %s, want %s", got, want)
	}
}

func TestAReloadSaysWhatItDidOrWouldDo(t *testing.T) {
	o := options()
	o.Config = func() admin.RunningConfig {
		return admin.RunningConfig{ConfigVersion: admin.ConfigVersion{Number: 2, Digest: "abc"}, Text: "[server]\n"}
	}
	o.Reload = func(_ context.Context, dryRun bool) admin.Reload { return admin.Reload{Applied: !dryRun} }
	h := handlerOf(t, o)
	for path, applied := range map[string]bool{"/api/v1/reload": true, "/api/v1/reload?dry_run=true": false, "/api/v1/reload?dry_run=false": true} {
		got := ask(h, "POST", path, "")
		if r := read[admin.Reload](t, got); r.Applied != applied || strings.Contains(got.body, "null") {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	if c := read[admin.RunningConfig](t, ask(h, "GET", "/api/v1/config", "")); c.Number != 2 || c.Text != "[server]\n" {
		t.Errorf("got %+v", c)
	}
}

// TestEveryMistakeHasACodeAndSaysWhatToDo is the table of errors.
func TestEveryMistakeHasACodeAndSaysWhatToDo(t *testing.T) {
	o := options()
	o.Set = func(context.Context, string, admin.Settings) error {
		return errors.New("buffer_size is at most 1000000")
	}
	o.Reload = func(context.Context, bool) admin.Reload { return admin.Reload{} }
	full, bare := handlerOf(t, o), handlerOf(t, options())
	const steady = "/api/v1/providers/steady"
	rows := []struct {
		name, method, path, body string
		h                        http.Handler
		status                   int
		code, says               string
	}{
		{"an unknown path", "GET", "/api/v2/state", "", full, 404, "not_found", "docs/admin.md"},
		{"no metrics", "GET", "/metrics", "", full, 404, "not_found", "docs/admin.md"},
		{"no demonstration", "GET", "/api/v1/demo", "", full, 404, "not_found", "docs/admin.md"},
		{"no profiles", "GET", "/debug/pprof/", "", full, 404, "not_found", "docs/admin.md"},
		{"an unknown file of the dashboard", "GET", "/ui/app.map", "", full, 404, "not_found", "/ui/"},
		{"an unknown provider", "GET", "/api/v1/providers/nobody", "", full, 404, "not_found", "/api/v1/state"},
		{"a wrong method", "DELETE", steady, "", full, 405, "method_not_allowed", "GET, PATCH"},
		{"a reload by GET", "GET", "/api/v1/reload", "", full, 405, "method_not_allowed", "POST"},
		{"a bad dry_run", "POST", "/api/v1/reload?dry_run=perhaps", "", full, 400, "invalid_request", "true or false"},
		{"no reload", "POST", "/api/v1/reload", "", bare, 501, "not_supported", "restart"},
		{"no configuration", "GET", "/api/v1/config", "", bare, 501, "not_supported", "no configuration"},
		{"no change", "PATCH", steady, `{"concurrency":1}`, bare, 501, "not_supported", "at run time"},
		{"an empty change", "PATCH", steady, `{}`, full, 422, "invalid_settings", "drop_excess_requests, concurrency or buffer_size"},
		{"only nulls", "PATCH", steady, `{"concurrency":null}`, full, 422, "invalid_settings", "nothing to change"},
		{"no worker", "PATCH", steady, `{"concurrency":0}`, full, 422, "invalid_settings", "at least 1"},
		{"no place", "PATCH", steady, `{"buffer_size":-1}`, full, 422, "invalid_settings", "at least 1"},
		{"what Set refuses", "PATCH", steady, `{"buffer_size":2000000}`, full, 422, "invalid_settings", "at most 1000000"},
		{"a size of all", "PATCH", "/api/v1/settings", `{"concurrency":3}`, full, 422, "invalid_settings", "/api/v1/providers/NAME"},
		{"a provider of another node", "PATCH", "/api/v1/providers/elsewhere", `{"concurrency":3}`, full, 409, "remote_provider", "there"},
		{"a change of nobody", "PATCH", "/api/v1/providers/nobody", `{"concurrency":3}`, full, 404, "not_found", "nobody"},
		{"an unknown field", "PATCH", steady, `{"concurency":3}`, full, 400, "invalid_request", "docs/admin.md"},
		{"a wrong type", "PATCH", steady, `{"concurrency":"3"}`, full, 400, "invalid_request", "concurrency must be a int, not a string"},
		{"two values", "PATCH", steady, `{"concurrency":3}{}`, full, 400, "invalid_request", "one JSON object"},
		{"half a value", "PATCH", steady, `{"concurrency":`, full, 400, "invalid_request", "one JSON object"},
		{"a large body", "PATCH", steady, `{"concurrency":` + strings.Repeat(" ", 1<<15) + `3}`, full, 413, "body_too_large", "16384"},
		{"a short interval", "GET", "/api/v1/events?interval=1ms", "", full, 400, "invalid_request", "250ms"},
		{"a bad interval", "GET", "/api/v1/events?interval=5", "", full, 400, "invalid_request", "such as 1s"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := ask(row.h, row.method, row.path, row.body)
			checkRefusal(t, got, row.status, row.code, row.says)
		})
	}
}

func checkRefusal(t *testing.T, got answer, status int, code, says string) {
	t.Helper()
	var body struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatalf("%v in %q", err, got.body)
	}
	if got.status != status || body.Error.Code != code || !strings.Contains(body.Error.Message, says) {
		t.Errorf("status %d, want %d with code %s and %q: %s", got.status, status, code, says, got.body)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
}

func TestABodyThatIsNotCalledJSONIsRefused(t *testing.T) {
	o := options()
	o.Set = (&changes{}).set
	o.Demo = http.NotFoundHandler()
	for _, path := range []string{"/api/v1/settings", "/api/v1/providers/steady", "/api/v1/demo"} {
		got := ask(handlerOf(t, o), "PATCH", path, `{"drop_excess_requests":true}`, "Content-Type", "text/plain")
		checkRefusal(t, got, 415, "unsupported_media_type", "application/json")
	}
}

func TestWhatIsSwitchedOffIsNotThere(t *testing.T) {
	o := options()
	o.UI = false
	h := handlerOf(t, o)
	for _, path := range []string{"/", "/ui/", "/debug/pprof/", "/metrics", "/api/v1/demo"} {
		checkRefusal(t, ask(h, "GET", path, ""), 404, "not_found", "no such path")
	}
	o.UI, o.Profiles = true, true
	o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	o.Demo = o.Metrics
	h = handlerOf(t, o)
	for path, status := range map[string]int{"/": 302, "/ui": 302, "/ui/": 200, "/debug/pprof/": 200, "/debug/pprof/goroutine": 200, "/debug/pprof/cmdline": 200, "/metrics": 200, "/api/v1/demo": 200} {
		if got := ask(h, "GET", path, ""); got.status != status {
			t.Errorf("%s: status %d, want %d", path, got.status, status)
		}
	}
}

func TestARealClientIsShown(t *testing.T) {
	client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"simulated": {Config: schemas.ProviderConfig{
		ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 3, BufferSize: 7}}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	h := handlerOf(t, admin.Options{Client: client})
	d := read[admin.ProviderDetail](t, ask(h, "GET", "/api/v1/providers/simulated", ""))
	if d.Type != "simulated" || d.Remote || d.Concurrency != 3 || d.BufferSize != 7 || len(d.WorkerList) != 3 || d.WorkerList[0].State != "free" {
		t.Errorf("got %+v", d)
	}
}
