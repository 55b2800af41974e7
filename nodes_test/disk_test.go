//go:build linux

package nodes_test

import (
	"os"
	"testing"
	"time"
)

// A node whose disk is full cannot say what happens to it, and goes on.
func TestNodesWithoutRoomForTheirLogsServeAndLoseEachOtherAsAlways(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	defer full.Close()
	u := newUpstream(t, loopback{}, 0)
	there, here := newMachine(), newMachine()
	owner := serveUnready(t, program{at: there, name: "owner", output: full}, gatewayPort,
		plain(there)+own{name: "openai", upstream: u, concurrency: 100, buffer: 100}.String())
	asker := serveUnready(t, program{at: here, name: "asker", output: full}, gatewayPort, plain(here)+away("openai", "", nodeAt(there)))
	owner.awaitReady(t)
	asker.awaitReady(t)
	mustBeUsed(t, asker, "openai/m", "first", time.Now(), 3*time.Second)
	f := takeOff(t.Context(), t, asker, "openai/m", u, 1)
	killed := time.Now()
	owner.kill(t)
	f.mustBeLost(t, killed, time.Second)
	owner.restart(t)
	owner.awaitReady(t)
	mustBeUsed(t, asker, "openai/m", "second", time.Now(), 3*time.Second)
	if err := asker.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
