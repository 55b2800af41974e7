package remote_test

import (
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

func TestAProviderOfAnyMemberIsAskedWhereItIs(t *testing.T) {
	t.Parallel()
	p := answering()
	there := owner(t, p, schemas.ProviderConfig{})
	empty := launch(t, remote.Config{}, bifrost.WithProvider("another", answering()), nil)
	here := launch(t, remote.Config{Providers: map[string]remote.Provider{providerName: {Nodes: []string{remote.AnyMember}}}},
		bifrost.WithHooks(), nil)
	ctx := within(t, time.Minute)
	if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); kindOf(err) != schemas.KindNodeLost {
		t.Errorf("without a member: got %v", err)
	}
	here.node.SetMembers([]string{there.node.Address(), empty.node.Address(), here.node.Address(), "no address"})
	eventually(t, "the members are up", peersUp(here, 2))
	for range 5 {
		if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.calls.Load(); n != 5 {
		t.Errorf("the member's provider had %d calls", n)
	}
	here.node.SetMembers([]string{empty.node.Address()})
	if _, err := here.client.ChatCompletionRequest(ctx, hello("x")); kindOf(err) != schemas.KindNotFound {
		t.Errorf("without the member that has it: got %v", err)
	}
}
