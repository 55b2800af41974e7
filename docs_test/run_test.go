//go:build linux

package docs_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a command may take; one that is compiled first is waited for, too.
const patience = 4 * time.Minute

// A console is what a command has printed. It is safe for concurrent use.
type console struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed, and replaced, when there is more
}

func newConsole() *console { return &console{changed: make(chan struct{})} }

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
	return c.text.Write(p)
}

// now returns what there is, and a channel that is closed when there is more.
func (c *console) now() (string, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String(), c.changed
}

// A session runs the blocks of one document.
type session struct {
	t       *testing.T
	folder  string
	environ []string
	behind  []running
}

// running is a command in the background.
type running struct {
	block  block
	cmd    *exec.Cmd
	output *console
	ended  <-chan error
}

func (s *session) run(b block) {
	s.t.Helper()
	switch b.verb {
	case "file":
		if !filepath.IsLocal(b.want) {
			s.t.Fatalf("line %d: %q is not in the folder", b.line, b.want)
		}
		path := filepath.Join(s.folder, b.want)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(b.text), 0o600)); err != nil {
			s.t.Fatal(err)
		}
	case "run", "fails":
		r := s.start(b)
		err := <-r.ended
		text, _ := r.output.now()
		if (err != nil) != (b.verb == "fails") || !strings.Contains(text, b.want) {
			s.t.Fatalf("line %d:\n%s\nends with: %v\nand should: ci:%s %q\nits output:\n%s", b.line, b.text, err, b.verb, b.want, text)
		}
	case "background":
		r := s.start(b)
		s.await(r)
		s.behind = append(s.behind, r)
	}
}

// start starts a block in a process group of its own, which is gone when the test ends.
func (s *session) start(b block) running {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", b.text)
	cmd.Dir, cmd.Env = s.folder, s.environ
	if b.clone {
		cmd.Dir = root
	}
	output := newConsole()
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the command, which ctx ends
	return running{b, cmd, output, ended}
}

// await waits until a command in the background has printed its text.
func (s *session) await(r running) {
	s.t.Helper()
	for {
		text, more := r.output.now()
		if strings.Contains(text, r.block.want) {
			return
		}
		select {
		case <-more:
		case err := <-r.ended:
			s.t.Fatalf("line %d:\n%s\nhas ended before it printed %q: %v\n%s", r.block.line, r.block.text, r.block.want, err, text)
		}
	}
}

// end interrupts what runs in the background, the last one first.
func (s *session) end() {
	for _, r := range s.behind {
		defer func() {
			if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGINT); err != nil {
				s.t.Errorf("line %d: it has ended by itself: %v", r.block.line, err)
			}
			// "go run" leaves with 1 after an interrupt, however its program ends.
			if err := <-r.ended; err != nil && !strings.HasPrefix(r.block.text, "go run ") {
				text, _ := r.output.now()
				s.t.Errorf("line %d:\n%s\nhas left with %v after an interrupt\n%s", r.block.line, r.block.text, err, text)
			}
		}()
	}
}

func TestEveryCommandOfTheDocumentsWorks(t *testing.T) {
	bin := build(t)
	environ := environment(t, bin)
	for _, path := range documents(t) {
		all, _ := blocks(read(t, path))
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := &session{t: t, folder: t.TempDir(), environ: environ}
			defer s.end()
			for _, b := range all {
				s.run(b)
			}
		})
	}
}

// build builds the program into a folder for the PATH.
func build(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "-C", root, "build", "-buildvcs=false", "-o", folder+"/bifrost", "./cmd/bifrost").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}

// environment is a newcomer's: no key and no proxy. Go finds what it has built and fetched
// before, since it reaches nothing.
func environment(t *testing.T, bin string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Fields(string(out))
	return []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TERM=dumb",
		"GOCACHE=" + caches[0], "GOMODCACHE=" + caches[1], "GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=local",
		"GOPROXY=off", "GOSUMDB=off",
	}
}
