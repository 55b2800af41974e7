// Package actors holds the roles of one client's actor tree.
//
//	providers                supervisor of one control actor per provider
//	├── openai               router: what the provider's PID points at
//	│   └── openai-$n        control actor: parent and supervisor of the workers
//	│       └── worker-$n    one request in hand, blocked in its call
//	└── …
//
// The router is a Process of its own, not an actor: admission happens on the
// sender's goroutine, before any engine mailbox, because a bound enforced inside
// an actor comes too late. It never blocks.
//
// # Every request gets exactly one terminal answer
//
// A request travels as a pooled call whose entry sits in the provider's
// mailbox.Mailbox; that entry's state, under the mailbox's lock, decides who
// answers: the worker that finishes it, the caller that leaves, or a shutdown
// that takes it over. A call has two holders, the sender's side and the
// mailbox's side (which a worker inherits); the one that lets go last returns
// it to the pool, so a late worker can never write into a recycled request.
//
// # Messages
//
//	to                  message            answer to the sender
//	router (its PID)    *schemas.Request   *schemas.Response, *schemas.DeadLetter or *schemas.Error
//	                    *Ask               the same, with a context of the sender's choice
//	                    *actor.PoisonPill  none; drains and stops
//	control, worker     private
//
// A sender that asks by PID cannot block: in wait mode at most MaxWaiting such
// requests wait (BufferSize unless set), and a request without a deadline has
// one of DefaultAskTimeout, which covers the whole of a stream too.
//
// # Silence
//
// No message of this package prints content: requests and responses carry
// LogValue and String methods that name them only, workers are handed a constant
// token instead of the request, and what a panic says is reduced to its type
// unless it is the Go runtime's own error.
package actors
