package remote_test

import (
	"testing"
	"time"

	"bifrost/remote"
)

// The answers take longer than a silent peer is waited for, and than any timeout of an
// answer's; each arrives all the same.
func TestNoAnswerIsLostOnASlowNetwork(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	p := padded(open, 60_000)
	there := owner(t, p, wide(200))
	g := newGate(t)
	here := asker(t, remote.Config{Listen: g.target, Advertise: g.address()}, there)
	eventually(t, "both are up", func() bool { return peersUp(here, 1)() && peersUp(there, 1)() })
	var calls []<-chan error
	for range 200 {
		calls = append(calls, ask(within(t, 2*time.Minute), here))
	}
	eventually(t, "they are there", func() bool { return p.open.Load() == 200 })
	g.slow(t, 15*time.Millisecond) // about 2 MB in a second
	close(open)
	for _, call := range calls {
		if err := <-call; err != nil {
			t.Fatal(err)
		}
	}
	if s := here.client.Stats(); s.Peers[0].Losses != 0 || s.Providers[providerName].Completed != 200 {
		t.Errorf("the asker counts %+v and %+v", s.Peers[0], s.Providers[providerName])
	}
}
