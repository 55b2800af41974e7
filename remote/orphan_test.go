package remote_test

import (
	"context"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// The owner's connection to the asker breaks, and the asker's own does not: only the
// owner knows, and it gives up the asker's calls.
func TestCallsThatAPeerHasGivenUpFailHereToo(t *testing.T) {
	t.Parallel()
	p := stuck(nil)
	there := owner(t, p, schemas.ProviderConfig{})
	g := newGate(t)
	here := launch(t, remote.Config{Listen: g.target, Advertise: g.address(),
		Providers: map[string]remote.Provider{providerName: {Nodes: []string{there.node.Address()}}}}, bifrost.WithHooks(), nil)
	answered := ask(within(t, time.Minute), here)
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	g.cut()
	eventually(t, "the owner has given it up", func() bool { return p.open.Load() == 0 })
	g.mend()
	select {
	case err := <-answered:
		wantLost(t, err, true)
	case <-time.After(8 * time.Second):
		t.Fatal("the caller waits for an answer that nobody will send")
	}
	eventually(t, "the call is counted", func() bool {
		s := here.client.Stats()
		own := s.Providers[providerName]
		return s.Peers[0].Lost == 1 && own.Failed == 1 && own.InHand == 0 && own.Balanced()
	})
	ctx, cancel := context.WithCancel(within(t, time.Minute))
	answered = ask(ctx, here)
	eventually(t, "a new call is there", func() bool { return p.open.Load() == 1 })
	select {
	case err := <-answered:
		t.Errorf("a call after the loss was lost too: %v", err)
	case <-time.After(2 * time.Second): // two heartbeats
	}
	cancel()
	<-answered
}
