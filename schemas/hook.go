package schemas

import (
	"context"
	"net/http"
	"time"
)

// Hook looks at requests on their way to a provider of the client and at each
// attempt of a worker. Any of its functions may be nil. They may be called by many
// goroutines at once, and should be quick: whoever calls them waits.
//
// Every Before is followed by exactly one After of the same hook, whatever becomes
// of the call: refusals, panics, cancelled callers and a shutdown included. Befores
// run in the order of the hooks. The first that returns an answer or an error, or
// panics, settles the call, and the hooks behind it are not called. Afters run in
// reverse order, of those whose turn had come.
//
// What an After is given is read-only. resp is nil if there was no answer; with an
// error beside it, it is one that broke off. Its Stream is nil, and its Raw has the
// status only: the rest is the caller's.
//
// A hook that panics fails the call that it was asked about, with kind internal,
// and nothing else; in an After the call has its answer already, and keeps it.
type Hook struct {
	// BeforeRequest runs before the provider's mailbox is asked for a place, on the
	// caller's goroutine. An answer or an error of its own is the caller's, and the
	// request is not offered to the mailbox, nor counted by it. An answer is as of a
	// Provider's Call; one that streams is the hook's, and holds no worker.
	BeforeRequest func(ctx context.Context, call *HookCall) (*Response, error)

	// AfterRequest runs when the caller's answer is decided, before the caller has
	// it: a refusal of the mailbox too. For an answer that streams it runs once the
	// stream has ended, with what it ended with; on the worker then.
	AfterRequest func(ctx context.Context, call *HookCall, resp *Response, err error)

	// BeforeAttempt runs in the worker before each try at the provider, when the key
	// is chosen. An answer or an error stands in for the provider's; such an error is
	// not retried and says nothing about the key.
	BeforeAttempt func(ctx context.Context, call *HookCall) (*Response, error)

	// AfterAttempt runs in the worker after each try, and for an answer that streams
	// at its end. A caller who left early has its answer, and its AfterRequest, before
	// that.
	AfterAttempt func(ctx context.Context, call *HookCall, resp *Response, err error)

	// Chunk sees each chunk of a typed stream of chat, before its reader does, in the
	// worker and with the attempt's HookCall. It must not keep or modify the chunk.
	// An error breaks the stream off with it. Bodies that pass through as they are
	// have no chunks.
	Chunk func(ctx context.Context, call *HookCall, chunk *ChatChunk) error
}

// HookCall is what a hook knows of a call. Each hook has its own, one for the
// request and one for each attempt; the same from Before to After.
type HookCall struct {
	// Request is read-only.
	Request *Request

	// Provider is the provider's name.
	Provider string

	// Attempt is the number of the try, 1 for the first; 0 in the functions of a
	// request. KeyName is the name of its key, empty if it has none.
	Attempt int
	KeyName string

	// Parent is, of an attempt, the State that the same hook has given to its request
	// before the request was offered; nil of a request. The functions of the request may
	// run at the same time.
	Parent any

	// Header is sent to the provider with the attempt; BeforeAttempt sets it. It replaces
	// what the caller sent under the same names, and neither credentials nor what the
	// connection decides. Nil: nothing more is sent.
	Header http.Header

	// Waited and FirstContent are as in Served, of the request so far; of an attempt,
	// FirstContent counts from the attempt's beginning. They are set for the Afters, and
	// zero if there was no wait, or no content.
	Waited, FirstContent time.Duration

	// Usage is, for the Afters, the tokens that the provider has counted; nil if it has
	// said nothing. No count is negative. It is read-only. That there are hooks makes the
	// adapters ask for it where a provider counts only if asked.
	Usage *Usage

	// State is the hook's own; nothing else touches it.
	State any
}
