package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// built is the program, which is built once for all tests.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "bifrost")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "bifrost-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// buildBinary returns the path of the program.
func buildBinary(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// launch runs the program in a process of its own, which is gone
// when the test ends.
func launch(t *testing.T, args ...string) (p *exec.Cmd, stdout *console) {
	t.Helper()
	stdout = newConsole()
	p = exec.CommandContext(t.Context(), buildBinary(t), args...)
	p.Stdout, p.Stderr = stdout, newConsole()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	return p, stdout
}

func exit(t *testing.T, p *exec.Cmd) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }() // ends with the process
	return await(t, ended)
}

func TestTheBinaryDrainsOnSIGTERMAndLeavesWithZero(t *testing.T) {
	p, stdout := launch(t, "serve", "--config", reference, "--listen", "127.0.0.1:0")
	base := stdout.await(t, bannerURL)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/v1/models": 200, "/nothing": 404} {
		if got := status(t, base+path); got != want {
			t.Errorf("%s: got %d", path, got)
		}
	}
	_, lines := stream(t, base)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil || !strings.HasSuffix(string(rest), "data: [DONE]\n\n") {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	if err := exit(t, p); err != nil {
		t.Errorf("%v\n%s\n%s", err, stdout, p.Stderr)
	}
}

func TestASecondSignalEndsTheBinaryAtOnce(t *testing.T) {
	p, stdout := launch(t, "serve", "--config", reference, "--listen", "127.0.0.1:0")
	_, _ = stream(t, stdout.await(t, bannerURL), "X-Simulate", "stall=2")
	for range 2 {
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		stdout.await(t, "^stopping: ")
	}
	var ended *exec.ExitError
	if err := exit(t, p); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", err)
	}
}

// What SIGHUP does by default is to end the process.
func TestSIGHUPWhileTheBinaryDrainsCostsNothing(t *testing.T) {
	path := file(t, servedText("simulation = { output_tokens = 40, tokens_per_second = 40 }\n"))
	p, stdout := launch(t, "serve", "--config", path)
	_, lines := stream(t, stdout.await(t, bannerURL)) // for a second
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	stdout.await(t, "^stopping: ")
	for {
		line, err := lines.ReadString('\n')
		if err != nil || line == "data: [DONE]\n" {
			break
		}
		_ = p.Process.Signal(syscall.SIGHUP) // it may have ended; its exit tells
	}
	if err := exit(t, p); err != nil {
		t.Errorf("%v\n%s\n%s", err, stdout, p.Stderr)
	}
}

func TestSIGHUPHasTheBinaryReadItsFileAgain(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "secret-one")
	path := file(t, unwatched(servedText("[providers.openai]\nkeys = [{ value = \"env.OPENAI_API_KEY\" }]\n")))
	p, stdout := launch(t, "serve", "--config", path)
	stdout.await(t, bannerURL)
	log := p.Stderr.(*console)
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	log.await(t, `"trigger":"SIGHUP","changes":\[\],"config":1`)
	rewrite(t, path, servedText(fiveWorkers))
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	log.await(t, `"trigger":"SIGHUP","changes":\[[^]]*"providers.openai"[^]]*\],"config":2`)
	if strings.Contains(log.String(), "secret-one") {
		t.Error("a key is in the log")
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := exit(t, p); err != nil {
		t.Error(err)
	}
}
