package remote_test

import (
	"net"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// A node whose port the system chooses is asked by the host that it advertises, and that port.
func TestAnAdvertisedPortOfZeroIsThatOfTheListener(t *testing.T) {
	t.Parallel()
	there := ownerAt(t, remote.Config{Listen: "127.0.0.1:0", Advertise: "localhost:0"})
	host, port, err := net.SplitHostPort(there.node.Address())
	if err != nil || host != "localhost" || port == "0" {
		t.Fatalf("it advertises %q (%v)", there.node.Address(), err)
	}
	here := asker(t, remote.Config{}, there)
	if _, err := here.client.ChatCompletionRequest(within(t, time.Minute), hello("x")); err != nil {
		t.Error(err)
	}
}

func TestAnAdvertisedPortOfTheConfigurationStays(t *testing.T) {
	t.Parallel()
	listen := freeAddress(t)
	there := ownerAt(t, remote.Config{Listen: listen, Advertise: listen})
	if got := there.node.Address(); got != listen {
		t.Errorf("it advertises %q, want %q", got, listen)
	}
}

func ownerAt(t *testing.T, cfg remote.Config) *process {
	t.Helper()
	return launch(t, cfg, bifrost.WithProvider(providerName, answering()), schemas.StaticAccount{providerName: {}})
}
