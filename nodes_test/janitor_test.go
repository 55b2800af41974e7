//go:build linux

package nodes_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// namespacePrefix begins the names of this run's namespaces.
var namespacePrefix = fmt.Sprintf("bifrost-%d-", os.Getpid())

// janitorVariable makes this binary a janitor of the namespaces with that prefix, and of
// one folder.
const (
	janitorVariable = "BIFROST_NODES_JANITOR"
	janitorFolder   = "BIFROST_NODES_FOLDER"
)

// startJanitor starts a process that removes namespaces and the folder when this process
// has ended in any way, or calls clean, which returns when they are gone.
func startJanitor(prefix, folder string) (clean func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), janitorVariable+"="+prefix, janitorFolder+"="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is not for it
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() {
		_ = alive.Close()
		_ = cmd.Wait()
	}), nil
}

// janitor waits for the end of who started it.
func janitor(prefix, folder string) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = os.RemoveAll(folder)
	list, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return
	}
	for line := range strings.Lines(string(list)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(name, prefix) {
			removeNamespace(name)
		}
	}
}

// removeNamespace kills what still runs in a namespace of ours, and removes it.
func removeNamespace(name string) {
	pids, _ := exec.Command("ip", "netns", "pids", name).Output()
	for _, text := range strings.Fields(string(pids)) {
		if pid, err := strconv.Atoi(text); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = exec.Command("ip", "netns", "delete", name).Run()
	_ = os.RemoveAll(filesOf(name))
}

// filesOf is the folder of the files that a process in the namespace sees in /etc.
func filesOf(namespace string) string { return "/etc/netns/" + namespace }
