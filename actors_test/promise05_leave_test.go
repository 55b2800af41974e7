package actors_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/actors"
	"bifrost/schemas"
)

// Promise 5: a request whose context ends leaves the mailbox at once and frees
// its place; in a worker's hand its call is cancelled and the worker is free
// again; one that has expired never reaches the provider.

// leaver is one caller that can be made to leave.
type leaver struct {
	*crowd
	leave context.CancelFunc
}

func newLeaver(t *testing.T, client *bifrost.Client) leaver {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	l := leaver{crowdOf(ctx, client, 1), cancel}
	synctest.Wait()
	return l
}

// goes makes it leave and checks that it is answered at once.
func (l leaver) goes(t *testing.T, mayHaveStarted bool) {
	t.Helper()
	began := time.Now()
	l.leave()
	o := l.wait()[0]
	if verdict(o.err) != "canceled" || time.Since(began) != 0 {
		t.Errorf("left with %v after %v", o.err, time.Since(began))
	}
	if e := errorOf(t, o.err); e.MayHaveStarted != mayHaveStarted {
		t.Errorf("may have started: %v, want %v", e.MayHaveStarted, mayHaveStarted)
	}
	synctest.Wait()
}

func TestAQueuedRequestThatLeavesFreesItsPlaceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := newProvider(heldBy(gate))
		client := startClient(t, p, sizes(1, 3), dropExcess)
		first := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		for _, middle := range []int{0, 1, 2} { // the oldest, the middle and the youngest
			queue := []leaver{newLeaver(t, client), newLeaver(t, client), newLeaver(t, client)}
			held(t, client, 1, 3, 0)
			queue[middle].goes(t, false)
			held(t, client, 1, 2, 0)
			next := newLeaver(t, client)
			held(t, client, 1, 3, 0)
			next.goes(t, false)
			for i, l := range queue {
				if i != middle {
					l.goes(t, false)
				}
			}
			held(t, client, 1, 0, 0)
		}
		close(gate)
		wantTally(t, first.tally(), map[string]int{"ok": 1})
		if s := stats(client); s.Cancelled != 12 || s.Refused[schemas.ReasonQueueFull] != 0 || p.Calls() != 1 {
			t.Errorf("cancelled %d, refused %v, calls %d; want 12, none, 1", s.Cancelled, s.Refused, p.Calls())
		}
		atRest(t, client)
	})
}

func TestAQueuedRequestThatLeavesLetsAWaiterIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client := startClient(t, newProvider(heldBy(gate)), sizes(1, 1))
		first := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		queued, waiting, last := newLeaver(t, client), newLeaver(t, client), newLeaver(t, client)
		held(t, client, 1, 1, 2)
		waiting.goes(t, false)
		held(t, client, 1, 1, 1)
		queued.goes(t, false)
		held(t, client, 1, 1, 0)
		close(gate)
		wantTally(t, first.tally(), map[string]int{"ok": 1})
		wantTally(t, last.tally(), map[string]int{"ok": 1})
		if s := stats(client); s.Left != 1 || s.Cancelled != 1 {
			t.Errorf("left %d, cancelled %d; want 1, 1", s.Left, s.Cancelled)
		}
		atRest(t, client)
	})
}

func TestARequestInHandThatLeavesIsCancelledAndItsWorkerIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(heldBy(nil), atOnce))
		client := startClient(t, p, sizes(1, 1))
		inHand := newLeaver(t, client)
		next := crowdOf(t.Context(), client, 1)
		held(t, client, 1, 1, 0)
		inHand.goes(t, true)
		if n := next.answered(); n != 1 || p.Open() != 0 {
			t.Errorf("%d answered, %d calls open: the worker is not free", n, p.Open())
		}
		wantTally(t, next.tally(), map[string]int{"ok": 1})
		if s := stats(client); s.Cancelled != 1 || s.Failed != 0 || s.Completed != 1 {
			t.Errorf("cancelled %d, failed %d, completed %d; want 1, 0, 1", s.Cancelled, s.Failed, s.Completed)
		}
		atRest(t, client)
	})
}

func TestACallerDoesNotWaitForAProviderThatDoesNotHeedItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(func(context.Context, *schemas.Attempt) (*schemas.Response, error) {
			time.Sleep(5 * time.Second)
			return answer("too late"), nil
		})
		client := startClient(t, p, sizes(1, 1))
		inHand := newLeaver(t, client)
		inHand.goes(t, true)
		held(t, client, 1, 0, 0) // the worker is still with the provider, and counted
		time.Sleep(5 * time.Second)
		held(t, client, 0, 0, 0)
		if s := stats(client); s.Cancelled != 1 || s.Completed != 0 {
			t.Errorf("cancelled %d, completed %d; want 1, 0", s.Cancelled, s.Completed)
		}
		atRest(t, client)
	})
}

func TestAStreamThatIsClosedOrCancelledGivesItsWorkerBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(streaming(1000, time.Second))
		client := startClient(t, p, sizes(1, 1))
		for _, end := range []string{"closed", "cancelled"} {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stream, err := client.ChatCompletionStreamRequest(ctx, chat())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Next(); err != nil {
				t.Fatal(err)
			}
			held(t, client, 1, 0, 0)
			if end == "closed" {
				_ = stream.Close()
			} else {
				cancel()
			}
			held(t, client, 0, 0, 0)
			if p.Open() != 0 {
				t.Errorf("%s: %d calls open", end, p.Open())
			}
			if _, err := stream.Next(); verdict(err) != "canceled" {
				t.Errorf("%s: next returns %v", end, err)
			}
		}
		if s := stats(client); s.Cancelled != 2 {
			t.Errorf("cancelled %d, want 2", s.Cancelled)
		}
		atRest(t, client)
	})
}

