//go:build linux

package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"bifrost/internal/porttest"
)

// The harness itself: processes, nodes and upstreams.

// openai is a configuration of one provider that asks an upstream.
func openai(u *upstream) string {
	return fmt.Sprintf("[providers.openai.network_config]\nbase_url = %q\n", u.base)
}

func contextFor(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// ask makes a call that must succeed.
func ask(t *testing.T, n *node, model string, w wish) {
	t.Helper()
	if got, err := n.chat(contextFor(t, patience), model, w.prompt()); err != nil || got.status != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", w.id, got.status, err, got.body)
	}
}

func TestANodeIsServedStoppedAndStartedAgainOnTheSamePort(t *testing.T) {
	u := newUpstream(t, loopback{}, 0)
	n := serve(t, loopback{}, "a", porttest.Free(t, 1)[0], openai(u))
	ask(t, n, "openai/m", wish{id: "1"})
	must(t, n.stop(t))
	if n.running() || n.ready() {
		t.Error("it still answers")
	}
	n.restart(t)
	n.awaitReady(t)
	ask(t, n, "openai/m", wish{id: "2"})
	// It answers before it says so.
	eventually(t, "both starts are in one log", func() bool { return len(n.log.lines("bifrost is listening on")) == 2 })
	if r := u.now(); r.calls != 2 || len(r.twice()) != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestAKilledNodeIsGoneAndAFrozenOneStandsStill(t *testing.T) {
	u := newUpstream(t, loopback{}, 0)
	n := serve(t, loopback{}, "a", porttest.Free(t, 1)[0], openai(u))
	if n.memory() < 1<<20 {
		t.Errorf("it has %d bytes of memory", n.memory())
	}
	n.freeze(t)
	if _, err := n.chat(contextFor(t, 300*time.Millisecond), "openai/m", "id=1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v from a frozen node", err)
	}
	n.thaw(t)
	ask(t, n, "openai/m", wish{id: "2"})
	n.kill(t)
	var ended *exec.ExitError
	if err := n.wait(t); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended with %v", err)
	}
	n.kill(t)
	n.restart(t)
	n.awaitReady(t)
}

func TestAFrozenProcessIsEndedWithItsTest(t *testing.T) {
	var p *process
	t.Run("a test", func(t *testing.T) {
		p = launch(t, program{at: loopback{}, name: "sleep", argv: []string{"sleep", "1000"}})
		p.freeze(t)
	})
	if p.running() {
		t.Error("it is left")
	}
}

func TestANodeMayHaveNoRoomForItsOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	u := newUpstream(t, loopback{}, 0)
	n := serveUnready(t, program{at: loopback{}, name: "a", output: full}, porttest.Free(t, 1)[0], openai(u))
	n.awaitReady(t)
	ask(t, n, "openai/m", wish{id: "1"})
}

func TestNodesInDifferentNamespacesAskOneUpstream(t *testing.T) {
	net := newNetwork(t, "a", "b", "up")
	u := newUpstream(t, net.host("up"), 9000)
	for _, name := range []string{"a", "b"} {
		ask(t, serve(t, net.host(name), name, 8080, openai(u)), "openai/m", wish{id: name})
	}
	if r := u.now(); r.seen["a"] != 1 || r.seen["b"] != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestAnUpstreamCountsWhatIsWithItAtOnceAndHoldsItsAnswers(t *testing.T) {
	u := newUpstream(t, loopback{}, 0)
	n := serve(t, loopback{}, "a", porttest.Free(t, 1)[0], openai(u))
	u.hold()
	var calls sync.WaitGroup
	for i := range 5 {
		calls.Go(func() { // ends with its answer
			if got, err := n.chat(t.Context(), "openai/m", wish{id: fmt.Sprint(i)}.prompt()); err != nil || got.status != http.StatusOK {
				t.Errorf("status %d, %v", got.status, err)
			}
		})
	}
	u.await(t, "five calls at once", func(r report) bool { return r.active == 5 })
	u.release()
	calls.Wait()
	if r := u.now(); r.active != 0 || r.most != 5 || r.calls != 5 || r.canceled != 0 || r.bytes != 5*8 {
		t.Errorf("got %+v", r)
	}
	ask(t, n, "openai/m", wish{id: "3"})
	if ids := u.now().twice(); len(ids) != 1 || ids[0] != "3" {
		t.Errorf("got %q, want the id that came twice", ids)
	}
}

func TestAnUpstreamStreamsAndFailsAsAPromptWishes(t *testing.T) {
	u := newUpstream(t, loopback{}, 0)
	n := serve(t, loopback{}, "a", porttest.Free(t, 1)[0], openai(u))
	begin := time.Now()
	s, err := n.stream(contextFor(t, patience), "openai/m",
		wish{id: "1", delay: 100 * time.Millisecond, chunks: 4, every: 50 * time.Millisecond, size: 1000}.prompt())
	must(t, err)
	events, done, err := s.rest()
	if took := time.Since(begin); err != nil || events != 5 || !done || took < 250*time.Millisecond {
		t.Errorf("got %d events, the end mark %v, %v, after %v", events, done, err, took)
	}
	if r := u.now(); r.bytes != 4000 || r.active != 0 {
		t.Errorf("got %+v", r)
	}
	if got, err := n.chat(contextFor(t, patience), "openai/m", wish{id: "2", status: 418}.prompt()); err != nil || got.status == http.StatusOK {
		t.Errorf("got %+v, %v, want an error", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err = n.stream(ctx, "openai/m", wish{id: "3", chunks: 1000, every: time.Minute}.prompt())
	must(t, err)
	_, err = s.next()
	must(t, err)
	cancel()
	_ = s.Close()
	u.await(t, "the cancel", func(r report) bool { return r.canceled == 1 && r.active == 0 })
}
