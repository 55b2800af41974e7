package actors_test

import (
	"context"
	"fmt"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/actors"
	"bifrost/schemas"
)

// Promise 4: wait mode and a full mailbox: senders wait first come, first
// served, without spinning, until there is room or their context ends.

// arrivals notes the order in which requests reach a provider, by their User.
type arrivals struct {
	mu    sync.Mutex // guards names
	names []string
}

func (a *arrivals) note(s script) script {
	return func(ctx context.Context, at *schemas.Attempt) (*schemas.Response, error) {
		a.mu.Lock()
		a.names = append(a.names, at.Request.Chat.User)
		a.mu.Unlock()
		return s(ctx, at)
	}
}

func TestWaitersAreServedInTheOrderTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order := &arrivals{}
		client := startClient(t, newProvider(order.note(after(time.Second))), sizes(1, 2))
		const n = 50
		var wg sync.WaitGroup
		var want []string
		for i := range n {
			name := fmt.Sprint(i)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			wg.Go(func() {
				_, err := client.ChatCompletionRequest(ctx, fatedChat(name))
				if got := verdict(err); (i%5 == 4) != (got == "canceled") {
					t.Errorf("%s: answered with %s", name, got)
				}
			})
			synctest.Wait() // it waits before the next one comes
			if i%5 == 4 {
				cancel() // waiters that leave do not change the order of the others
			} else {
				want = append(want, name)
			}
		}
		wg.Wait()
		if !slices.Equal(order.names, want) {
			t.Errorf("served %v\nwant   %v", order.names, want)
		}
		atRest(t, client)
	})
}

func TestNobodyOvertakesAWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order := &arrivals{}
		client := startClient(t, newProvider(order.note(after(time.Second))), sizes(1, 1))
		var wg sync.WaitGroup
		send := func(name string) {
			wg.Go(func() {
				if _, err := client.ChatCompletionRequest(t.Context(), fatedChat(name)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
			synctest.Wait()
		}
		for _, name := range []string{"in hand", "queued", "first waiter", "second waiter"} {
			send(name)
		}
		for i := range 10 { // one comes at each moment a place becomes free
			time.Sleep(time.Second)
			send(fmt.Sprint("late ", i))
		}
		wg.Wait()
		want := []string{"in hand", "queued", "first waiter", "second waiter"}
		for i := range 10 {
			want = append(want, fmt.Sprint("late ", i))
		}
		if !slices.Equal(order.names, want) {
			t.Errorf("served %v\nwant   %v", order.names, want)
		}
		atRest(t, client)
	})
}

// scheduled is how often goroutines were scheduled so far, as the Go runtime
// samples it.
func scheduled() uint64 {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	metrics.Read(sample)
	var n uint64
	for _, c := range sample[0].Value.Float64Histogram().Counts {
		n += c
	}
	return n
}

// A hundred waiters may cost a virtual hour no more than a tenth of what a
// hundred goroutines cost that look once a second.
func TestWaitersDoNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client := startClient(t, newProvider(heldBy(gate)), sizes(1, 1))
		callers := crowdOf(t.Context(), client, 102)
		held(t, client, 1, 1, 100)
		before := scheduled()
		time.Sleep(time.Hour)
		waiters := scheduled() - before

		var pollers sync.WaitGroup
		before = scheduled()
		for range 100 {
			pollers.Go(func() {
				for range 3600 {
					time.Sleep(time.Second)
				}
			})
		}
		pollers.Wait()
		polling := scheduled() - before
		t.Logf("scheduled %d times for an hour with 100 waiters, %d times with 100 pollers beside them", waiters, polling)
		if waiters*10 > polling {
			t.Errorf("an hour of 100 waiters was scheduled %d times, of 100 pollers %d times", waiters, polling)
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 102})
		atRest(t, client)
	})
}

func TestAWaitEndsWithItsContextAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, p, callers := full(t, gate)
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		leavers := crowdOf(ctx, client, 5)
		held(t, client, 1, 1, 5)
		for _, o := range leavers.wait() {
			if verdict(o.err) != "timeout" || o.took != 250*time.Millisecond {
				t.Errorf("answered with %v after %v", o.err, o.took)
			}
			if errorOf(t, o.err).MayHaveStarted {
				t.Error("a waiter's request is said to have started")
			}
		}
		held(t, client, 1, 1, 0)
		if s := stats(client); s.Left != 5 || p.Calls() != 1 {
			t.Errorf("left %d, calls %d; want 5, 1", s.Left, p.Calls())
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 2})
		atRest(t, client)
	})
}

func TestMaxWaitingRefusesExactlyWhoIsOneTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, _, callers := full(t, gate, maxWaiting(7))
		more := crowdOf(t.Context(), client, 20)
		held(t, client, 1, 1, 7)
		if n := more.answered(); n != 13 {
			t.Errorf("%d refused, want 13", n)
		}
		if letter := deadLetterOf(t, ask(t.Context(), client)); letter.Reason != schemas.ReasonQueueFull || letter.Waiting != 7 {
			t.Errorf("dead letter %+v", letter)
		}
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 2})
		wantTally(t, more.tally(), map[string]int{"ok": 7, "overloaded/queue_full": 13})
		atRest(t, client)
	})
}

func TestQueueTimeoutEndsAWaitAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		client, p, callers := full(t, gate, queueTimeout(2*time.Second))
		published := collectLetters(t, client)
		waiters := crowdOf(t.Context(), client, 4)
		time.Sleep(time.Second)
		late := crowdOf(t.Context(), client, 1)
		held(t, client, 1, 1, 5)
		for _, o := range append(waiters.wait(), late.wait()...) {
			if o.took != 2*time.Second {
				t.Errorf("refused after %v, want 2s", o.took)
			}
			if letter := deadLetterOf(t, o.err); letter.Reason != schemas.ReasonQueueTimeout || letter.Queued != 1 {
				t.Errorf("dead letter %+v", letter)
			}
		}
		held(t, client, 1, 1, 0)
		if n := stats(client).Refused[schemas.ReasonQueueTimeout]; n != 5 || len(published.all()) != 5 || p.Calls() != 1 {
			t.Errorf("counted %d, published %d, calls %d; want 5, 5, 1", n, len(published.all()), p.Calls())
		}
		time.Sleep(time.Hour) // who has a place keeps it
		held(t, client, 1, 1, 0)
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 2})
		atRest(t, client)
	})
}

func TestAWaiterThatGotItsPlaceIsNotTimedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(after(3*time.Second)), sizes(1, 1), queueTimeout(4*time.Second))
		// In hand at 0, 3 and 6 s; the third waits 3 s for a place, the fourth, from
		// 1 s on, would have to wait until 6 s and is refused at 5 s.
		callers := crowdOf(t.Context(), client, 3)
		time.Sleep(time.Second)
		last := crowdOf(t.Context(), client, 1)
		wantTally(t, callers.tally(), map[string]int{"ok": 3})
		wantTally(t, last.tally(), map[string]int{"overloaded/queue_timeout": 1})
		if took := last.wait()[0].took; took != 4*time.Second {
			t.Errorf("refused after %v, want 4s", took)
		}
		atRest(t, client)
	})
}

func TestAsksByPIDWaitBoundedByBufferSizeUnlessMaxWaitingSaysOtherwise(t *testing.T) {
	for _, limit := range []struct{ maxWaiting, want int }{{0, 3}, {5, 5}, {1, 1}} {
		t.Run(fmt.Sprint("max_waiting ", limit.maxWaiting), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				p := newProvider(heldBy(gate))
				client := startClient(t, p, sizes(1, 3), maxWaiting(limit.maxWaiting))
				asker := newAsker(t, client)
				const n = 20
				for range n {
					asker.ask(t, client, request())
				}
				held(t, client, 1, 3, limit.want)
				refused := n - 1 - 3 - limit.want
				if len(asker.answers) != refused {
					t.Fatalf("%d answers at once, want %d", len(asker.answers), refused)
				}
				for range refused {
					if letter, ok := (<-asker.answers).(*schemas.DeadLetter); !ok || letter.Reason != schemas.ReasonQueueFull {
						t.Errorf("answered with %v", letter)
					}
				}
				close(gate)
				synctest.Wait()
				if len(asker.answers) != n-refused {
					t.Errorf("%d answers, want %d", len(asker.answers), n-refused)
				}
				for range len(asker.answers) {
					if resp, ok := (<-asker.answers).(*schemas.Response); !ok || resp.Chat.Text() != "ok" {
						t.Errorf("answered with %v", resp)
					}
				}
				atRest(t, client)
			})
		})
	}
}

func TestAnAskByPIDWithoutADeadlineHasThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(heldBy(nil))
		client := startClient(t, p, sizes(1, 1))
		asker := newAsker(t, client)
		deadlined, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		asker.ask(t, client, request())                                             // in hand
		asker.ask(t, client, &actors.Ask{Request: request()})                       // queued
		asker.ask(t, client, &actors.Ask{Context: deadlined, Request: request()})   // waits
		asker.ask(t, client, &actors.Ask{Context: t.Context(), Request: request()}) // one too many
		if _, ok := (<-asker.answers).(*schemas.DeadLetter); !ok || time.Since(began) != 0 {
			t.Errorf("the fourth was not refused at once")
		}
		for i, want := range []time.Duration{30 * time.Second, 30 * time.Second, time.Minute} {
			reply := <-asker.answers
			if e, ok := reply.(*schemas.Error); !ok || e.Kind != schemas.KindTimeout {
				t.Errorf("answer %d is %v", i, reply)
			}
			if took := time.Since(began); took != want {
				t.Errorf("answer %d came after %v, want %v", i, took, want)
			}
		}
		synctest.Wait()
		if len(asker.answers) != 0 || p.Calls() != 2 {
			t.Errorf("%d answers too many, %d calls, want 0 and 2", len(asker.answers), p.Calls())
		}
		atRest(t, client)
	})
}
