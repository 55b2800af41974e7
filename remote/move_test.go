package remote_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// An owner with one worker is lost with one call in hand and three behind it, while
// another owner is there.
func TestCallsThatWaitAtALostNodeGoToAnotherOne(t *testing.T) {
	t.Parallel()
	p, q := stuck(nil), answering()
	var began atomic.Int64
	blocked := &scripted{script: func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		began.Add(1)
		return p.script(ctx, a)
	}}
	first, gate1 := gated(t, blocked, schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 10}})
	second, gate2 := gated(t, q, schemas.ProviderConfig{})
	gate2.cut()
	here := launch(t, remote.Config{Providers: map[string]remote.Provider{providerName: {MoveWaiting: true,
		Nodes: []string{first.node.Address(), second.node.Address()}}}}, bifrost.WithHooks(), nil)
	ctx := within(t, time.Minute)
	var calls []<-chan error
	for range 4 {
		calls = append(calls, ask(ctx, here))
	}
	eventually(t, "one is in hand and three wait", func() bool {
		s := first.client.Stats().Providers[providerName]
		return began.Load() == 1 && s.Queued == 3
	})
	gate2.mend()
	eventually(t, "both nodes are up", peersUp(here, 2))
	gate1.cut()
	lost := 0
	for _, call := range calls {
		if err := <-call; err != nil {
			wantLost(t, err, true)
			lost++
		}
	}
	if lost != 1 || q.calls.Load() != 3 || began.Load() != 1 {
		t.Errorf("%d calls were lost, %d moved, %d began at the lost node", lost, q.calls.Load(), began.Load())
	}
	if s := here.client.Stats().Providers[providerName]; !s.Balanced() || s.Completed != 3 || s.InHand != 0 {
		t.Errorf("the asker counts %+v", s)
	}
}
