package guard

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Sizes of a connection's buffers, which an idle one has too. Larger reads pass the
// buffer by.
const bufferBytes = 8 << 10

// maxStreams is per connection. The engine uses one.
const maxStreams = 4

// maxHeaderBytes is of the headers of a stream. The engine sends none of its own.
const maxHeaderBytes = 8 << 10

// A Guard applies a Policy to one server. It is safe for concurrent use.
type Guard struct {
	policy  Policy
	judge   judge
	table   *table
	journal journal
	refused map[Reason]*atomic.Uint64
}

// Stats are what a guard has counted.
type Stats struct {
	// Connections have introduced themselves, Strangers have not; both are open now.
	Connections, Strangers int
	// Evicted strangers have made room for others, since the start.
	Evicted uint64
	// Refused counts connections, calls and messages since the start, each under its
	// reason. Reasons that never came up are absent.
	Refused map[Reason]uint64
}

// New returns the guard of one server. It starts nothing.
func New(p Policy) *Guard {
	p = p.withDefaults()
	g := &Guard{
		policy:  p,
		judge:   judge{envelopes: p.MaxEnvelopes, allow: p.Allow},
		refused: make(map[Reason]*atomic.Uint64, len(manners)),
	}
	for r := range manners {
		g.refused[r] = new(atomic.Uint64)
	}
	g.table = newTable(p, func(c *connection, why Reason) { g.refuse(c, fault{reason: why}) })
	return g
}

// ServerOptions are for the engine: remote.WithServerOptions(g.ServerOptions()...).
// They are complete: credentials, limits, keepalive and interceptors. An option that
// follows them overrides its own kind.
func (g *Guard) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.Creds(door{g.policy.Credentials, g}),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(g.policy.MaxMessageBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.ReadBufferSize(bufferBytes),
		grpc.WriteBufferSize(bufferBytes),
		// Later than the guard's own limit, which says why.
		grpc.ConnectionTimeout(2 * introductionLimit),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		// The kernel, too, gives up what is not acknowledged within Timeout; heartbeats judge sooner.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}),
		grpc.UnaryInterceptor(g.unary),
		grpc.StreamInterceptor(g.stream),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil }), // the interceptor refuses
	}
}

// Close closes all connections at once, refuses every new one, and returns when no
// handler of a stream runs any more: the server can be stopped then, and waits for
// nobody. (The engine's graceful shutdown panics if a stream ends at the same time; its
// other one does not.) It must not be called by what a message has called. It may be
// repeated.
func (g *Guard) Close() {
	g.table.close()
	g.table.handlers.Wait()
}

// Stats returns the counts of now.
func (g *Guard) Stats() Stats {
	s := Stats{Evicted: g.refused[ReasonEvicted].Load(), Refused: make(map[Reason]uint64)}
	s.Connections, s.Strangers = g.table.count()
	for r, n := range g.refused {
		if count := n.Load(); count > 0 {
			s.Refused[r] = count
		}
	}
	return s
}

// refuse counts a fault, and logs it.
func (g *Guard) refuse(c *connection, f fault) {
	g.refused[f.reason].Add(1)
	if line := g.line(c, f); line != nil {
		line.Msg(sentence(f.reason))
	}
}

// offend refuses what costs the connection.
func (g *Guard) offend(c *connection, f fault) {
	g.refuse(c, f)
	g.table.doom(c)
}

// recovered is a panic of what handled a stream.
func (g *Guard) recovered(c *connection, v any) {
	f := fault{reason: ReasonPanic}
	g.refused[f.reason].Add(1)
	if line := g.line(c, f); line != nil {
		line.Str(fieldPanic, panicText(v)).Bytes(fieldStack, debug.Stack()).Msg(sentence(f.reason))
	}
	g.table.doom(c)
}

// panicText names what a panic says only if the Go runtime says it: any other value
// may have content in it.
func panicText(v any) string {
	if err, ok := v.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}
