package remote_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"bifrost"
	"bifrost/remote"
	"bifrost/schemas"
)

// gate is the network before a node: its advertised address. It can stand still, as
// before a frozen process or behind a cut cable, and it can break off.
type gate struct {
	listener net.Listener
	target   string

	mu    sync.Mutex // guards what follows
	conns []net.Conn
	down  bool
	open  chan struct{}    // closed while bytes pass
	tick  <-chan time.Time // nil: as fast as can be; else so often up to 32 KiB pass
	over  chan struct{}    // closed at the test's end
	group sync.WaitGroup
}

// newGate listens, for a node that is to listen on target.
func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{listener: listenAnywhere(t), target: freeAddress(t), open: make(chan struct{}), over: make(chan struct{})}
	close(g.open)
	g.group.Go(g.accept) // ends when the listener is closed
	t.Cleanup(func() {
		_ = g.listener.Close()
		close(g.over)
		g.cut()
		g.thaw()
		g.group.Wait()
	})
	return g
}

func listenAnywhere(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// freeAddress is one that nobody listens on now.
func freeAddress(t *testing.T) string {
	l := listenAnywhere(t)
	defer l.Close()
	return l.Addr().String()
}

func (g *gate) address() string { return g.listener.Addr().String() }

func (g *gate) accept() {
	for {
		from, err := g.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.DialTimeout("tcp", g.target, time.Second)
		g.mu.Lock()
		if err != nil || g.down {
			_ = from.Close()
			if to != nil {
				_ = to.Close()
			}
			g.mu.Unlock()
			continue
		}
		g.conns = append(g.conns, from, to)
		g.group.Go(func() { g.copy(to, from) })
		g.group.Go(func() { g.copy(from, to) })
		g.mu.Unlock()
	}
}

func (g *gate) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.mu.Lock()
		open, tick := g.open, g.tick
		g.mu.Unlock()
		<-open
		if tick != nil {
			select {
			case <-tick:
			case <-g.over:
			}
		}
		if n > 0 {
			if _, werr := to.Write(buffer[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// slow lets up to 32 KiB pass with each tick, in both directions together.
func (g *gate) slow(t *testing.T, every time.Duration) {
	ticker := time.NewTicker(every)
	t.Cleanup(ticker.Stop)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tick = ticker.C
}

// freeze lets nothing pass, in either direction, until thaw.
func (g *gate) freeze() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.open:
	default:
		close(g.open)
	}
}

// cut breaks all connections and takes no new ones until mend.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = true
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

func (g *gate) mend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = false
}

// gated starts a process that has the provider, behind a gate.
func gated(t *testing.T, p schemas.Provider, settings schemas.ProviderConfig) (*process, *gate) {
	t.Helper()
	g := newGate(t)
	there := launch(t, remote.Config{Listen: g.target, Advertise: g.address()}, bifrost.WithProvider(providerName, p),
		schemas.StaticAccount{providerName: {Config: settings}})
	return there, g
}
