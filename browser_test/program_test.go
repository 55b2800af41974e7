package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds the wait for what never comes in a failing test.
const patience = 60 * time.Second

// binary is the program, built once for all tests.
var binary string

// outFolder has the screenshots.
const outFolder = "out"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "bifrost-browser-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "bifrost")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/bifrost")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s\n", err, out)
		return 1
	}
	if err := os.RemoveAll(outFolder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Mkdir(outFolder, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if path, err := filepath.Abs(outFolder); err == nil {
			fmt.Println("screenshots are in", path)
		}
	}()
	return m.Run()
}

// program is a running `bifrost demo`.
type program struct {
	dashboard string // its URL, which ends in /ui/
	gateway   string
	process   *exec.Cmd
	output    *transcript
}

var (
	dashboardLine = regexp.MustCompile(`(?m)^\s*dashboard:?\s+(http://127\.0\.0\.1:\d+/ui/)$`)
	gatewayLine   = regexp.MustCompile(`(?m)^\s*gateway:?\s+(http://127\.0\.0\.1:\d+)$`)
)

// startDemo starts the demonstration on free ports. It is stopped when the test ends.
func startDemo(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{output: newTranscript()}
	p.process = exec.Command(binary, append([]string{"demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, args...)...)
	p.process.Stdout, p.process.Stderr = p.output, p.output
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	p.dashboard, p.gateway = p.output.await(t, dashboardLine), p.output.await(t, gatewayLine)
	return p
}

// stop ends the program as Ctrl-C does, and checks that it ends well.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if p.process.ProcessState != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	kept := context.AfterFunc(ctx, func() { _ = p.process.Process.Kill() })
	defer kept()
	_ = p.process.Process.Signal(syscall.SIGINT)
	if err := p.process.Wait(); err != nil {
		t.Errorf("the program has ended with %v:\n%s", err, p.output)
	}
}

// transcript is an output that a test waits on.
type transcript struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed and replaced at each write
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	close(t.changed)
	t.changed = make(chan struct{})
	return len(b), nil
}

func (t *transcript) String() string {
	text, _ := t.now()
	return text
}

func (t *transcript) now() (text string, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text), t.changed
}

// await waits for a line that matches, and returns its first group.
func (t *transcript) await(test *testing.T, line *regexp.Regexp) string {
	test.Helper()
	late := time.After(patience)
	for {
		text, changed := t.now()
		if found := line.FindStringSubmatch(text); found != nil {
			return found[1]
		}
		select {
		case <-changed:
		case <-late:
			test.Fatalf("waited too long for %v in:\n%s", line, text)
		}
	}
}
