package actors

import "github.com/asynkron/protoactor-go/actor"

// throughput is how many messages an actor handles before it lets others run; the
// engine's own default.
const throughput = 300

// dispatcher runs workers. Its goroutines survive runtime.Goexit: a provider that
// calls it, as a failing test does, ends the goroutine in the middle of the
// engine's run loop, which would never run again.
type dispatcher struct{}

var _ actor.Dispatcher = dispatcher{}

// Schedule runs fn on a new goroutine, and again if that was ended before fn
// returned; the engine's mailbox then goes on with its next message.
func (d dispatcher) Schedule(fn func()) {
	go func() { // ends when the actor has no more messages
		returned := false
		defer func() {
			if !returned {
				d.Schedule(fn)
			}
		}()
		fn()
		returned = true
	}()
}

// Throughput is how many messages are handled in one go.
func (dispatcher) Throughput() int { return throughput }
