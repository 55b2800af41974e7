// Package remote makes one process of several: providers that live on other nodes.
//
// A Node is this process among others. It listens for them, reaches for its peers, and
// has a Router for each provider that lives elsewhere. bifrost.WithNode gives both to a
// client, which then asks a remote provider as one of its own, and serves its own to
// others:
//
//	node, err := remote.Start(remote.Config{
//		Listen:    "127.0.0.1:7600",
//		Providers: map[string]remote.Provider{"openai": {Nodes: []string{"127.0.0.1:7601"}}},
//	})
//	client, err := bifrost.Init(cfg, bifrost.WithNode(node))
//
// # What it is not
//
// It has no queue for what goes elsewhere: the bounds of a provider are its owner's, and
// here is a credit for each call that is with a peer. It finds nobody: SetMembers is told,
// by package discovery and by package gossip. It has no retries, and no word that a call
// was made exactly once: a lost node means that the call may have been made. It is no way
// to reach the program's other actors, but for those that Config.Actors names. It is not
// the engine's cluster, whose calls repeat.
//
// # Guarantees
//
// Each is the name of a test here, in package guard, or in nodes_test with processes and
// networks.
//
//   - A call fails within one second of the end of its node, within five seconds of its
//     node's standstill, and at once when its node is lost already: as node_lost, which
//     says whether the call may have started.
//   - A node that comes back is used within three seconds.
//   - A call that may have started is not made twice. Calls that wait at a lost node go to
//     another one, with MoveWaiting; a request that finds no place goes once to a peer with
//     room, with schemas.OverflowSpill, and is sent on by one node only.
//   - A full provider of another node answers with a dead letter, the same as here; without
//     a credit the refusal is local.
//   - The end of a context reaches the provider on another node; so do its deadline, as the
//     time that is left, its trace, tenant and session.
//   - A slow reader slows the provider of another node, and what lies between them is
//     bounded.
//   - A full provider delays neither another one nor heartbeats: a connection's reader never
//     waits.
//   - What a peer sends neither stops an actor nor spawns one, and takes bounded memory.
//   - The sum holds at every surviving node: offered = admitted + left + refused, and
//     admitted = completed + failed + cancelled + dead-lettered + in hand.
//   - An idle peer costs under one megabyte.
//
// # Order
//
// The pieces of one request, and of one answer, arrive in order. Calls have none among
// themselves. Small messages (heartbeats, grants, cancellations) pass a full outbox, but do
// not overtake what the engine has been given.
//
// # Blocking
//
// Router.Ask waits for the answer, or until its context ends: for a peer that is being
// reached for the first time, for room in the peer's outbox, and for the owner. Router.Info
// and Models wait for a few seconds at most after the start, until a peer has told. Next
// and Read of an answer wait for the owner. Start looks for no peer before it returns. Node.Shutdown
// blocks as its context says; nothing else does. All types are safe for concurrent use.
//
// # Shutdown
//
// In this order: Node.Leave, so that peers send nothing new; the client's Shutdown, which
// finishes what they have sent; Node.Shutdown, which waits until they have read the
// answers, and ends the peers, the engine's remote and the actor system. When its context
// ends before that, what is left is cancelled and answered. No goroutine, connection or
// listener stays.
//
// # Testing
//
// Several nodes may be in one process: Start with a zero Config listens on a free port of
// loopback, and Node.Address is what others are told. With the simulated provider nothing
// else is needed. The engine replaces gRPC's logger at each start without a lock, which the
// race detector reports; build with -gcflags='google.golang.org/grpc/grpclog/...=-race=false -l'.
package remote
