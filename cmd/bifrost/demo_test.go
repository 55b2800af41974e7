package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bifrost/admin"
	"bifrost/cmd/bifrost/internal/demo"
)

// demonstration asks the admin listener for the load's figures.
func demonstration(t *testing.T, base string) admin.Demo {
	t.Helper()
	resp, err := http.Get(base + "/api/v1/demo")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var d admin.Demo
	if err := json.NewDecoder(resp.Body).Decode(&d); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return d
}

func TestDemoRunsALoadAndSaysWhereTheDashboardIsAndWhatBecameOfTheRequests(t *testing.T) {
	r := begin(t, "demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--rate", "100")
	base := r.stdout.await(t, `^  dashboard  (http://\S+)/ui/$`)
	gateway := r.stdout.await(t, `^  gateway    (http://\S+)$`)
	tick, late := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for demonstration(t, base).Answered == 0 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("nothing is answered")
		}
	}
	if d := demonstration(t, base); d.Rate != 100 || d.MaxRate != demo.DefaultMaxRate || d.Sent == 0 {
		t.Errorf("%+v", d)
	}
	for _, url := range []string{gateway + "/readyz", base + "/ui/", base + "/metrics"} {
		if got := status(t, url); got != http.StatusOK {
			t.Errorf("%s: got %d", url, got)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	r.stop()
	if err := await(t, r.ended); err != nil {
		t.Errorf("stopping: %v", err)
	}
	for _, want := range []string{`^sent +\d+  requests$`, `^answered +\d+  waited for a worker: p50 `, `^refused +\d+`, `^timed out +\d+`} {
		r.stdout.await(t, want)
	}
	if log := r.stderr.String(); log != "" {
		t.Errorf("it has logged %s", log)
	}
}

func TestDemoEndsByItselfAfterItsTime(t *testing.T) {
	got := execute(t, "demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--for", "1s")
	if got.err != nil || !strings.Contains(got.stdout, "\nsent ") || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
}

func TestDemoPrintsAConfigurationThatChecks(t *testing.T) {
	got := execute(t, "demo", "--print")
	if got.err != nil || got.stdout != demo.File() {
		t.Fatalf("got %+v", got)
	}
	path := filepath.Join(t.TempDir(), "demo.toml")
	if err := os.WriteFile(path, []byte(got.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if checked := execute(t, "check", path); checked.err != nil {
		t.Errorf("got %+v", checked)
	}
}

func TestDemoTakesNoOtherPortThanTheOneThatIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := demoFlags{listen: taken.Addr().String(), lasting: time.Millisecond}
	if err := runDemo(t.Context(), o, io.Discard, newConsole()); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("got %v", err)
	}
}

func TestAWrongDemonstrationIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"--rate", "-1"}, {"--rate", "501"}, {"--rate", "NaN"}, {"--for", "-1s"}, {"x"}, {"--listen", "nowhere"}, {"--listen", "0.0.0.0:0"},
	} {
		if got := execute(t, append([]string{"demo"}, args...)...); got.err == nil || strings.TrimSpace(got.stderr) == "" || got.stdout != "" {
			t.Errorf("%v: got %+v", args, got)
		}
	}
}

func TestTheLiveLineIsWrittenAgainAndAgainAndFitsATerminal(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, tick := newConsole(), make(chan time.Time)
	var running sync.WaitGroup
	running.Go(func() { writeLiveLine(ctx, out, demo.New(demo.Options{}), tick) }) // ends with ctx
	tick <- time.Time{}
	tick <- time.Time{}
	cancel()
	running.Wait()
	if text := out.String(); strings.Count(text, eraseLine+"0s  sent 0  answered 0") < 2 || !strings.HasSuffix(text, eraseLine) || strings.Contains(text, "\n") {
		t.Errorf("%q", text)
	}
	much := demo.Counts{Sent: 500_000, Answered: 400_000, Refused: 90_000, Failed: 8_000, Left: 1_000, InFlight: 1000}
	if line := liveLine(59*time.Minute+59*time.Second, much); len(line) > 80 {
		t.Errorf("%d columns: %s", len(line), line)
	}
}

func TestNumbersAndTimesOfTheSummaryAreReadable(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "0ms", 1234567: "1ms", 2345 * time.Millisecond: "2.3s"} {
		if got := waited(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
	if got := codes(map[string]uint64{"a": 1, "b": 2000, "c": 1}); got != "b 2,000, a 1, c 1" {
		t.Error(got)
	}
}

func TestDemonstrationsThatStartAtOnceDoNotHinderEachOther(t *testing.T) {
	var all [3]chan error
	for i := range all {
		all[i] = make(chan error, 1)
		go func() { // ends with the demonstration
			all[i] <- runDemo(t.Context(), demoFlags{lasting: 500 * time.Millisecond}, io.Discard, newConsole())
		}()
	}
	for _, ended := range all {
		if err := await(t, ended); err != nil {
			t.Error(err)
		}
	}
}
