package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bifrost/internal/porttest"
)

// server is a running Prometheus.
type server struct{ url string }

// startPrometheus runs one that scrapes the address five times a second, with the alerts.
func startPrometheus(t *testing.T, target string) *server {
	t.Helper()
	dir := t.TempDir()
	alerts, err := filepath.Abs(deploy + "prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}\nrule_files: [%q]\n"+
		"scrape_configs: [{job_name: bifrost, metrics_path: /, static_configs: [{targets: [%q]}]}]\n", alerts, target)
	if err := os.WriteFile(filepath.Join(dir, "prometheus.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the port is free when it is chosen, and may be taken when it is used
		if s := tryPrometheus(t, dir); s != nil {
			return s
		}
	}
	t.Fatal("prometheus does not start")
	return nil
}

func tryPrometheus(t *testing.T, dir string) *server {
	t.Helper()
	address := porttest.FreeAddresses(t, 1)[0]
	var output bytes.Buffer
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (Debian's package prometheus has it)", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends when the process does
	s := &server{url: "http://" + address}
	if !s.ready(t, ended) {
		_ = cmd.Process.Kill()
		t.Logf("prometheus: %s", output.String())
		return nil
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	return s
}

// ready waits until it answers, or has ended.
func (s *server) ready(t *testing.T, ended chan error) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		if _, err := get(t.Context(), s.url+"/-/ready"); err == nil {
			return true
		}
		select {
		case err := <-ended:
			ended <- err
			return false
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
}

// query returns the values of an expression; an error if it is not a good one.
func (s *server) query(ctx context.Context, expression string) ([]string, error) {
	body, err := get(ctx, s.url+"/api/v1/query?query="+url.QueryEscape(expression))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status string
		Data   struct{ Result []struct{ Value [2]any } }
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Status != "success" {
		return nil, fmt.Errorf("got %s (%w)", body, err)
	}
	var values []string
	for _, r := range answer.Data.Result {
		values = append(values, fmt.Sprint(r.Value[1]))
	}
	return values, nil
}

// await polls until the expression has the value.
func (s *server) await(t *testing.T, expression, want string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		got, err := s.query(t.Context(), expression)
		if err == nil && len(got) == 1 && got[0] == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is %v (%v), want %s", expression, got, err, want)
		}
	}
}

func TestAPrometheusScrapesAGatewayAndAnswersTheDashboard(t *testing.T) {
	s := serve(t)
	s.work(t)
	p := startPrometheus(t, strings.TrimPrefix(s.metrics.URL, "http://"))
	p.await(t, `bifrost_requests_completed_total{provider="simulated"}`, "10")
	p.await(t, `sum(bifrost_requests_failed_total)`, "5")
	s.work(t) // so that there is a rate
	p.await(t, `bifrost_requests_completed_total{provider="simulated"}`, "20")
	p.await(t, `bifrost_request_duration_seconds_count{operation="chat_stream",outcome="completed"}`, "10")
	p.await(t, `sum(bifrost_client_requests_total{client="team"})`, "30")
	p.await(t, `bifrost_tokens_total{provider="simulated",model="sim-small",direction="output"} > bool 0`, "1")
	p.await(t, `bifrost_cost_dollars_total{provider="simulated",model="sim-small"} > bool 0`, "1")
	for _, q := range dashboardQueries(t) {
		values, err := p.query(t.Context(), q)
		if err != nil {
			t.Errorf("%s: %v", q, err)
		}
		if len(values) == 0 && !mayBeSilent(q) {
			t.Errorf("the dashboard's query %s has no answer", q)
		}
	}
	checkAlerts(t, p)
}

// mayBeSilent reports whether a query is about what there is none of here: nodes,
// refusals, and keys with a limit.
func mayBeSilent(query string) bool {
	for _, about := range []string{"bifrost_peer_", "refused_total", "dead_letters", "refusals_total", "key_slots"} {
		if strings.Contains(query, about) {
			return true
		}
	}
	return false
}

// dashboardQueries returns all expressions of the dashboard, for all providers.
func dashboardQueries(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(deploy + "grafana/bifrost.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$job", ".*", "$instance", ".*", "$provider", ".*", "$__rate_interval", "1m")
	var out []string
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			out = append(out, fill.Replace(q.Expr))
		}
	}
	if len(out) < 40 {
		t.Fatalf("the dashboard has only %d queries", len(out))
	}
	return out
}

// checkAlerts shows that each alert can be evaluated.
func checkAlerts(t *testing.T, p *server) {
	t.Helper()
	body, err := get(t.Context(), p.url+"/api/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, State, LastError string }
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Data.Groups) != 1 {
		t.Fatalf("got %s (%v)", body, err)
	}
	for _, r := range answer.Data.Groups[0].Rules {
		if r.Health != "ok" && r.Health != "unknown" {
			t.Errorf("%s is %s: %s", r.Name, r.Health, r.LastError)
		}
		if r.Name == "BifrostNotScraped" && r.State == "firing" {
			t.Error("it is scraped, and an alert says that it is not")
		}
	}
}
