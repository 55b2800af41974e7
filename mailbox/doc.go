// Package mailbox is the exactly bounded FIFO in front of one provider's
// workers. Admission lives here: whether a request is handed to a free worker,
// queued, lets its sender wait, or is refused is decided in one place, under
// one lock, together with the counters that say so.
//
// # Bounds
//
// At most BufferSize entries are queued, at most Concurrency are in hand, and at
// most BufferSize+Concurrency are accepted and unanswered, always. After a
// shrink the larger old bound holds for what was already accepted: nothing is
// admitted, and no worker takes an entry, until the count is under the new one.
//
// # Ordering
//
// Entries are taken in the order they were admitted, waiters are admitted in the
// order they came, and nobody overtakes a waiter. An entry that returns from a
// backoff goes ahead of the queued ones.
//
// # Life of an entry
//
//	            ┌────────── Leave ─────────┬─────────────┐
//	            │                          │             │
//	Offer ─▶ waiting ──room──▶ queued ──take──▶ in hand ─┴▶ abandoned
//	  │         │                 │         ▲       │  │        │
//	refused  refused           Drain       due   Backoff │   Finish
//	         (Expire, Close)      │         │       ▼  Reply     │
//	                              │      backing off     ▼       │
//	                              ▼                  replied ─Finish─▶ settled
//
// # Blocking
//
// No method blocks, sleeps or spins; a full or an empty mailbox costs no CPU.
// Waiting is the sender's affair: it waits for its answer, and calls Leave when
// it stops waiting. A worker's hand function is called outside the lock, on the
// goroutine whose call made the hand-off. All methods are safe for concurrent use.
package mailbox
