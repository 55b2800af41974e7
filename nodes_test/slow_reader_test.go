//go:build linux

package nodes_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// sipping returns a client whose sockets take little that is not read.
func sipping(t *testing.T, from place) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := from.dial(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(32 << 10)
		}
		return conn, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// What lies between a reader and the provider of another node is windows and the buffers
// of sockets, however long the stream is.
func TestASlowReaderSlowsTheUpstreamOfAnotherNodeInBoundedMemory(t *testing.T) {
	const chunks, size = 3000, 10_000
	const most = 16 << 20 // of 30 MB; half of it is in the buffers of the kernel
	for _, d := range doors {
		if !d.streams {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			c := newCouple(t, own{})
			ask(t, c.asker, "openai/m", wish{id: "warm"})
			c.asker.client = sipping(t, c.asker.at)
			before := [2]int64{c.owner.memory(), c.asker.memory()}
			resp, err := c.asker.through(t.Context(), d, "openai/m", wish{id: "slow", chunks: chunks, size: size}, 0)
			must(t, err)
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			_, err = lines.ReadString('\n')
			must(t, err)
			taken, since := int64(-1), time.Now()
			eventually(t, "the upstream is not read for 1 s", func() bool {
				if now := c.now().bytes; now != taken {
					taken, since = now, time.Now()
				}
				return time.Since(since) > time.Second
			})
			t.Logf("%d bytes were taken from the upstream; the owner has %+d, the asker %+d bytes more",
				taken, c.owner.memory()-before[0], c.asker.memory()-before[1])
			if taken > most {
				t.Errorf("%d of %d bytes were taken from the upstream for a reader who has read one event", taken, chunks*size)
			}
			for i, n := range []*node{c.owner, c.asker} {
				if more := n.memory() - before[i]; more > 32<<20 {
					t.Errorf("%s has taken %d bytes of memory for one slow reader", n.name, more)
				}
			}
			rest, err := io.ReadAll(lines)
			must(t, err)
			if n := strings.Count(string(rest), strings.Repeat("x", size)); n < chunks-1 {
				t.Errorf("%d of %d chunks came", n, chunks)
			}
			if taken := c.now().bytes; taken != chunks*size+8 {
				t.Errorf("the upstream has sent %d bytes", taken)
			}
		})
	}
}
