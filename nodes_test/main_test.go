//go:build linux

package nodes_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if prefix := os.Getenv(janitorVariable); prefix != "" {
		janitor(prefix, os.Getenv(janitorFolder))
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if err := errors.Join(append(missing(), chooseParallel())...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "bifrost-nodes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binaryDir = dir
	clean, err := startJanitor(namespacePrefix, dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, errors.Join(err, os.RemoveAll(dir)))
		return 1
	}
	defer clean()
	stop := startStarter()
	defer stop()
	return m.Run()
}

// atOnce is how many tests run at once if -parallel does not say it: they mostly wait, and
// what keeps the machine busy is not parallel.
const atOnce = "4"

func chooseParallel() error {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if chosen {
		return nil
	}
	return flag.Set("test.parallel", atOnce)
}

// missing has a sentence for each thing that the tests need and this machine lacks.
func missing() []error {
	var all []error
	if os.Geteuid() != 0 {
		all = append(all, errors.New("nodes_test makes network namespaces: run it as root"))
	}
	if _, err := exec.LookPath("ip"); err != nil {
		all = append(all, errors.New("nodes_test needs the command ip: install iproute2 (Debian: apt-get install iproute2)"))
	}
	if _, err := os.Stat(tapDevice); err != nil {
		all = append(all, fmt.Errorf("nodes_test needs %s: load the kernel's module tun, or let the container have the device", tapDevice))
	}
	return all
}

// binaryDir is this run's folder for the program.
var binaryDir string

// buildOnce builds the program for all tests of a run.
var buildOnce = sync.OnceValues(func() (string, error) {
	binary := filepath.Join(binaryDir, "bifrost")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/bifrost")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// bifrostBinary is the path of the program.
func bifrostBinary(t *testing.T) string {
	t.Helper()
	binary, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// starts are run by one thread that lives as long as this process: the kernel kills a
// child with Pdeathsig when the thread ends that started it.
var starts = make(chan func())

// startStarter returns what ends the thread.
func startStarter() (stop func()) {
	ended := make(chan struct{})
	go func() { // ends when starts is closed
		defer close(ended)
		runtime.LockOSThread()
		for start := range starts {
			start()
		}
	}()
	return func() {
		close(starts)
		<-ended
	}
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("after %v still not so: %s", patience, what)
		}
	}
}