func TestARequestThatBacksOffIsAnsweredAtOnceWhenItLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(refusing(schemas.KindUpstream, 503))
		client := startClient(t, p, sizes(1, 1), retries(3, 5*time.Second), dropExcess)
		backing := newLeaver(t, client)
		if s := stats(client); s.BackingOff != 1 || s.InHand != 0 {
			t.Fatalf("%d backing off, %d in hand; want 1, 0", s.BackingOff, s.InHand)
		}
		backing.goes(t, false)
		if s := stats(client); s.BackingOff != 0 || s.Cancelled != 1 {
			t.Errorf("%d backing off, %d cancelled; want 0, 1", s.BackingOff, s.Cancelled)
		}
		time.Sleep(time.Minute)
		if p.Calls() != 1 {
			t.Errorf("the provider saw %d calls, want 1", p.Calls())
		}
		atRest(t, client)
	})
}

func TestARequestThatIsDueButFindsNoWorkerMayLeaveToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(refusing(schemas.KindUpstream, 503), heldBy(nil)))
		client := startClient(t, p, sizes(1, 1), retries(3, 5*time.Second))
		due := newLeaver(t, client)
		busy := newLeaver(t, client)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s := stats(client); s.BackingOff != 1 || s.InHand != 1 || p.Calls() != 2 {
			t.Fatalf("%d backing off, %d in hand, %d calls; want 1, 1, 2", s.BackingOff, s.InHand, p.Calls())
		}
		due.goes(t, false)
		held(t, client, 1, 0, 0)
		if s := stats(client); s.BackingOff != 0 {
			t.Errorf("%d backing off, want 0", s.BackingOff)
		}
		busy.goes(t, true)
		atRest(t, client)
	})
}

func TestAnExpiredRequestNeverReachesTheProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(300 * time.Millisecond))
		client := startClient(t, p, sizes(2, 10))
		long := crowdOf(t.Context(), client, 2)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // ends when a worker gets free
		defer cancel()
		short := crowdOf(ctx, client, 50) // ten queued, forty waiting
		held(t, client, 2, 10, 40)
		wantTally(t, short.tally(), map[string]int{"timeout": 50})
		wantTally(t, long.tally(), map[string]int{"ok": 2})
		synctest.Wait()
		if p.Calls() != 2 {
			t.Errorf("the provider saw %d calls, want 2", p.Calls())
		}
		atRest(t, client)
	})
}

// Each door, with an idle provider: nothing but the caller's state stands in the
// way.
func TestAnAlreadyCancelledCallerIsNeverAdmittedInTenThousandTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p)
		asker := newAsker(t, client)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		raw, err := http.NewRequestWithContext(gone, http.MethodGet, "http://any/v1/models", nil)
		if err != nil {
			t.Fatal(err)
		}
		doors := []func() error{
			func() error { return ask(gone, client) },
			func() error { _, err := client.ChatCompletionStreamRequest(gone, chat()); return err },
			func() error { _, err := client.Transport(providerName).RoundTrip(raw); return err },
			func() error {
				asker.ask(t, client, &actors.Ask{Context: gone, Request: request()})
				err, _ := (<-asker.answers).(error)
				return err
			},
		}
		const tries = 10_000
		for i := range tries {
			if err := doors[i%len(doors)](); verdict(err) != "canceled" {
				t.Fatalf("try %d: answered with %v", i, err)
			}
		}
		if s := stats(client); s.Offered != tries || s.Left != tries || s.Admitted != 0 || p.Calls() != 0 {
			t.Errorf("offered %d, left %d, admitted %d, calls %d; want %d, %d, 0, 0",
				s.Offered, s.Left, s.Admitted, p.Calls(), tries, tries)
		}
		atRest(t, client)
	})
}

func TestAnAskByPIDLeavesWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(heldBy(nil))
		client := startClient(t, p, sizes(1, 1))
		asker := newAsker(t, client)
		var leave []context.CancelFunc
		for range 3 { // in hand, queued, waiting
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			leave = append(leave, cancel)
			asker.ask(t, client, &actors.Ask{Context: ctx, Request: request()})
			synctest.Wait()
		}
		for i, want := range []string{"1 1 0", "1 0 0", "0 0 0"} {
			leave[2-i]()
			synctest.Wait()
			if len(asker.answers) != 1 {
				t.Fatalf("%d answers to the one that left", len(asker.answers))
			}
			if e, ok := (<-asker.answers).(*schemas.Error); !ok || e.Kind != schemas.KindCanceled {
				t.Errorf("answered with %v", e)
			}
			s := stats(client)
			if got := fmt.Sprint(s.InHand, s.Queued, s.Waiting); got != want {
				t.Errorf("in hand, queued, waiting: %s, want %s", got, want)
			}
		}
		if p.Calls() != 1 {
			t.Errorf("the provider saw %d calls, want 1", p.Calls())
		}
		atRest(t, client)
	})
}
