package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"bifrost"
	"bifrost/schemas"
)

// Promise 3: drop mode and a full mailbox: the sender has a dead-letter reply at
// once, with the reason; the provider is never called; the dead letter is counted
// and published on the event stream.

// full starts a client whose only worker is held by gate, and whose mailbox of
// one place is full.
func full(t *testing.T, gate <-chan struct{}, changes ...setting) (*bifrost.Client, *scripted, *crowd) {
	t.Helper()
	p := newProvider(heldBy(gate))
	client := startClient(t, p, append([]setting{sizes(1, 1)}, changes...)...)
	callers := crowdOf(t.Context(), client, 2)
	held(t, client, 1, 1, 0)
	return client, p, callers
}

func TestADroppedRequestHasADeadLetterAtOnceAndTheProviderIsNeverCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, p, callers := full(t, gate, dropExcess)
		began := time.Now()
		err := ask(t.Context(), client)
		if took := time.Since(began); took != 0 {
			t.Errorf("the refusal took %v", took)
		}
		if !errors.Is(err, schemas.ErrOverloaded) {
			t.Errorf("%v is not overloaded", err)
		}
		typed := errorOf(t, err)
		if typed.Reason != schemas.ReasonQueueFull || typed.Provider != providerName || typed.Model != model || typed.MayHaveStarted {
			t.Errorf("refused with %+v", typed)
		}
		want := schemas.DeadLetter{Provider: providerName, Reason: schemas.ReasonQueueFull, Capacity: 1, Queued: 1, InHand: 1,
			RetryAfter: typed.RetryAfter}
		if letter := deadLetterOf(t, err); *letter != want {
			t.Errorf("dead letter %+v, want %+v", *letter, want)
		}
		if r := typed.RetryAfter; r < time.Second || r >= time.Minute || r%time.Second != 0 {
			t.Errorf("retry after %v; want 1 to 59 whole seconds", r)
		}
		if p.Calls() != 1 {
			t.Errorf("the provider saw %d calls, want 1", p.Calls())
		}
		if n := stats(client).Refused[schemas.ReasonQueueFull]; n != 1 {
			t.Errorf("counted %d, want 1", n)
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 2})
		if p.Calls() != 2 {
			t.Errorf("the provider saw %d calls, want 2", p.Calls())
		}
		atRest(t, client)
	})
}

func TestADroppedStreamHasADeadLetterToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, _, callers := full(t, gate, dropExcess)
		for name, err := range everyDoor(t.Context(), client, providerName) {
			if letter := deadLetterOf(t, err); letter.Reason != schemas.ReasonQueueFull {
				t.Errorf("%s: %v", name, letter)
			}
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 2})
		atRest(t, client)
	})
}

func TestADeadLetterIsPublishedWithoutSenderAndWithoutContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, _, callers := full(t, gate, dropExcess)
		published := collectLetters(t, client)
		refusal := deadLetterOf(t, ask(t.Context(), client))
		asker := newAsker(t, client)
		asker.ask(t, client, request())
		synctest.Wait()

		events := published.all()
		if len(events) != 2 {
			t.Fatalf("%d dead letters published, want 2", len(events))
		}
		pid, _ := client.ProviderPID(providerName)
		for _, e := range events {
			letter, ok := e.Message.(*schemas.DeadLetter)
			if !ok || letter.Reason != schemas.ReasonQueueFull || letter.Provider != providerName {
				t.Errorf("published %T %v", e.Message, e.Message)
			}
			if e.Sender != nil {
				t.Errorf("published with sender %v: the engine would answer it again", e.Sender)
			}
			if !e.PID.Equal(pid) {
				t.Errorf("published for %v, want %v", e.PID, pid)
			}
			if text := fmt.Sprintf("%+v %#v %+v", *e, *e, letter); strings.Contains(text, prompt) {
				t.Errorf("published with content: %s", text)
			}
		}
		if got := *events[0].Message.(*schemas.DeadLetter); got != *refusal {
			t.Errorf("published %+v, answered %+v", got, *refusal)
		}
		if len(asker.answers) != 1 {
			t.Errorf("%d answers to one ask", len(asker.answers))
		}
		close(gate)
		callers.wait()
		atRest(t, client)
	})
}

