// Package clients_test holds what an unchanged official client, openai-go, sees of
// Bifrost. It is a module of its own, so that programs which embed Bifrost do not
// download the SDK.
//
// A test is written once and run at every door:
//
//	transport   the SDK's HTTP client has Client.Transport
//	gateway     the SDK's base URL is a gateway's
//	direct      the control: the SDK talks to the provider itself
//
// The first two are run against the simulated provider in this process, and
// against the same one over HTTP. What differs from the control is ours, and is
// written down as an expectation: credentials, refusals, broken streams.
//
// Tests about time run in a synctest bubble, where the HTTP connections are pipes
// in memory; the others use loopback sockets and wait for signals. Every client
// is shut down at the end, at rest and with its counters balanced.
package clients_test
