// Package discovery finds the addresses of peers: from a list, from DNS, and in its
// package etcd from etcd. A Source only reads and reports lists; it speaks with no
// peer, knows no calls, and does not decide what a missing address means.
//
// Ordering: a source calls its update function from one goroutine at a time, and
// every list is newer than the one before.
//
// A list is the whole of what is known: sorted, without duplicates, and often with
// the node's own address in it, which the receiver takes out.
//
// A failed look-up never shortens a list. That peers are gone is learned from an
// answer that says so; each source's comment says when it believes an empty one.
// This is the cheaper mistake: an address that is dead costs a probe, while a list
// that is wrongly empty cuts a node off.
//
// Shutdown: Run returns when its context ends, and leaves nothing behind.
//
// Testing: DNS takes a Resolver, so that a test needs no network; time passes in a
// bubble of testing/synctest.
package discovery
