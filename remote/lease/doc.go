// Package lease lets several nodes share a limit: of the slots that there are, each node
// uses only those that it has on loan. It is the state of one node as a pure machine: no
// goroutine, no clock and no connection of its own. Package remote drives it.
//
// # How
//
// For each limit the nodes elect an owner by vote. Who stands is the first by rendezvous
// hash among the nodes that it reaches, so that different limits have different owners; an
// owner stays one while it has its votes, also when a node comes back that would rank before
// it. A vote holds for a term of five seconds and is renewed every second. A node votes for
// one owner of a limit at a time; a node that has just started votes for none during its
// first term, since it does not know whom it voted for before.
//
// The owner lends slots to whoever asks, by name of the node's run, for no longer than its
// own votes last. Nodes that have more to do than slots share evenly; a few more are lent
// at hand to who was busy lately. A node asks again every second, and more often while somebody
// waits there; after two idle seconds it gives its slots back.
//
// # Promises
//
// Each is proved by a test, most of them in fleets of nodes that are killed, frozen,
// started again and cut off, on a network that loses, repeats and reorders.
//
//   - There is never more than one owner of a limit.
//   - The slots that all nodes use by valid leases are never more than the limit.
//   - A new owner lends only when all leases of the earlier one have run out.
//   - What is in use when a lease runs out goes on, and is counted again as soon as an owner
//     hears of it. So the limit is exceeded by no more than the slots that nodes had in use
//     when their leases ran out: those which were frozen, or cut off from the owner.
//   - A node that reaches no owner uses no further slot once its lease has run out, and
//     refuses once somebody has waited there for seven seconds: of a cluster in two parts, that
//     with a majority of all nodes goes on, and the other one refuses.
//   - Within two terms of the end of all trouble everybody who waits gets slots.
//   - Who gives back, restarts or dies frees its slots: at once, or when its lease ends.
//
// # Why that is so
//
// Times are measured where they are short: a candidate counts its votes, and a node its
// lease, from when it asked; who answers counts from when it answered, which is later. A lease
// ends before the votes of its owner do, and these before the voters are free to vote
// for somebody else. Two majorities of one list of nodes have a node in common, and so have those
// of two lists that differ by one node. So no message can come too late, twice or out of
// order to do harm: it is void then. Ballots carry the list of nodes, and who knows another
// one, but for one node, or not the candidate, does not vote.
//
// # What it needs
//
// Clocks need not agree, but run at the same speed within five percent, and go on while a
// process is frozen. A machine that is suspended whole may use its slots for a moment
// after it wakes up. The list of nodes may change by one node at a time, with a term
// between two changes.
//
// # Without votes
//
// A Registrar, such as one in etcd, takes the place of votes: it says until when this node is
// the only owner. What is lent ends before that, so that its next owner need not wait
// either. Then there is no majority: who reaches the registrar, and is asked for slots,
// becomes the owner, of two nodes as well. All promises hold, and the limit is that of
// the whole cluster whatever the lists of nodes say. Nodes that start need not wait for
// a term. An owner that is not asked for slots for two terms resigns, so that one that nobody
// reaches does not keep the others from having one. Nodes that vote and nodes with a
// registrar do not know of each other's owners.
package lease