func TestAnActorHasTheDeadLetterAsItsReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, p, callers := full(t, gate, dropExcess)
		asker := newAsker(t, client)
		asker.ask(t, client, request())
		synctest.Wait()
		if len(asker.answers) != 1 {
			t.Fatalf("%d answers at once, want 1", len(asker.answers))
		}
		reply := <-asker.answers
		letter, ok := reply.(*schemas.DeadLetter)
		if !ok {
			t.Fatalf("answered with %T", reply)
		}
		if letter.Reason != schemas.ReasonQueueFull || letter.Capacity != 1 || letter.Queued != 1 || letter.InHand != 1 || letter.RetryAfter < time.Second {
			t.Errorf("dead letter %+v", letter)
		}
		if s := stats(client); s.Offered != 3 || s.Refused[schemas.ReasonQueueFull] != 1 || p.Calls() != 1 {
			t.Errorf("offered %d, refused %v, calls %d", s.Offered, s.Refused, p.Calls())
		}
		close(gate)
		callers.wait()
		atRest(t, client)
		if len(asker.answers) != 0 {
			t.Errorf("answered a second time with %v", <-asker.answers)
		}
	})
}

func TestEveryDropIsPublishedOrCountedAsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, _, callers := full(t, gate, dropExcess)
		published := collectLetters(t, client)
		const n = 2000
		wantTally(t, crowdOf(t.Context(), client, n).tally(), map[string]int{"overloaded/queue_full": n})
		synctest.Wait()
		if got, lost := len(published.all()), client.Stats().LostEvents; uint64(got)+lost != n || got == 0 {
			t.Errorf("%d published and %d lost, want %d together", got, lost, n)
		}
		close(gate)
		callers.wait()
		atRest(t, client)
	})
}

func TestASlowSubscriberDoesNotSlowARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, _, callers := full(t, gate, dropExcess)
		slow := make(chan struct{})
		sub := client.ActorSystem().EventStream.Subscribe(func(event any) {
			if _, ok := event.(*actor.DeadLetterEvent); ok {
				<-slow
			}
		})
		began := time.Now()
		for range 1000 {
			if got := verdict(ask(t.Context(), client)); got != "overloaded/queue_full" {
				t.Fatalf("answered with %s", got)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("1000 refusals took %v behind a subscriber that does not return", took)
		}
		if lost := client.Stats().LostEvents; lost == 0 {
			t.Error("nothing was lost, so the subscriber was not slow")
		}
		close(slow)
		client.ActorSystem().EventStream.Unsubscribe(sub)
		close(gate)
		callers.wait()
		atRest(t, client)
	})
}

func TestDropModeIsSwitchedLiveAndWhoWaitsKeepsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, _, callers := full(t, gate)
		callers.join(t.Context(), client, 3)
		held(t, client, 1, 1, 3)
		client.SetDropExcessRequests(true)
		if got := verdict(ask(t.Context(), client)); got != "overloaded/queue_full" {
			t.Errorf("in drop mode: answered with %s", got)
		}
		held(t, client, 1, 1, 3)
		client.SetDropExcessRequests(false)
		callers.join(t.Context(), client, 1)
		held(t, client, 1, 1, 4)
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 6})
		atRest(t, client)
	})
}

func TestAProvidersOwnDropModeOverridesTheClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		yes, no := true, false
		for _, own := range []*bool{&yes, &no} {
			gate := make(chan struct{})
			client, _, callers := full(t, gate, with(func(c *schemas.ProviderConfig) { c.DropExcessRequests = own }),
				func(s *setup) { s.bifrost.DropExcessRequests = !*own })
			client.SetDropExcessRequests(!*own)
			callers.join(t.Context(), client, 1)
			if *own {
				held(t, client, 1, 1, 0)
			} else {
				held(t, client, 1, 1, 1)
			}
			close(gate)
			want := map[string]int{"ok": 3}
			if *own {
				want = map[string]int{"ok": 2, "overloaded/queue_full": 1}
			}
			wantTally(t, callers.tally(), want)
			atRest(t, client)
		}
	})
}

// Three panics in a row of the only worker: it restarts in a backoff, and the
// reason says so when the mailbox is full.
func TestTheReasonTellsAFullMailboxFromAFailingProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := script(func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic("scripted") })
		p := newProvider(inOrder(boom, boom, boom, atOnce))
		client := startClient(t, p, sizes(1, 1), dropExcess)
		for range 3 {
			if got := verdict(ask(t.Context(), client)); got != "internal" {
				t.Fatalf("answered with %s", got)
			}
			synctest.Wait()
		}
		queued := crowdOf(t.Context(), client, 1)
		held(t, client, 0, 1, 0)
		letter := deadLetterOf(t, ask(t.Context(), client))
		if letter.Reason != schemas.ReasonDegraded || !stats(client).Degraded {
			t.Errorf("refused with %+v", letter)
		}
		wantTally(t, queued.tally(), map[string]int{"ok": 1})
		if p.Calls() != 4 {
			t.Errorf("the provider saw %d calls, want 4", p.Calls())
		}
		atRest(t, client)
		if stats(client).Degraded {
			t.Error("still degraded after the restart")
		}
	})
}
