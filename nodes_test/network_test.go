//go:build linux

package nodes_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// network is hosts and the switch between them. Its methods are safe for concurrent use,
// but for those that have a *testing.T.
type network struct {
	hosts []*host

	mu      sync.Mutex
	ways    map[way]condition
	learned map[mac]*host // which host an Ethernet address belongs to
	chance  *rand.Rand
	late    delayed // frames that are on their way
	sooner  chan struct{}
	closed  bool
	done    chan struct{}
	workers sync.WaitGroup

	passed, dropped atomic.Int64
}

// way is a direction between two hosts.
type way struct{ from, to *host }

// condition is what happens to the frames of one direction. The zero value passes all on
// at once.
type condition struct {
	delay time.Duration // each frame comes so much later
	loss  float64       // share of the frames that are lost, from 0 to 1
	cut   bool          // none comes
}

var networks atomic.Int64

// newNetwork makes hosts with the addresses 10.77.0.2 and so on. They are removed when
// the test ends: make it before the processes that run in it.
func newNetwork(t *testing.T, names ...string) *network {
	t.Helper()
	n := &network{ways: map[way]condition{}, learned: map[mac]*host{}, chance: rand.New(rand.NewPCG(1, 2)),
		sooner: make(chan struct{}, 1), done: make(chan struct{})}
	t.Cleanup(func() {
		n.close()
		if t.Failed() {
			t.Log(n)
		}
	})
	prefix := fmt.Sprintf("%s%d-", namespacePrefix, networks.Add(1))
	for i, name := range names {
		h, err := addHost(name, prefix+name, netip.AddrFrom4([4]byte{10, 77, 0, byte(2 + i)}))
		n.hosts = append(n.hosts, h)
		if err != nil {
			t.Fatalf("host %s: %v", name, err)
		}
	}
	must(t, n.tellNames())
	for _, h := range n.hosts {
		n.workers.Go(func() { n.pump(h) }) // ends when the host's tap is closed
	}
	n.workers.Go(n.deliverLate) // ends when done is closed
	return n
}

func (n *network) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	close(n.done)
	for _, h := range n.hosts {
		h.close()
	}
	n.workers.Wait()
}

// host returns the host of that name.
func (n *network) host(name string) *host {
	for _, h := range n.hosts {
		if h.name == name {
			return h
		}
	}
	panic("no host " + name)
}

// shape sets what happens on the way from one host to another.
func (n *network) shape(from, to *host, c condition) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ways[way{from, to}] = c
}

// between sets what happens between two hosts, in both directions.
func (n *network) between(a, b *host, c condition) {
	n.shape(a, b, c)
	n.shape(b, a, c)
}

// cut lets nothing pass from one host to another. What the other says still arrives.
func (n *network) cut(from, to *host) { n.shape(from, to, condition{cut: true}) }

// partition lets nothing pass between the two groups.
func (n *network) partition(some, others []*host) {
	for _, a := range some {
		for _, b := range others {
			n.between(a, b, condition{cut: true})
		}
	}
}

// isolate lets nothing pass between a host and all others. Its link stays up.
func (n *network) isolate(h *host) {
	for _, other := range n.hosts {
		if other != h {
			n.between(h, other, condition{cut: true})
		}
	}
}

// heal makes all ways perfect again. Frames that are on their way arrive when they are due.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.ways)
}

// move gives a host another address, which its name then stands for. Connections of the
// old one are not told. An address that a process has by name is looked up again within
// seconds.
func (n *network) move(t *testing.T, h *host, to string) {
	t.Helper()
	old := h.prefix()
	h.mu.Lock()
	h.address = netip.MustParseAddr(to)
	h.mu.Unlock()
	must(t, h.configure("addr", "del", old, "dev", link)) // the first address of a subnet would take a second one with it
	must(t, h.configure("addr", "add", h.prefix(), "dev", link))
	must(t, n.tellNames())
}

// tellNames writes the file of hosts in each namespace. The file stays the same, since
// processes have it mounted.
func (n *network) tellNames() error {
	text := "127.0.0.1 localhost\n"
	for _, h := range n.hosts {
		text += fmt.Sprintf("%s %s\n", h.ip(), h.name)
	}
	var all []error
	for _, h := range n.hosts {
		f, err := os.OpenFile(filepath.Join(filesOf(h.namespace), "hosts"), os.O_WRONLY|os.O_TRUNC, 0)
		if err == nil {
			_, err = f.WriteString(text)
			err = errors.Join(err, f.Close())
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (n *network) String() string {
	var names []string
	for _, h := range n.hosts {
		names = append(names, h.name)
	}
	return fmt.Sprintf("network of %s: %d frames passed, %d dropped", strings.Join(names, ", "), n.passed.Load(), n.dropped.Load())
}
