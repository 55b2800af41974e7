package actors

import (
	"context"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost/schemas"
)

// DefaultAskTimeout is the deadline of a request that an actor sends without one.
const DefaultAskTimeout = 30 * time.Second

// Ask is a request by PID with the sender's own context: its end makes the
// request leave, and its deadline counts. A nil Context means none.
type Ask struct {
	Context context.Context
	Request *schemas.Request
}

func (a *Ask) context() context.Context {
	if a == nil || a.Context == nil {
		return context.Background()
	}
	return a.Context
}

func (a *Ask) request() *schemas.Request {
	if a == nil {
		return nil
	}
	return a.Request
}

// LogValue names the request without its content.
func (a Ask) LogValue() slog.Value {
	if a.Request == nil {
		return slog.StringValue("no request")
	}
	return a.Request.LogValue()
}

// String names the request without its content.
func (a Ask) String() string { return "ask " + a.LogValue().String() }

// IgnoreDeadLetterLogging keeps the engine from printing requests.
func (a Ask) IgnoreDeadLetterLogging() {}

// serve tells a worker that it was handed a call. The call itself is in the
// worker's field: a message may end in a dead letter, where others can see it.
type serve struct{}

// halt tells a control actor to stop when its workers have, which have been told
// to already.
type halt struct{}

// grow tells a control actor to spawn workers.
type grow struct{ workers []*worker }

// spawnControl tells the providers supervisor to spawn a provider's control actor.
type spawnControl struct {
	prefix string
	actor  *control
	up     chan<- *actor.PID
}
