package gossip

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// childVariable has the seed of a member that runs in a process of its own.
const childVariable = "BIFROST_GOSSIP_TEST_SEED"

func TestMain(m *testing.M) {
	if seed := os.Getenv(childVariable); seed != "" {
		os.Exit(child(seed))
	}
	os.Exit(m.Run())
}

// child is a member until its input ends, as it does when the test's process ends.
func child(seed string) int {
	cfg := config("child")
	cfg.Join = []string{seed}
	m, err := Start(cfg)
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return 1
	}
	os.Stdout.WriteString("started\n")
	io.Copy(io.Discard, os.Stdin)
	m.Close()
	return 0
}

func startChild(t *testing.T, seed string) *os.Process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+seed)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "started" {
		t.Fatalf("the process has said %q, %v", line, err)
	}
	return cmd.Process
}

func TestAKilledProcessIsNoticed(t *testing.T) {
	a, b := startTwo(t)
	process := startChild(t, a.GossipAddress())
	awaitChild(t, Alive, a, b)
	if err := process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitChild(t, Lost, a, b)
}

func TestAFrozenProcessIsNoticedAndWelcomeWhenItGoesOn(t *testing.T) {
	a, b := startTwo(t)
	process := startChild(t, a.GossipAddress())
	awaitChild(t, Alive, a, b)
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitChild(t, Lost, a, b)
	if err := process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	awaitChild(t, Alive, a, b)
}

func startTwo(t *testing.T) (a, b *node) {
	t.Helper()
	a = startNode(t, config("a"))
	cfg := config("b")
	cfg.Join = []string{a.GossipAddress()}
	b = startNode(t, cfg)
	return a, b
}

func awaitChild(t *testing.T, s State, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		await(t, "the process is "+s.String(), func() bool { return n.member("child:7600").State == s })
	}
}
