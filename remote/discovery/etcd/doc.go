// Package etcd finds peers in etcd, and lets them find this node: each node has a key
// under a prefix, with a lease that it keeps alive, and watches the prefix. It is a
// discovery.Source, in a package of its own so that only a program that wants etcd
// links etcd's client.
//
// etcd may be gone for any time. Its nodes keep the last list; a node whose lease has
// ended meanwhile registers anew, also where etcd has lost all its data. A key that
// etcd says was deleted is believed at once: its node has left, or its lease has ended.
// A key that is missing after the connection was lost is believed after two of its
// leases' times, since its node may be about to register anew.
//
// It also keeps, as Limits, the owners of the limits that all nodes share: one key for
// each, with a lease of its own. An owner counts its time from when it asked etcd, less
// five percent for clocks, and only if etcd as a whole has confirmed it. Nobody deletes the
// key of an owner that has not resigned, and etcd does so later than that; an etcd that starts
// again makes leases longer, never shorter. Only one that is set up anew without its data,
// or in which somebody deletes keys by hand, may have two owners, for five seconds at most.
//
// Ordering, blocking and shutdown are those of discovery.Source. When it ends it
// revokes its lease, for which it waits a second at most.
//
// Testing: the tests that need an etcd server are in the module remote/discovery/etcdtest.
package etcd
