package etcdtest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A gate passes connections on to an etcd, and can be shut: then its connections are
// closed, and new ones as soon as they come.
type gate struct {
	to       string
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]bool
}

func startGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{to: to, listener: l, conns: map[net.Conn]bool{}}
	g.wg.Go(g.accept) // ends when the test closes the listener
	t.Cleanup(func() {
		l.Close()
		g.set(true)
		g.wg.Wait()
	})
	return g
}

func (g *gate) address() string { return g.listener.Addr().String() }

// set shuts or opens it.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if shut {
		for conn := range g.conns {
			conn.Close()
		}
		clear(g.conns)
	}
}

func (g *gate) accept() {
	for {
		in, err := g.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", g.to)
		if err != nil {
			in.Close()
			continue
		}
		g.mu.Lock()
		if g.shut {
			in.Close()
			out.Close()
		} else {
			g.conns[in], g.conns[out] = true, true
			g.wg.Go(func() { pass(in, out) }) // both end when either side closes
			g.wg.Go(func() { pass(out, in) })
		}
		g.mu.Unlock()
	}
}

func pass(to, from net.Conn) {
	io.Copy(to, from)
	to.Close()
	from.Close()
}
