package observe_test

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
)

const deploy = "../deploy/"

// promtool runs Prometheus' tool in deploy/prometheus and returns what it says.
func promtool(t *testing.T, input []byte, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "promtool", args...)
	cmd.Dir = deploy + "prometheus"
	cmd.Stdin = bytes.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v (Debian's package prometheus has it)\n%s", args, err, out)
	}
}

func TestPromtoolAcceptsTheMetrics(t *testing.T) {
	s := serve(t)
	s.work(t)
	text, err := get(t.Context(), s.metrics.URL)
	if err != nil {
		t.Fatal(err)
	}
	promtool(t, text, "check", "metrics")
}

func TestPromtoolAcceptsTheAlertsAndTheirTests(t *testing.T) {
	promtool(t, nil, "check", "rules", "rules.yml")
	promtool(t, nil, "test", "rules", "rules_test.yml")
}
