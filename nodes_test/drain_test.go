//go:build linux

package nodes_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// brief is a wish that takes so long through the door.
func (d door) brief(id string, takes time.Duration) wish {
	if d.streams {
		return wish{id: id, chunks: 20, every: takes / 20}
	}
	return wish{id: id, delay: takes}
}

func TestAnOwnerThatStopsFinishesWhatOtherNodesHaveAskedIt(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	var f flight
	for i := range 3 {
		for _, d := range doors {
			f = append(f, c.asker.ask(t.Context(), d, "openai/m", d.brief(fmt.Sprintf("%s %d", d.name, i), 2*time.Second), 0))
		}
	}
	c.await(t, "all calls are there", func(r report) bool { return r.active == len(f) })
	stopped := make(chan error, 1)
	go func() { stopped <- c.owner.stop(t) }() // ends with the owner
	refused := 0
	for i := 0; len(f.over()) < len(f); i++ {
		a := c.asker.ask(t.Context(), doors[i%len(doors)], "openai/m", wish{id: fmt.Sprintf("new %d", i)}, 0)
		a.wait(t)
		code := a.header.Get("X-Bifrost-Code")
		switch {
		case a.succeeded() && refused == 0: // it was sooner
		case a.status >= 500 && (code == "draining" || code == "node_lost"):
			refused++
		default:
			t.Fatalf("want a refusal of a node that stops, got %v", a)
		}
		pause(t.Context(), 20*time.Millisecond)
	}
	f.mustSucceed(t)
	if err := <-stopped; err != nil {
		t.Errorf("the owner ended with %v", err)
	}
	if refused == 0 {
		t.Error("no call met the node while it stopped")
	}
	c.owner.restart(t)
	c.owner.awaitReady(t)
	mustBeUsed(t, c.asker, "openai/m", "restarted", time.Now(), 3*time.Second)
	c.mustBeSeenOnce(t)
}

func TestWhileAnOwnerStopsNewCallsGoToAnotherOneAndNoneFails(t *testing.T) {
	t.Parallel()
	w := newPair(t, "")
	l := newLoad(4, func(i int) *asked {
		d := doors[i%len(doors)]
		return w.asker.ask(t.Context(), d, "openai/m", d.brief(fmt.Sprint(i), 40*time.Millisecond), 0)
	})
	for i, n := range w.owners {
		must(t, n.stop(t))
		n.restart(t)
		n.awaitReady(t)
		w.mustUse(t, i, time.Now())
	}
	f := l.stop()
	f.mustSucceed(t)
	t.Logf("%d calls meanwhile", len(f))
	w.mustBeSeenOnce(t)
}

func TestAnAskerThatStopsFinishesItsCallsToOtherNodes(t *testing.T) {
	t.Parallel()
	c := newCouple(t, own{concurrency: 100, buffer: 100})
	var f flight
	for _, d := range doors {
		f = append(f, c.asker.ask(t.Context(), d, "openai/m", d.brief(d.name, 2*time.Second), 0))
	}
	c.await(t, "all calls are there", func(r report) bool { return r.active == len(f) })
	if err := c.asker.stop(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	f.mustSucceed(t)
	if got, err := c.owner.get(t.Context(), "/readyz"); err != nil || got.status != http.StatusOK {
		t.Errorf("the owner: %d, %v", got.status, err)
	}
}
