//go:build linux

package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// apart is set in the process that has a network of its own.
const apart = "BIFROST_DOCS_TEST_APART"

// TestMain runs the tests in a network namespace, in which there is only loopback.
func TestMain(m *testing.M) {
	if os.Getenv(apart) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "loopback cannot be had: %v; install iproute2\n%s\n", err, out)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), apart+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if id := os.Getuid(); id != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		if cmd.ProcessState == nil {
			fmt.Fprintf(os.Stderr, "a network namespace cannot be had: %v; run this as root\n", err)
		}
		os.Exit(1)
	}
}
