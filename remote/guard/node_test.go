package guard

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bifrost/remote/bifrostv1"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// A node is a process of its own, so that its memory, descriptors and goroutines are
// nobody else's. It is this test's program, started again. (In one process, the
// engine's Start would also race with gRPC's goroutines: it sets a global logger.)

// nodeEnv has the nodeConfig of such a process.
const nodeEnv = "BIFROST_GUARD_TEST_NODE"

type nodeConfig struct {
	Strangers, Connections int
	RefuseAll              bool     // Admit does
	Panic                  bool     // Heard does, for hostileAddress
	TLS                    *tlsPEMs // nil: plaintext
}

type tlsPEMs struct{ CA, Cert, Key []byte }

// A nodeState is what a node says of itself.
type nodeState struct {
	Address          string
	Stats            Stats
	Met              int64  // messages to the victim
	Stopped          bool   // the victim has
	Asked, Answered  uint64 // heartbeats to another node
	PeakHeap         uint64
	InUse            uint64 // heap and stacks, after "collect"
	Goroutines       int
	Files            int
	GoneCalls, Heard int64
}

const (
	heartbeat = "bifrost.v1.Heartbeat"
	reply     = "bifrost.v1.HeartbeatReply"
)

// allowed is the policy of the tests: the victim may get everything, so whatever does
// not reach it was stopped by more than the list.
func allowed(target, typeName string) bool {
	return target == "victim" || target == "echo" && typeName == heartbeat || target == "asker" && typeName == reply
}

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(nodeEnv)
	if !ok {
		os.Exit(m.Run())
	}
	var config nodeConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := runNode(config, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A testNode is the inside of the process. It has the actors echo, which answers
// heartbeats, and victim, which takes everything that reaches it.
type testNode struct {
	guard   *Guard
	system  *actor.ActorSystem
	remote  *remote.Remote
	peak    atomic.Uint64
	inUse   uint64
	met     atomic.Int64
	gone    atomic.Int64
	heard   atomic.Int64
	stopped atomic.Bool

	asked, answered atomic.Uint64
	replies         chan struct{}
	quit, hushed    chan struct{} // of talk
}

func runNode(config nodeConfig, commands io.Reader, answers io.Writer) error {
	n := &testNode{replies: make(chan struct{}, 1)}
	if err := n.start(config); err != nil {
		return err
	}
	go n.sample() // ends with the process
	out := json.NewEncoder(answers)
	if err := out.Encode(n.state()); err != nil {
		return err
	}
	for in := bufio.NewScanner(commands); in.Scan(); {
		command, argument, _ := strings.Cut(in.Text(), " ")
		switch command {
		case "state":
		case "collect":
			n.collect()
		case "talk":
			n.quit, n.hushed = make(chan struct{}), make(chan struct{})
			go n.talk(argument) // ends at "hush"
		case "hush":
			close(n.quit)
			<-n.hushed
		case "shutdown":
			n.stop()
		default:
			return errors.New("unknown command " + command)
		}
		if err := out.Encode(n.state()); err != nil {
			return err
		}
	}
	return nil
}

func (n *testNode) start(config nodeConfig) error {
	p := Policy{
		MaxStrangers: config.Strangers, MaxConnections: config.Connections, Allow: allowed,
		Log:  zerolog.New(os.Stderr),
		Gone: func(Peer) { n.gone.Add(1) },
		Heard: func(p Peer) {
			n.heard.Add(1)
			if config.Panic && p.Address == hostileAddress {
				panic("secret")
			}
		},
	}
	if config.RefuseAll {
		p.Admit = func(p Peer) error {
			if p.Address == hostileAddress {
				return errors.New("no\nfriend")
			}
			return nil
		}
	}
	dial := insecure.NewCredentials()
	if config.TLS != nil {
		server, client, err := config.TLS.credentials()
		if err != nil {
			return err
		}
		p.Credentials, dial = server, client
	}
	n.guard = New(p)
	n.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	n.remote = remote.NewRemote(n.system, remote.Configure("127.0.0.1", 0,
		remote.WithServerOptions(n.guard.ServerOptions()...), remote.WithDialOptions(grpc.WithTransportCredentials(dial)),
		remote.WithEndpointWriterBatchSize(16), remote.WithEndpointWriterQueueSize(1024)))
	n.remote.Start()
	return errors.Join(n.spawn("echo", n.echo), n.spawn("asker", n.asker), n.spawn("victim", n.victim))
}

// stop ends the engine's remote. Its own graceful end panics if a stream ends meanwhile.
func (n *testNode) stop() {
	n.guard.Close()
	n.guard.Close() // which does no harm
	n.remote.Shutdown(false)
	for _, name := range []string{"activator", "EndpointSupervisor"} {
		_ = n.system.Root.StopFuture(n.system.NewLocalPID(name)).Wait() // there is no other way to stop them
	}
	n.system.Shutdown()
}

func (n *testNode) spawn(name string, receive actor.ReceiveFunc) error {
	_, err := n.system.Root.SpawnNamed(actor.PropsFromFunc(receive), name)
	return err
}

func (*testNode) echo(c actor.Context) {
	if m, ok := c.Message().(*bifrostv1.Heartbeat); ok {
		c.Respond(&bifrostv1.HeartbeatReply{Sequence: m.Sequence})
	}
}

func (n *testNode) asker(c actor.Context) {
	if m, ok := c.Message().(*bifrostv1.HeartbeatReply); ok && m.Sequence == n.asked.Load() {
		n.replies <- struct{}{}
	}
}

func (n *testNode) victim(c actor.Context) {
	switch c.Message().(type) {
	case *actor.Started:
	case *actor.Stopping, *actor.Stopped:
		n.stopped.Store(true)
	default:
		n.met.Add(1)
	}
}

// talk asks the echo of another node all the time, each time for an answer.
func (n *testNode) talk(address string) {
	defer close(n.hushed)
	pace := time.NewTicker(2 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-n.quit:
			return
		case <-pace.C:
		}
		sequence := n.asked.Add(1)
		n.system.Root.RequestWithCustomSender(actor.NewPID(address, "echo"),
			&bifrostv1.Heartbeat{Sequence: sequence}, actor.NewPID(n.system.Address(), "asker"))
		select {
		case <-n.replies:
			n.answered.Add(1)
		case <-time.After(patience):
			<-n.quit
			return
		}
	}
}

// sample looks for the largest heap.
func (n *testNode) sample() {
	for range time.Tick(5 * time.Millisecond) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		n.peak.Store(max(n.peak.Load(), m.HeapAlloc))
	}
}

// collect measures what is in use when the garbage is gone.
func (n *testNode) collect() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	n.inUse = m.HeapAlloc + m.StackInuse
}

func (n *testNode) state() nodeState {
	files, _ := os.ReadDir("/proc/self/fd")
	return nodeState{
		Address: n.system.Address(), Stats: n.guard.Stats(), Met: n.met.Load(), Stopped: n.stopped.Load(),
		Asked: n.asked.Load(), Answered: n.answered.Load(), PeakHeap: n.peak.Load(), InUse: n.inUse,
		Goroutines: runtime.NumGoroutine(), Files: len(files), GoneCalls: n.gone.Load(), Heard: n.heard.Load(),
	}
}

// credentials demand and show certificates of the one authority.
func (p *tlsPEMs) credentials() (server, client credentials.TransportCredentials, err error) {
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(p.CA)
	server = credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13})
	client = credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS13})
	return server, client, nil
}
