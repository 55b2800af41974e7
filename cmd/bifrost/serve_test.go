package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bifrost"
	"bifrost/config"
)

const (
	chatPath   = "/v1/chat/completions"
	goodStream = `{"model":"simulated/sim-small","stream":true,"messages":[{"role":"user","content":"hello"}]}`
)

// stream opens a stream and reads its first event.
func stream(t *testing.T, base string, header ...string) (*http.Response, *bufio.Reader) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", base+chatPath, strings.NewReader(goodStream))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, "data: {") {
		t.Fatalf("status %d, the stream begins with %q, %v", resp.StatusCode, line, err)
	}
	return resp, lines
}

func await(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatal("the command does not end")
	}
	return nil
}

func status(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestServePrintsACurlLineThatWorksAsItIsTyped(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl on this machine")
	}
	r := begin(t, "serve", "--config", reference, "--listen", "127.0.0.1:0")
	line := r.stdout.await(t, bannerCurl)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line+" --silent --noproxy '*'").CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"choices":[{`) {
		t.Errorf("%s\nprinted %s, %v", line, out, err)
	}
	if text := r.stdout.String(); !strings.Contains(text, "simulated (simulated): concurrency 10, buffer 100, lets requests wait when full") {
		t.Errorf("the banner is %s", text)
	}
}

func TestServeFinishesAnOpenStreamWhenItIsStopped(t *testing.T) {
	r := begin(t, "serve", "--config", reference, "--listen", "127.0.0.1:0")
	base := r.stdout.await(t, bannerURL)
	if got := status(t, base+"/readyz"); got != 200 {
		t.Errorf("readiness is %d", got)
	}
	_, lines := stream(t, base)
	r.stop()
	r.stdout.await(t, "^stopping: ")
	rest, err := io.ReadAll(lines)
	if err != nil || !strings.HasSuffix(string(rest), "data: [DONE]\n\n") {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	if err := await(t, r.ended); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("it still listens")
	}
	if log := r.stderr.String(); !strings.Contains(log, `"status":200`) || strings.Contains(log, "hello") {
		t.Errorf("the log is %s", log)
	}
}

func TestServeReportsWhatItCouldNotFinishInTime(t *testing.T) {
	path := file(t, "[server]\nshutdown_timeout = \"50ms\"\nlog_level = \"disabled\"\n[providers.simulated]\n")
	r := begin(t, "serve", "--config", path, "--listen", "127.0.0.1:0")
	_, lines := stream(t, r.stdout.await(t, bannerURL), "X-Simulate", "stall=2")
	r.stop()
	rest, err := io.ReadAll(lines)
	if err != nil || strings.Contains(string(rest), "[DONE]") || !strings.Contains(string(rest), `"code":"draining"`) {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	var left *bifrost.ShutdownError
	if err := await(t, r.ended); !errors.As(err, &left) || len(left.Left) != 1 || left.Left[0].InHand != 1 {
		t.Errorf("stopping: %v", err)
	}
	if report := r.stderr.String(); !strings.HasPrefix(report, "stopped after 50ms, before everything was finished") ||
		!strings.Contains(report, "simulated: 0 queued, 0 backing off and 1 in hand") {
		t.Errorf("the report is %q", report)
	}
}

func TestServeObeysMaxBodyBytesOfItsFile(t *testing.T) {
	path := file(t, "[server]\nmax_body_bytes = 100\n[providers.simulated]\n")
	r := begin(t, "serve", "--config", path, "--listen", "127.0.0.1:0")
	resp, err := http.Post(r.stdout.await(t, bannerURL)+chatPath, "application/json", strings.NewReader(strings.Repeat(" ", 101)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func TestSimulateIsAProviderForTheGateway(t *testing.T) {
	upstream := begin(t, "simulate", "--listen", "127.0.0.1:0", "--output-tokens", "3", "--seed", "7", "--latency", "1ms", "--latency-p99", "2ms")
	base := upstream.stdout.await(t, `^the simulated provider is listening on (http://\S+)$`)
	text := upstream.stdout.String()
	_, snippet, _ := strings.Cut(text, "as a provider of the gateway:\n")
	gateway := begin(t, "serve", "--config", file(t, snippet), "--listen", "127.0.0.1:0")
	resp, err := http.Post(gateway.stdout.await(t, bannerURL)+chatPath, "application/json",
		strings.NewReader(`{"model":"practice/sim-small","messages":[{"role":"user","content":"hello"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(body), `"completion_tokens":3`) {
		t.Errorf("got %d %s, %v", resp.StatusCode, body, err)
	}
	http.DefaultClient.CloseIdleConnections()
	for _, r := range []*running{gateway, upstream} {
		r.stop()
		if err := await(t, r.ended); err != nil {
			t.Error(err)
		}
	}
	if _, err := http.Get(base); err == nil {
		t.Error("the simulated provider still listens")
	}
}

func TestSimulateAnswersWithTheRatesOfItsFlags(t *testing.T) {
	for flag, want := range map[string]int{"--error-rate=1": 500, "--rate-limit-rate=1": 429, "--outage-for=1h": 503} {
		r := begin(t, "simulate", "--listen", "127.0.0.1:0", flag)
		base := r.stdout.await(t, `listening on (http://\S+)$`)
		resp, err := http.Post(base+chatPath, "application/json", strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"x"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %d", flag, resp.StatusCode)
		}
	}
}

func TestAServerThatCannotListenAnyMoreIsStoppedWithAnError(t *testing.T) {
	path := file(t, "[server]\nlisten = \"127.0.0.1:0\"\nlog_level = \"disabled\"\n[providers.simulated]\n")
	s, err := start(t.Context(), setup{load: func() (*config.File, error) { return loadFile(path) }}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.listener.Close()
	failure := s.wait(t.Context())
	if err := s.stop(failure); err == nil || !strings.Contains(err.Error(), "stopped listening") {
		t.Errorf("got %v", err)
	}
}
