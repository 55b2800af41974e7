package remote_test

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

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

// lines keeps what is logged. It is safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

func TestWhatIsFoundAndCannotBeAPeerIsLogged(t *testing.T) {
	t.Parallel()
	log := &lines{}
	node, err := remote.Start(remote.Config{Advertise: "localhost:0", Logger: zerolog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = node.Shutdown(within(t, time.Minute)) })
	_, port, err := net.SplitHostPort(node.Address())
	if err != nil {
		t.Fatal(err)
	}
	node.SetMembers([]string{node.Address(), "10.0.0.3:7600", "127.0.0.1:" + port})
	if !log.has(`"error":"\"10.0.0.3:7600\" is not on loopback, and there is no certificate`) {
		t.Errorf("the log does not say what cannot be a peer: %s", log.text.String())
	}
	eventually(t, "the log says that another address of this node is none of a peer", func() bool { return log.has("it is this node itself") })
}
