package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
	engine "github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"bifrost"
	"bifrost/actors"
	"bifrost/remote/guard"
	"bifrost/schemas"
)

// nodeID is the id of a node's own PID, which other nodes ask.
const nodeID = "bifrost"

// Node is this process among others. Start makes it, before Init; bifrost.WithNode hands
// it over; Shutdown ends it, after the client's. It is safe for concurrent use.
type Node struct {
	cfg     Config
	system  *actor.ActorSystem
	engine  *engine.Remote
	guard   *guard.Guard
	dialing credentials.TransportCredentials
	self    *actor.PID
	address string
	run     string // names this run
	began   time.Time
	routers map[string]*Router

	home    atomic.Pointer[actors.System] // nil: no client yet
	calls   atomic.Uint64
	held    atomic.Int64 // bytes of answers that are being collected
	leaving atomic.Bool
	events  *eventstream.Subscription

	ctx      context.Context // ends when the peers are to be left
	end      context.CancelFunc
	desk     *desk
	refusals *refusals
	leases   *leases
	letters  chan *actor.DeadLetterEvent // to be published
	loops    sync.WaitGroup              // the peers, the refusals, the letters

	buffers sync.Pool // of *[]byte, for raw answers

	mu     sync.Mutex // guards what follows
	peers  map[string]*peer
	spills map[string]*Router // by provider
	closed bool

	down sync.Once
}

var _ bifrost.Node = (*Node)(nil)

// Start begins to listen, and to reach for the configured peers. It returns at once,
// whether they can be reached or not.
func Start(cfg Config) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	n := newNode(cfg.WithDefaults())
	if err := n.listen(); err != nil {
		n.end()
		n.system.Shutdown()
		return nil, fmt.Errorf("node: %w", err)
	}
	n.begin()
	n.configure()
	n.cfg.Logger.Info().Str("address", n.address).Int("peers", len(n.Peers())).Bool("tls", cfg.TLS != nil).Msg("this node listens for others")
	return n, nil
}

// newNode makes a node that does not listen yet.
func newNode(cfg Config) *Node {
	n := &Node{cfg: cfg, system: actors.NewEngine(engineLog(cfg.Logger)), began: time.Now(), peers: make(map[string]*peer),
		routers: make(map[string]*Router), spills: make(map[string]*Router), buffers: sync.Pool{New: func() any {
			b := make([]byte, max(pieceBytes, maxMessageBytes/2))
			return &b
		}}}
	n.run = n.system.ID
	n.ctx, n.end = context.WithCancel(context.Background())
	n.desk = newDesk(n.ctx)
	n.refusals = newRefusals()
	n.letters = make(chan *actor.DeadLetterEvent, 256)
	n.leases = newLeases(n)
	return n
}

// begin starts what a node does by itself.
func (n *Node) begin() {
	n.leases.begin()
	n.loops.Go(func() { n.refusals.run(n) })   // ends with the node
	n.loops.Go(n.publishLetters)               // ends with the node
	n.loops.Go(func() { n.leases.run(n.ctx) }) // ends with the node
	if n.cfg.Registrar != nil {
		n.loops.Go(n.leases.register) // ends with the node
	}
	if n.cfg.TLS != nil {
		n.loops.Go(n.watchTLS) // ends with the node
	}
}

// listen starts the engine's remote. It comes before everything that is spawned: PIDs
// made earlier would have no address.
func (n *Node) listen() (err error) {
	if err := n.fixAddress(); err != nil {
		return err
	}
	host, port, _ := splitAddress(n.cfg.Listen)
	server, client := n.cfg.credentials()
	n.dialing = client
	n.guard = guard.New(guard.Policy{MaxMessageBytes: maxBatchBytes, Credentials: server, Log: n.cfg.Logger,
		Admit: n.admit, Allow: n.allow})
	cfg := engine.Configure(engineHost(host), port,
		engine.WithAdvertisedHost(n.cfg.Advertise),
		engine.WithServerOptions(append(n.guard.ServerOptions(), grpc.ChainStreamInterceptor(n.hear),
			grpc.InitialWindowSize(flightBytes), grpc.InitialConnWindowSize(flightBytes))...),
		engine.WithDialOptions(n.engineOptions()...),
		engine.WithEndpointWriterBatchSize(batchMessages),
		engine.WithEndpointWriterQueueSize(1024))
	cfg.MaxRetryCount = 1 // it sleeps for two seconds after each
	n.engine = engine.NewRemote(n.system, cfg)
	defer func() {
		if p := recover(); p != nil { // so the engine says that the port is taken
			err = fmt.Errorf("it cannot listen on %s: %v; choose another address, or end what listens there", n.cfg.Listen, p)
		}
	}()
	// Peers may speak as soon as it listens, so that all of this comes before.
	n.address, n.self = n.cfg.Advertise, actor.NewPID(n.cfg.Advertise, nodeID)
	if _, fresh := n.system.ProcessRegistry.Add(post{n}, nodeID); !fresh {
		return errors.New("the actor system has a node already")
	}
	n.events = n.system.EventStream.Subscribe(n.event)
	n.engine.Start()
	return nil
}

