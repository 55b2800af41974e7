package remote_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"bifrost/remote"
	"bifrost/schemas"
)

func TestWhatIsKnownOfPeersIsInMetrics(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	here := asker(t, remote.Config{Credits: 7}, there)
	for range 3 {
		if _, err := here.client.ChatCompletionRequest(within(t, time.Minute), hello("x")); err != nil {
			t.Fatal(err)
		}
	}
	collector := here.node.Collector()
	faults, err := testutil.CollectAndLint(collector)
	if err != nil || len(faults) > 0 {
		t.Errorf("the metrics are not as Prometheus wants them: %v, %v", faults, err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector)
	peer := `{peer="` + there.node.Address() + `"}`
	want := `
# HELP bifrost_peer_calls_total Calls that were sent to the peer.
# TYPE bifrost_peer_calls_total counter
bifrost_peer_calls_total` + peer + ` 3
# HELP bifrost_peer_credits Calls that may be with the peer at once.
# TYPE bifrost_peer_credits gauge
bifrost_peer_credits` + peer + ` 7
# HELP bifrost_peer_up Whether the peer is up: 1, or 0.
# TYPE bifrost_peer_up gauge
bifrost_peer_up` + peer + ` 1
`
	err = testutil.GatherAndCompare(registry, strings.NewReader(want), "bifrost_peer_calls_total", "bifrost_peer_credits", "bifrost_peer_up")
	if err != nil {
		t.Error(err)
	}
}
