// Package demo is what `bifrost demo` shows a gateway with: a configuration of three
// simulated providers, and a load that asks them, over HTTP as any client does.
//
// Requests of a Load arrive as a Poisson process and do not wait for each other, so that
// queues fill when answers are slow. Only their number under way is bounded. The rate is
// set at run time, by SetRate, Pause, or the HTTP handler, which is that of
// /api/v1/demo of package admin.
//
// A Load has a goroutine for each request under way. All of them have ended when Run
// returns.
package demo