// fixAddress settles what is advertised, before the engine listens: it does not tell
// on which port, where it is the system that chooses.
func (n *Node) fixAddress() error {
	if n.cfg.Advertise == "" {
		n.cfg.Advertise = n.cfg.Listen
	}
	host, port, err := splitAddress(n.cfg.Advertise)
	if err != nil {
		return err
	}
	if port == 0 {
		listener, err := net.Listen("tcp", n.cfg.Listen)
		if err != nil {
			return fmt.Errorf("it cannot listen on %s: %w; choose another address, or end what listens there", n.cfg.Listen, err)
		}
		defer listener.Close()
		own, _, _ := splitAddress(n.cfg.Listen)
		_, free, _ := net.SplitHostPort(listener.Addr().String())
		n.cfg.Listen, n.cfg.Advertise = net.JoinHostPort(own, free), net.JoinHostPort(host, free)
	}
	return n.checkTLS(n.cfg.Advertise)
}

// engineHost is a host as the engine puts it before a port.
func engineHost(host string) string {
	for _, c := range host {
		if c == ':' {
			return "[" + host + "]"
		}
	}
	return host
}

// configure makes the peers and the routers of the configuration.
func (n *Node) configure() {
	for name, p := range n.cfg.Providers {
		r := &Router{node: n, provider: name, cfg: p}
		for _, address := range p.Nodes {
			if address != AnyMember {
				r.peers = append(r.peers, n.peer(address, false))
			}
		}
		for _, f := range p.Fallbacks {
			r.fallbacks = append(r.fallbacks, schemas.ParseFallback(f))
		}
		n.routers[name] = r
	}
	for _, address := range n.cfg.Peers {
		n.peer(address, false)
	}
}

// peer returns the peer of an address, and begins to reach for one that is new. It is
// nil when the node is closed, and for one guest too many. A guest that is configured
// later is none any more.
func (n *Node) peer(address string, guest bool) *peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.peers[address]; p != nil {
		if !guest {
			p.setGuest(false)
		}
		return p
	}
	if n.closed || guest && n.isCrowdedLocked(address) {
		return nil
	}
	p := newPeer(n, address, guest)
	n.peers[address] = p
	n.loops.Go(func() { p.live(n.ctx) }) // ends with the node, or when a guest is forgotten
	return p
}

// maxPeers bounds the peers, and maxHostGuests those guests that one host may make of
// its ports, so that nobody can make up more.
const (
	maxPeers      = 256
	maxHostGuests = 64
)

func (n *Node) isCrowdedLocked(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	same := 0
	for other, p := range n.peers {
		if own, _, _ := net.SplitHostPort(other); p.isGuest() && own == host {
			same++
		}
	}
	return len(n.peers) >= maxPeers || same >= maxHostGuests
}

// forget takes out a peer that has not come back, and reports whether it has: only
// guests are forgotten.
func (n *Node) forget(p *peer) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	guest := p.isGuest()
	if guest {
		delete(n.peers, p.address)
	}
	return guest
}

func (n *Node) known(address string) *peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.peers[address]
}

// linkTo returns the link to an address, and waits a moment for one that is being
// reached.
func (n *Node) linkTo(ctx context.Context, address string) (*link, error) {
	p := n.peer(address, true)
	if p == nil {
		return nil, &schemas.Error{Kind: schemas.KindNodeLost, Message: "the other node is not known here, or this node stops", Err: atNode(address, nil)}
	}
	if l := p.current(); l != nil {
		return l, nil
	}
	p.wake()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout+probePause)
	defer cancel()
	return p.await(ctx)
}

