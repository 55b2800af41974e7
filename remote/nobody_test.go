package remote_test

import (
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	v1 "bifrost/remote/bifrostv1"
	"bifrost/schemas"
)

// What the engine itself answers waits without a bound for a peer that does not read, and so
// does what is sent to an actor that is busy.
func TestRequestsToNobodyAndToWorkersAreAnsweredAsThoseToTheNode(t *testing.T) {
	t.Parallel()
	there := owner(t, answering(), schemas.ProviderConfig{})
	s := newStranger(t, nil)
	targets := []string{"providers/nobody", "providers/", "providers/a/b"}
	for _, bucket := range there.node.System().ProcessRegistry.LocalPIDs.LocalPIDs {
		for _, id := range bucket.Keys() {
			if strings.HasPrefix(id, "providers/") && id != "providers/"+providerName {
				targets = append(targets, id)
			}
		}
	}
	if len(targets) < 5 {
		t.Fatalf("no worker is among %v", targets)
	}
	for i, target := range targets {
		s.send(actor.NewPID(there.node.Address(), target), &v1.Request{Call: uint64(i), Operation: "chat", Model: model,
			Body: []byte(`{"messages":[]}`)})
	}
	eventually(t, "all are answered", func() bool { return len(s.messages()) == len(targets) })
	for _, m := range s.messages() {
		if m, ok := m.(*v1.DeadLetter); !ok || m.Reason != string(schemas.ReasonNotFound) {
			t.Errorf("got %T %v", m, m)
		}
	}
}
