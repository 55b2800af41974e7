package remote_test

import (
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// The first heartbeat of another run belongs to the link that it comes on: that one was
// begun since the node is back.
func TestANodeThatIsStartedAgainIsLostOnceAndNotAgain(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	start := func() *process {
		return launch(t, remote.Config{Listen: address}, bifrost.WithProvider(providerName, answering()),
			schemas.StaticAccount{providerName: {Config: schemas.ProviderConfig{}}})
	}
	there := start()
	here := asker(t, remote.Config{}, there)
	ctx := within(t, time.Minute)
	if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err != nil {
		t.Fatal(err)
	}
	there.stop(t)
	eventually(t, "the node is lost", func() bool { return here.client.Stats().Peers[0].State == schemas.PeerLost })
	start()
	eventually(t, "the node is used again", func() bool {
		_, err := here.client.ChatCompletionRequest(ctx, hello("x"))
		return err == nil
	})
	for began := time.Now(); time.Since(began) < 1500*time.Millisecond; { // a heartbeat more
		if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err != nil {
			t.Fatal(err)
		}
	}
	if n := here.client.Stats().Peers[0].Losses; n != 1 {
		t.Errorf("the node was lost %d times", n)
	}
}
