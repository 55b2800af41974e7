// Package bifrost is an actor-model concurrent runtime for LLM providers.
//
// Every provider is a router actor that admits requests into an exactly bounded
// mailbox and supervises N workers. When the mailbox is full the caller is
// either answered at once by a dead letter (drop mode) or waits its turn
// (back-pressure).
//
//	client, err := bifrost.Init(schemas.BifrostConfig{
//		Account:            &yourAccount,
//		InitialPoolSize:    500,
//		DropExcessRequests: true,
//	})
//
// There are three doors to the same actors: typed requests on the Client, an
// http.RoundTripper that any official SDK can use (Transport), and PIDs for
// programs that have actors of their own (ActorSystem, ProviderPID).
//
// # Guarantees
//
// Every request gets exactly one terminal answer: a response, or an error that
// is a *schemas.Error.
//
// At most BufferSize requests of a provider are queued, at most Concurrency are
// in hand, and at most BufferSize+Concurrency are accepted and unanswered.
//
// A request whose context ends leaves the mailbox at once and frees its place;
// one in a worker's hand is cancelled. A request that has expired never reaches
// the provider.
//
// A stream holds its worker until it ends, and a slow reader slows the
// provider's connection.
//
// A panic in a provider's adapter answers that one caller with an error of kind
// internal; nobody else notices.
//
// No prompt, completion or key appears in a log, event, dead letter or error
// text.
//
// # Concurrency
//
// A Client is safe for concurrent use. These block, and nothing else does:
//
//   - requests, until they are answered or their context ends; and the Next of a
//     stream, until the next chunk;
//   - FileUploadRequest also while the File that it is given does;
//   - Init, for as long as the Account takes, which is asked without a deadline;
//   - UpdateProvider, for as long as the Account takes, after an earlier change of
//     the same provider, which is waited for while its context lasts;
//   - RemoveProvider and Shutdown, until accepted work is finished or their context
//     ends, and for a few seconds after that should a provider not heed its own.
package bifrost
