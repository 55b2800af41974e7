package remote_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bifrost/remote"
	"bifrost/schemas"
)

// A node that stops still beats, and its providers are closed already. That is no reason
// to tell a caller that there is no such provider.
func TestANodeThatStopsRefusesAndIsNotTakenForOneWithoutTheProvider(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := asker(t, remote.Config{}, there)
	ctx := within(t, time.Minute)
	if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err != nil {
		t.Fatal(err)
	}
	there.node.Leave()
	if err := there.client.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < 2500*time.Millisecond; <-tick.C { // two more heartbeats
		_, err := here.client.ChatCompletionRequest(ctx, hello("x"))
		var e *schemas.Error
		if !errors.As(err, &e) || e.MayHaveStarted || e.Kind != schemas.KindNodeLost && e.Reason != schemas.ReasonDraining {
			t.Fatalf("got %v, want a refusal by a node that stops", err)
		}
	}
}

// A call that meets a node when it begins to stop is refused there, and has another one.
func TestWhileOneOfTwoNodesStopsNoCallFails(t *testing.T) {
	t.Parallel()
	ctx := within(t, time.Minute)
	owners := []*process{owner(t, answering(), schemas.ProviderConfig{}), owner(t, answering(), schemas.ProviderConfig{})}
	here := asker(t, remote.Config{}, owners...)
	eventually(t, "both nodes are up", peersUp(here, 2))
	calling, stop := context.WithCancel(ctx)
	failed := make(chan error, 8)
	for range cap(failed) {
		go func() { // ends when calling has
			var err error
			for calling.Err() == nil && err == nil {
				_, err = here.client.ChatCompletionRequest(ctx, hello("x"))
			}
			failed <- err
		}()
	}
	eventually(t, "both are used", func() bool {
		return here.client.Stats().Peers[0].Calls > 10 && here.client.Stats().Peers[1].Calls > 10
	})
	owners[0].node.Leave()
	if err := owners[0].client.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	stop()
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if s := here.client.Stats().Providers[providerName]; !s.Balanced() {
		t.Errorf("the asker counts %+v", s)
	}
}
