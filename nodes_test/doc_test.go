// Package nodes_test holds what only real processes and real networks show of nodes:
// the program as it is built, killed, frozen and started again, behind links that are
// slow, lossy or cut. It is a module of its own, needs Linux, root, iproute2 and etcd, and
// fails with a sentence that says so where one is missing.
//
// # The harness
//
//   - serve runs "bifrost serve" with a configuration file in a place, and waits until it
//     is ready. A node has an HTTP client that reaches its gateway, chat and stream
//     to ask it, and its log.
//   - launch runs any command, and output one that ends by itself. A process is ended by
//     stop (SIGTERM) or kill (SIGKILL), paused by freeze and thaw (SIGSTOP, SIGCONT), and
//     started again by restart, on the same addresses.
//   - A place is loopback, or a host of a network. newNetwork makes hosts, each of which is
//     a network namespace ("ip netns") with the address 10.77.0.N; hosts know each other
//     by name. shape, cut, partition, isolate and heal change the way from one host to
//     another; down, up and move change a host's own link and address.
//   - newUpstream is a provider's server in this process. It does what each prompt asks
//     for, counts what it sees by the ids in the prompts, and can hold all answers.
//   - eventually and logbook.await wait for what a test expects to see. There are no
//     pauses.
//
// For nodes that ask each other there is more:
//
//   - A machine is an address of loopback that a test has for itself, so that each member of
//     a cluster listens on the same two ports. A couple is an owner and an asker; apart is
//     the same on a network; a pair is two owners and their asker.
//   - ask begins a call through a door: a chat or a stream, in the provider's own dialect or
//     in another. A flight is calls that are under way together, a load is callers that ask
//     again and again.
//   - A speaker is a node of another version: it speaks the protocol by hand.
//   - A seeker is a node that finds others. Each host may have a name server of its own.
//
// The bounds in these tests are promises, of one second, of five and of three. Tests are
// parallel, but for those that keep the machine busy.
//
// # How networks are made
//
// Each host's eth0 is a tap, whose frames this process reads and writes: it is the switch
// between the hosts, so that delay, loss and cuts are per direction and need no queueing
// discipline of the kernel (netem is missing in many). A test reaches a host
// through sockets that a thread of this process opens inside its namespace. Nothing leaves the
// namespaces, and the machine's own network is not touched.
//
// # What is left when a test ends
//
// Nothing: each process, namespace and goroutine has an owner that ends it and waits. If this
// process itself is killed, its processes are killed by the kernel and a janitor
// removes the namespaces.
package nodes_test