func (n *Node) nextCall() uint64 { return n.calls.Add(1) }

// System returns the actor system on which the node listens.
func (n *Node) System() *actor.ActorSystem { return n.system }

// Address returns the host:port by which other nodes reach this one.
func (n *Node) Address() string { return n.address }

// Routers returns the providers that live on other nodes, by name.
func (n *Node) Routers() map[string]bifrost.Router {
	out := make(map[string]bifrost.Router, len(n.routers))
	for name, r := range n.routers {
		out[name] = r
	}
	return out
}

// Join hands over the client's own providers; other nodes can ask them from now on, and
// are told so at once.
func (n *Node) Join(own *actors.System) {
	n.home.Store(own)
	n.announce()
}

// announce has each peer told anew of this node.
func (n *Node) announce() {
	for _, p := range n.everyone() {
		p.announce()
	}
}

func (n *Node) everyone() []*peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.peers))
}

// Peers returns a snapshot of the other nodes, by address.
func (n *Node) Peers() []schemas.PeerStats {
	peers := n.everyone()
	out := make([]schemas.PeerStats, len(peers))
	for i, p := range peers {
		out[i] = p.stats()
	}
	slices.SortFunc(out, func(a, b schemas.PeerStats) int { return compare(a.Address, b.Address) })
	return out
}

// Leave tells the peers to send nothing new. What they have sent is served. A client's
// Shutdown comes after it, and then the node's own.
func (n *Node) Leave() {
	n.leaving.Store(true)
	n.announce()
}

func (n *Node) isLeaving() bool { return n.leaving.Load() }

// Shutdown ends the node: new calls of others are refused, those that are served are
// finished until ctx ends, and cancelled then; calls of this node that are still with a
// peer fail. It blocks until everything has stopped, which after ctx takes a few seconds
// at most. It may be called again, and waits then. The error is that of ctx, if it ended
// before all served calls were done.
func (n *Node) Shutdown(ctx context.Context) error {
	var err error
	n.down.Do(func() { err = n.shutdown(ctx) })
	return err
}

func (n *Node) shutdown(ctx context.Context) error {
	n.Leave()
	n.desk.refuse()
	done := make(chan struct{})
	go func() { // ends with the last served call, which the desk's close below ends
		defer close(done)
		n.desk.work.Wait()
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		if n.desk.close() > 0 {
			err = fmt.Errorf("node: not all calls of other nodes were finished: %w", context.Cause(ctx))
		}
		<-done
	}
	n.leases.leave()
	n.drain(ctx)
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.end()
	n.loops.Wait()
	n.stopEngine()
	return err
}

// drain waits until what was answered is written, as long as ctx lets it, and then for a
// moment until it is read: a connection that ends takes along what is still on its way.
func (n *Node) drain(ctx context.Context) {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for n.buffered() > 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
	var all sync.WaitGroup
	for _, p := range n.everyone() {
		all.Go(func() { p.flush(ctx) }) // ends within flushFor
	}
	all.Wait()
}

func (n *Node) buffered() (bytes int) {
	for _, p := range n.Peers() {
		bytes += p.Buffered
	}
	return bytes
}

// stopEngine ends the engine's remote and its system, when nothing is sent any more. The
// engine's own graceful end sends to channels that a connection which ends meanwhile has
// closed, and panics; so its server and its two actors are stopped one by one.
func (n *Node) stopEngine() {
	n.system.EventStream.Unsubscribe(n.events)
	n.guard.Close()
	n.engine.Shutdown(false)
	for _, name := range []string{"activator", "EndpointSupervisor"} {
		_ = n.system.Root.StopFuture(n.system.NewLocalPID(name)).Wait() // ten seconds at most
	}
	n.system.Shutdown()
}

// dialOptions are those of a probe.
func (n *Node) dialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithTransportCredentials(n.dialing),
		grpc.WithKeepaliveParams(keepalives),
		grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: probeTimeout}),
		grpc.WithNoProxy(),
		grpc.WithContextDialer(dialEagerly),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxBatchBytes), grpc.MaxCallSendMsgSize(maxBatchBytes)),
	}
}

// engineOptions are those of the engine's connections. They replace the engine's own.
func (n *Node) engineOptions() []grpc.DialOption {
	return append(n.dialOptions(), grpc.WithStreamInterceptor(n.intercept))
}
