package actors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// Promise 8: offered = admitted + waiting + left while waiting + refused;
// admitted = completed + failed + cancelled + dead-lettered + queued + backing
// off + in hand. In every snapshot, while traffic runs.

// unsteady is a provider that does anything a provider may do.
func unsteady(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	if err := pause(ctx, time.Duration(rand.IntN(20))*time.Millisecond); err != nil {
		return nil, err
	}
	switch rand.IntN(10) {
	case 0:
		return refusing(schemas.KindUpstream, 503)(ctx, a)
	case 1:
		return refusing(schemas.KindInvalidRequest, 400)(ctx, a)
	case 2:
		panic("scripted")
	}
	return answer("ok"), nil
}

// crossCheck compares the counters with what the callers were told.
func crossCheck(t *testing.T, s bifrost.ProviderStats, told map[string]int) {
	t.Helper()
	total := 0
	for _, n := range told {
		total += n
	}
	same := func(what string, counted uint64, told int) {
		t.Helper()
		if counted != uint64(told) {
			t.Errorf("%s: counted %d, callers were told %d", what, counted, told)
		}
	}
	same("offered", s.Offered, total)
	same("completed", s.Completed, told["ok"])
	same("failed", s.Failed, told["upstream"]+told["invalid_request"]+told["internal"])
	same("left and cancelled", s.Left+s.Cancelled, told["canceled"]+told["timeout"])
	same("queue_full", s.Refused[schemas.ReasonQueueFull], told["overloaded/queue_full"])
	same("queue_timeout", s.Refused[schemas.ReasonQueueTimeout], told["overloaded/queue_timeout"])
	same("degraded", s.Refused[schemas.ReasonDegraded], told["overloaded/degraded"])
	same("dead-lettered and draining", s.DeadLettered+s.Refused[schemas.ReasonDraining], told["overloaded/draining"])
}

func TestTheSumHoldsInEverySnapshotWhileTrafficRuns(t *testing.T) {
	for _, drop := range []bool{false, true} {
		t.Run(fmt.Sprint("drop ", drop), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newAccount(sizes(4, 8), retries(2, 30*time.Millisecond), maxWaiting(40), queueTimeout(150*time.Millisecond),
					func(s *setup) { s.bifrost.DropExcessRequests = drop })
				client := startAccount(t, a, newProvider(unsteady))
				callers := &crowd{}
				seen := make(map[string]bool) // states that a snapshot has shown
				for range 400 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+rand.IntN(400))*time.Millisecond)
					t.Cleanup(cancel)
					callers.join(ctx, client, rand.IntN(12))
					time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
					s := stats(client)
					checkSnapshot(t, providerName, s)
					note(seen, s)
				}
				told := callers.tally()
				synctest.Wait()
				atRest(t, client)
				crossCheck(t, stats(client), told)
				want := []string{"queued", "in hand", "backing off", "restarting", "full"}
				if !drop {
					want = append(want, "waiting")
				}
				for _, state := range want {
					if !seen[state] {
						t.Errorf("no snapshot saw anything %s: the traffic is too light for this test", state)
					}
				}
			})
		})
	}
}

func note(seen map[string]bool, s bifrost.ProviderStats) {
	seen["waiting"] = seen["waiting"] || s.Waiting > 0
	seen["queued"] = seen["queued"] || s.Queued > 0
	seen["in hand"] = seen["in hand"] || s.InHand > 0
	seen["backing off"] = seen["backing off"] || s.BackingOff > 0
	seen["restarting"] = seen["restarting"] || s.Restarting > 0
	seen["full"] = seen["full"] || s.RefusedTotal() > 0
}

// In real time, with real parallelism: one goroutine takes snapshots as fast as
// it can while callers, switches and resizes run beside it.
func TestTheSumHoldsInSnapshotsTakenAsFastAsPossible(t *testing.T) {
	checkGoroutines(t)
	var n atomic.Int64
	p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		if n.Add(1)%17 == 0 {
			return refusing(schemas.KindUpstream, 500)(ctx, a)
		}
		return answer("ok"), nil
	})
	a := newAccount(sizes(2, 3))
	client := startAccount(t, a, p)

	const callers, each = 16, 1500
	told := make([]map[string]int, callers)
	var traffic, aside sync.WaitGroup
	for i := range callers {
		told[i] = make(map[string]int)
		traffic.Go(func() {
			for j := range each {
				ctx, cancel := context.WithCancel(t.Context())
				if j%5 == i%5 {
					go cancel()
				}
				told[i][verdict(ask(ctx, client))]++
				cancel()
			}
		})
	}
	done := make(chan struct{})
	snapshots := 0
	aside.Go(func() {
		for over := false; !over; snapshots++ {
			select {
			case <-done:
				over = true
			default:
			}
			checkSnapshot(t, providerName, stats(client))
		}
	})
	aside.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			client.SetDropExcessRequests(i%2 == 0)
			reconfigure(t, client, a, sizes(1+i%4, 1+i%5))
		}
	})
	traffic.Wait()
	close(done)
	aside.Wait()
	shutdown(t, client) // the last abandoned calls are over
	atRest(t, client)
	all := make(map[string]int)
	for _, part := range told {
		for k, v := range part {
			all[k] += v
		}
	}
	crossCheck(t, stats(client), all)
	t.Logf("%d snapshots of %d requests: %v", snapshots, callers*each, all)
}

// Each ending in turn, counted where it belongs and nowhere else.
func TestEachEndingIsCountedOnceAndWhereItBelongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := newProvider(inOrder(atOnce, refusing(schemas.KindUpstream, 500), heldBy(nil), heldBy(gate)))
		client := startClient(t, p, sizes(1, 1), maxWaiting(1))
		if err := ask(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if got := verdict(ask(t.Context(), client)); got != "upstream" {
			t.Fatal(got)
		}
		inHand := newLeaver(t, client)
		inHand.goes(t, true)
		last := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		queued, waiting := newLeaver(t, client), newLeaver(t, client)
		if got := verdict(ask(t.Context(), client)); got != "overloaded/queue_full" {
			t.Fatal(got)
		}
		waiting.goes(t, false)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		refused := newLeaver(t, client) // waits, and is refused by the shutdown
		if err := client.Shutdown(ended); err == nil {
			t.Error("a hard stop with work left reports nothing")
		}
		if got := verdict(ask(t.Context(), client)); got != "overloaded/draining" {
			t.Fatal(got)
		}
		for _, c := range []*crowd{last, queued.crowd, refused.crowd} {
			wantTally(t, c.tally(), map[string]int{"overloaded/draining": 1})
		}
		s := stats(client)
		got := fmt.Sprintf("offered %d admitted %d left %d full %d draining %d completed %d failed %d cancelled %d dead %d",
			s.Offered, s.Admitted, s.Left, s.Refused[schemas.ReasonQueueFull], s.Refused[schemas.ReasonDraining],
			s.Completed, s.Failed, s.Cancelled, s.DeadLettered)
		want := "offered 9 admitted 5 left 1 full 1 draining 2 completed 1 failed 1 cancelled 2 dead 1"
		if got != want {
			t.Errorf("\n%s, want\n%s", got, want)
		}
		atRest(t, client)
	})
}
