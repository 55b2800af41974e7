// Package guard judges what comes in from peers before the engine's remote sees it:
// how many connections there may be, who may introduce himself, and which messages
// may go to which actor. It is a set of options for the engine's gRPC server.
//
// It refuses to be more: it dials nobody, knows no provider, and neither keeps nor
// answers a message.
//
// A connection is a stranger until one of its streams has begun with a valid
// ConnectRequest that Policy.Admit accepts; it has five seconds and 128 KiB for that.
// One stranger too many costs the oldest stranger of the host that has the most of
// them its connection, so a flood does not lock honest peers out. A connection whose
// last such stream has ended is a stranger again.
//
// A batch of messages is judged as a whole before the engine sees any of it. If its
// form is wrong, its connection is closed. A message that its receiver may not get, or
// of a type that this process does not know, is taken out and the rest goes on. The
// engine's own messages (Stop, Watch, Terminated, requests to spawn) never pass.
//
// Order is the connection's. Nothing here blocks but for the network, and callbacks of
// Policy must not. Each kind of offence is logged once for each connection, and once a
// minute for each host. A log line has addresses, names of types and of targets, and
// nothing else that a peer has sent.
//
// Close ends all connections, for a shutdown. There are no goroutines of this package
// but timers, which Close ends.
package guard
