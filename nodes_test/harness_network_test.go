//go:build linux

package nodes_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The harness itself: networks.

// echo serves an echo in a place until the test ends, and returns its address.
func echo(t *testing.T, where place, port int) string {
	t.Helper()
	l, err := where.listen("tcp", at(where, port))
	must(t, err)
	done := make(chan struct{})
	go func() { // ends when l is closed
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends with the connection, which its test closes
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

// talk is a connection to an echo.
type talk struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, from place, address string) *talk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := from.dial(ctx, "tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &talk{conn, bufio.NewReader(conn)}
}

// say sends a line and returns how long its echo took; an error if there is none in time.
func (c *talk) say(text string, within time.Duration) (time.Duration, error) {
	begin := time.Now()
	if err := c.SetDeadline(begin.Add(within)); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintln(c, text); err != nil {
		return 0, err
	}
	line, err := c.lines.ReadString('\n')
	if err == nil && line != text+"\n" {
		err = fmt.Errorf("got the echo %q of %q", line, text)
	}
	return time.Since(begin), err
}

func mustSay(t *testing.T, c *talk, text string) time.Duration {
	t.Helper()
	took, err := c.say(text, patience)
	must(t, err)
	return took
}

func TestHostsReachEachOtherAndNothingElse(t *testing.T) {
	n := newNetwork(t, "a", "b", "c")
	for _, from := range []string{"a", "b"} {
		mustSay(t, dial(t, n.host(from), echo(t, n.host("c"), 0)), "hello from "+from)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if conn, err := n.host("a").dial(ctx, "tcp", "192.0.2.1:80"); err == nil {
		_ = conn.Close()
		t.Error("a host reaches an address outside")
	}
}

func TestADelayIsSeenInItsDirection(t *testing.T) {
	const delay = 200 * time.Millisecond
	n := newNetwork(t, "a", "b")
	a, b := n.host("a"), n.host("b")
	c := dial(t, a, echo(t, b, 0))
	mustSay(t, c, "at once")
	n.shape(a, b, condition{delay: delay})
	if took := mustSay(t, c, "one way"); took < delay {
		t.Errorf("one way of %v took %v", delay, took)
	}
	n.shape(b, a, condition{delay: delay})
	if took := mustSay(t, c, "both ways"); took < 2*delay {
		t.Errorf("two ways of %v took %v", delay, took)
	}
	n.heal()
	mustSay(t, c, "healed")
}

func TestALossyWayLosesFramesAndTCPGetsThrough(t *testing.T) {
	n := newNetwork(t, "a", "b")
	a, b := n.host("a"), n.host("b")
	c := dial(t, a, echo(t, b, 0))
	n.between(a, b, condition{loss: 0.2})
	for i := 0; n.dropped.Load() < 5; i++ {
		mustSay(t, c, fmt.Sprint(i))
	}
}

func TestAPartitionCutsBothWaysAndHealingEndsIt(t *testing.T) {
	n := newNetwork(t, "a", "b", "c")
	a, b, other := n.host("a"), n.host("b"), n.host("c")
	ab, ac := dial(t, a, echo(t, b, 0)), dial(t, a, echo(t, other, 0))
	n.partition([]*host{a, other}, []*host{b})
	if _, err := ab.say("through the wall", 300*time.Millisecond); !os.IsTimeout(err) {
		t.Errorf("got %v, want no echo through a partition", err)
	}
	mustSay(t, ac, "on this side")
	n.heal()
	must(t, ab.SetDeadline(time.Now().Add(patience)))
	if line, err := ab.lines.ReadString('\n'); err != nil || line != "through the wall\n" {
		t.Errorf("got %q, %v, want what was sent into the partition", line, err)
	}
	n.isolate(a)
	if _, err := ac.say("alone", 300*time.Millisecond); !os.IsTimeout(err) {
		t.Errorf("got %v, want no echo for a host that is alone", err)
	}
}

func TestACutInOneDirectionLetsTheOtherPass(t *testing.T) {
	n := newNetwork(t, "a", "b")
	a, b := n.host("a"), n.host("b")
	listen := func(h *host) (conn net.PacketConn) {
		must(t, inside(h.namespace, func() (err error) {
			conn, err = net.ListenPacket("udp", at(h, 0))
			return err
		}))
		t.Cleanup(func() { _ = conn.Close() })
		must(t, conn.SetDeadline(time.Now().Add(patience)))
		return conn
	}
	onA, onB := listen(a), listen(b)
	got := make([]byte, 16)
	deliver := func(from, to net.PacketConn) error {
		if _, err := from.WriteTo([]byte("x"), to.LocalAddr()); err != nil {
			return err
		}
		_, _, err := to.ReadFrom(got)
		return err
	}
	must(t, deliver(onA, onB)) // they know each other's Ethernet addresses
	must(t, deliver(onB, onA))
	n.cut(a, b)
	must(t, onB.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
	if err := deliver(onA, onB); !os.IsTimeout(err) {
		t.Errorf("got %v, want nothing to pass from a to b", err)
	}
	if err := deliver(onB, onA); err != nil {
		t.Errorf("got %v, want the other direction to pass", err)
	}
}

func TestALinkGoesDownAndComesBack(t *testing.T) {
	n := newNetwork(t, "a", "b")
	a, b := n.host("a"), n.host("b")
	address := echo(t, b, 0)
	mustSay(t, dial(t, a, address), "up")
	a.down(t)
	if conn, err := a.dial(t.Context(), "tcp", address); err == nil {
		_ = conn.Close()
		t.Error("a host without a link reaches another")
	}
	a.up(t)
	mustSay(t, dial(t, a, address), "up again")
}

func TestAHostMovesAndItsNameFollows(t *testing.T) {
	n := newNetwork(t, "a", "b")
	a, b := n.host("a"), n.host("b")
	if got := addressOf(t, a, "b"); got != "10.77.0.3" {
		t.Errorf("b is at %s", got)
	}
	old := echo(t, b, 7600)
	n.move(t, b, "10.77.0.99")
	if got := addressOf(t, a, "b"); got != "10.77.0.99" {
		t.Errorf("b is still at %s", got)
	}
	mustSay(t, dial(t, a, echo(t, b, 7600)), "at the new address")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if conn, err := a.dial(ctx, "tcp", old); err == nil {
		_ = conn.Close()
		t.Error("the old address still answers")
	}
}

// addressOf asks a process in the host for the address of a name.
func addressOf(t *testing.T, h *host, name string) string {
	t.Helper()
	address, _, _ := strings.Cut(output(t, h, "getent", "ahostsv4", name), " ")
	return address
}

func TestNamespacesAreGoneWithTheirTest(t *testing.T) {
	var namespace string
	t.Run("a test", func(t *testing.T) {
		n := newNetwork(t, "a")
		namespace = n.host("a").namespace
		if !hasNamespace(t, namespace) {
			t.Errorf("there is no namespace %s", namespace)
		}
	})
	if hasNamespace(t, namespace) {
		t.Errorf("namespace %s is left", namespace)
	}
}

func TestTheJanitorRemovesNamespacesAndEndsWhatRunsInThem(t *testing.T) {
	prefix, folder := namespacePrefix+"janitor-", t.TempDir()
	namespace := prefix + "a"
	clean, err := startJanitor(prefix, folder)
	must(t, err)
	must(t, runIP("netns", "add", namespace))
	t.Cleanup(func() { removeNamespace(namespace) })
	p := launch(t, program{at: loopback{}, name: "sleep", argv: []string{"ip", "netns", "exec", namespace, "sleep", "1000"}})
	eventually(t, "the process is in the namespace", func() bool {
		pids, err := exec.Command("ip", "netns", "pids", namespace).Output()
		return err == nil && len(pids) > 0
	})
	clean()
	if err := p.wait(t); err == nil {
		t.Error("the process has ended by itself")
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is left: %v", err)
	}
	if hasNamespace(t, namespace) {
		t.Errorf("namespace %s is left", namespace)
	}
}

func hasNamespace(t *testing.T, name string) bool {
	t.Helper()
	list, err := exec.Command("ip", "netns", "list").Output()
	must(t, err)
	return strings.Contains(string(list)+" ", name)
}
