package remote_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// logbook keeps what a node logs. It is safe for concurrent use.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// line returns the first line that has all of it; empty if there is none.
func (l *logbook) line(parts ...string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			return line
		}
	}
	return ""
}

func TestTheLogSaysOnceWhatHasBecomeOfAPeerAndWhatItCost(t *testing.T) {
	t.Parallel()
	p := stuck(nil)
	killed, g := gated(t, p, schemas.ProviderConfig{})
	stopped := owner(t, answering(), schemas.ProviderConfig{})
	book := &logbook{}
	node, err := remote.Start(remote.Config{Logger: zerolog.New(book), Peers: []string{stopped.node.Address()},
		Providers: map[string]remote.Provider{providerName: {Nodes: []string{killed.node.Address()}}}})
	if err != nil {
		t.Fatal(err)
	}
	client, err := bifrost.Init(schemas.BifrostConfig{}, bifrost.WithNode(node))
	if err != nil {
		t.Fatal(err)
	}
	here := &process{node: node, client: client}
	t.Cleanup(func() { here.stop(t) })
	eventually(t, "both peers are up", peersUp(here, 2))
	answered := ask(within(t, time.Minute), here)
	eventually(t, "the provider has the call", func() bool { return p.open.Load() == 1 })
	g.cut()
	wantLost(t, <-answered, true)
	stopped.stop(t)
	wants := [][]string{
		{killed.node.Address(), `"info"`, "a peer is up", `"credits":1024`},
		{killed.node.Address(), `"warn"`, "a peer is lost, and is tried again", `"state":"lost"`, `"why":"its connection has ended"`, `"lost_calls":1`},
		{stopped.node.Address(), `"info"`, "a peer stops, and gets nothing new", `"state":"leaving"`},
		{stopped.node.Address(), `"info"`, "a peer has stopped, and is tried again", `"state":"lost"`},
	}
	for _, parts := range wants {
		eventually(t, "the log has "+strings.Join(parts, " "), func() bool { return book.line(parts...) != "" })
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	if n := strings.Count(book.text.String(), `"state":"lost"`); n != 2 {
		t.Errorf("two losses are logged in %d lines:\n%s", n, &book.text)
	}
}
