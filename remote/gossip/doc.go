// Package gossip keeps the list of a cluster's nodes with hashicorp/memberlist: who is
// there, who has gone, and how many free places each node's providers have. It carries
// these small facts only, and no calls; what a node does with a member is not its
// affair.
//
// Membership is an opinion. A member that does not answer is Lost within 5 seconds in
// clusters of up to about thirty nodes, and a node that was cut off for a moment may be
// Lost and come back. Nothing that must be exact may rest on it.
//
// Loads are broadcast about once a second, and may be lost on their way; a load says
// how old it is, and is forgotten after 10 seconds.
//
// Security: with a key all that is sent is encrypted with AES-GCM, and what is not
// is refused. Off loopback a key is required. Who has the key is trusted, as far as
// that what it sends is bounded and checked before it is kept.
//
// Blocking: List, SetLoad and SetSeeds never block. Leave waits until the others have
// been told; Close does not tell them.
//
// Shutdown: Leave and Close wait for the goroutines of this package and for the
// sockets to be closed. Those that memberlist starts beside its listeners are told to
// end, but it has no way to wait for them: they are gone within milliseconds, and a
// connection that was being read within TCP's time limit of 3 seconds. A timer of a
// member that was suspected may still fire then, and does nothing.
//
// Testing: several members can live in one process, each on a port of loopback.
package gossip
