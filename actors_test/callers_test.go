package actors_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/schemas"
)

// chat is a new chat request to the scripted provider.
func chat() *schemas.ChatRequest {
	return &schemas.ChatRequest{Provider: providerName, Model: model,
		Messages: []schemas.ChatMessage{schemas.UserMessage(prompt)}}
}

// request is the same, as an actor sends it.
func request() *schemas.Request {
	return &schemas.Request{Operation: schemas.OperationChat, Provider: providerName, Model: model, Chat: chat()}
}

// ask sends one chat request and returns the error of its answer.
func ask(ctx context.Context, client *bifrost.Client) error {
	_, err := client.ChatCompletionRequest(ctx, chat())
	return err
}

// outcome is one caller's answer.
type outcome struct {
	resp *schemas.ChatResponse
	err  error
	took time.Duration
}

// crowd is a number of callers on goroutines of their own.
type crowd struct {
	wg sync.WaitGroup
	mu sync.Mutex // guards outcomes
	// outcomes are in the order of the answers
	outcomes []outcome
}

// join starts n more callers, each with one request.
func (c *crowd) join(ctx context.Context, client *bifrost.Client, n int) {
	for range n {
		c.wg.Go(func() {
			began := time.Now()
			resp, err := client.ChatCompletionRequest(ctx, chat())
			c.mu.Lock()
			defer c.mu.Unlock()
			c.outcomes = append(c.outcomes, outcome{resp, err, time.Since(began)})
		})
	}
}

// crowdOf starts n callers.
func crowdOf(ctx context.Context, client *bifrost.Client, n int) *crowd {
	c := &crowd{}
	c.join(ctx, client, n)
	return c
}

// answered is how many have their answer.
func (c *crowd) answered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.outcomes)
}

// wait waits for all answers.
func (c *crowd) wait() []outcome {
	c.wg.Wait()
	return c.outcomes
}

// tally waits for all answers and counts them: "ok", or the error's kind, with
// its reason after a slash if it has one.
func (c *crowd) tally() map[string]int {
	counts := make(map[string]int)
	for _, o := range c.wait() {
		counts[verdict(o.err)]++
	}
	return counts
}

func verdict(err error) string {
	var typed *schemas.Error
	switch {
	case err == nil:
		return "ok"
	case !errors.As(err, &typed):
		return "untyped"
	case typed.Reason != "":
		return string(typed.Kind) + "/" + string(typed.Reason)
	}
	return string(typed.Kind)
}

// wantTally checks counts that are complete: what is not in want must not be in
// got.
func wantTally(t testing.TB, got, want map[string]int) {
	t.Helper()
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%d answers are %s, want %d (all: %v)", got[k], k, n, got)
		}
	}
	for k, n := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%d answers are %s, want none (all: %v)", n, k, got)
		}
	}
}

// asker is an actor of the program that asks providers by PID and keeps the
// answers.
type asker struct {
	root    *actor.RootContext
	pid     *actor.PID
	answers chan any
}

// newAsker spawns one in the client's actor system. It stops at the end of the
// test.
func newAsker(t testing.TB, client *bifrost.Client) *asker {
	t.Helper()
	a := &asker{root: client.ActorSystem().Root, answers: make(chan any, 4096)}
	stopped := make(chan struct{})
	a.pid = a.root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case *actor.Started, *actor.Stopping:
		case *actor.Stopped:
			close(stopped)
		default:
			a.answers <- m
		}
	}))
	t.Cleanup(func() {
		a.root.Stop(a.pid)
		<-stopped
	})
	return a
}

// ask sends a message to the provider; the answer arrives at a.answers.
func (a *asker) ask(t testing.TB, client *bifrost.Client, message any) {
	t.Helper()
	pid, ok := client.ProviderPID(providerName)
	if !ok {
		t.Fatalf("no PID for %s", providerName)
	}
	a.root.RequestWithCustomSender(pid, message, a.pid)
}

// letters collects the dead letters that are published on the event stream.
type letters struct {
	mu     sync.Mutex // guards events
	events []*actor.DeadLetterEvent
}

// collectLetters subscribes until the end of the test.
func collectLetters(t testing.TB, client *bifrost.Client) *letters {
	t.Helper()
	l := &letters{}
	stream := client.ActorSystem().EventStream
	sub := stream.Subscribe(func(event any) {
		if e, ok := event.(*actor.DeadLetterEvent); ok {
			l.mu.Lock()
			l.events = append(l.events, e)
			l.mu.Unlock()
		}
	})
	t.Cleanup(func() { stream.Unsubscribe(sub) })
	return l
}

// all returns what was published so far.
func (l *letters) all() []*actor.DeadLetterEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*actor.DeadLetterEvent(nil), l.events...)
}
