//go:build linux

package nodes_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program says what a process runs.
type program struct {
	at   place
	name string // as test output calls it
	argv []string
	env  []string // beside this process's own

	// output is where standard output and error go instead of into the log, such as
	// an open /dev/full. It may be nil.
	output *os.File
}

// process is a program that runs, or has run, in a process of its own. It is the test's
// own: methods are not for concurrent use, but for log.
type process struct {
	program
	log *logbook // of all runs, one after the other

	cmd    *exec.Cmd
	ended  chan struct{} // closed when this run has ended
	result error         // of Wait; read it after ended
}

// launch starts a program. It is killed when the test ends, and its log is shown if the
// test has failed.
func launch(t *testing.T, p program) *process {
	t.Helper()
	run := &process{program: p, log: &logbook{}}
	t.Cleanup(func() {
		run.kill(t)
		if t.Failed() {
			t.Logf("the last lines of %s:\n%s", run.name, run.log.tail(40))
		}
	})
	run.start(t)
	return run
}

// output runs a command in a place to its end, which must be exit code 0, and returns
// what it printed.
func output(t *testing.T, where place, argv ...string) string {
	t.Helper()
	p := launch(t, program{at: where, name: argv[0], argv: argv})
	if err := p.wait(t); err != nil {
		t.Fatalf("%q in %v: %v", argv, where, err)
	}
	return p.log.String()
}

func (p *process) start(t *testing.T) {
	t.Helper()
	argv := p.at.wrap(p.argv)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	var out io.Writer = p.log
	if p.output != nil {
		out = p.output
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	starts <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		t.Fatalf("%s does not start: %v", p.name, err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() { // ends with the process
		p.result = cmd.Wait()
		close(ended)
	}()
}

// running reports whether this run has not ended. A frozen process runs.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// restart starts a process that has ended again, with the same arguments.
func (p *process) restart(t *testing.T) {
	t.Helper()
	if p.running() {
		t.Fatalf("%s still runs; stop or kill it before", p.name)
	}
	p.start(t)
}

// wait waits for the end, and returns how it ended: nil for exit code 0.
func (p *process) wait(t *testing.T) error {
	t.Helper()
	select {
	case <-p.ended:
		return p.result
	case <-time.After(patience):
		t.Fatalf("%s does not end", p.name)
		return nil
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("%s to %s: %v", s, p.name, err)
	}
}

// stop sends SIGTERM and waits for the end, as wait does.
func (p *process) stop(t *testing.T) error {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	return p.wait(t)
}

// kill sends SIGKILL and waits for the end. It may be repeated.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if p.ended == nil || !p.running() {
		return
	}
	p.signal(t, syscall.SIGKILL)
	_ = p.wait(t)
}

// freeze sends SIGSTOP and waits until the process stands still. Its sockets stay open.
func (p *process) freeze(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGSTOP)
	eventually(t, p.name+" stands still", func() bool { return p.state() == "T" })
}

// thaw lets a frozen process go on.
func (p *process) thaw(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGCONT)
	eventually(t, p.name+" goes on", func() bool { return p.state() != "T" })
}

// state is the kernel's letter for what the process does; "" if there is none.
func (p *process) state() string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	state, _, _ := strings.Cut(rest, " ")
	return state
}

// memory is the process's resident memory in bytes; 0 if it has ended.
func (p *process) memory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var total, resident int64
	_, _ = fmt.Sscan(string(text), &total, &resident)
	return resident * int64(os.Getpagesize())
}
