package actors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// Promise 2: queued ≤ buffer_size, in hand ≤ concurrency, and all that is
// accepted and unanswered ≤ buffer_size + concurrency, always.

// held checks how many a provider holds, and the sum.
func held(t testing.TB, client *bifrost.Client, inHand, queued, waiting int) {
	t.Helper()
	synctest.Wait()
	s := stats(client)
	if s.InHand != inHand || s.Queued != queued || s.Waiting != waiting {
		t.Errorf("%d in hand, %d queued, %d waiting; want %d, %d, %d", s.InHand, s.Queued, s.Waiting, inHand, queued, waiting)
	}
	checkSnapshot(t, providerName, s)
}

// withinBounds checks a snapshot against its own limits.
func withinBounds(t testing.TB, s bifrost.ProviderStats) {
	t.Helper()
	checkSnapshot(t, providerName, s)
	if s.InHand > s.Concurrency || s.Queued > s.BufferSize || s.InHand+s.Queued+s.BackingOff > s.Concurrency+s.BufferSize {
		t.Errorf("out of bounds: concurrency %d, buffer %d, but %d in hand, %d queued, %d backing off",
			s.Concurrency, s.BufferSize, s.InHand, s.Queued, s.BackingOff)
	}
}

func TestBoundsAreExactAtEverySize(t *testing.T) {
	all := []int{1, 2, 3, 10, 16, 1000}
	for _, concurrency := range all {
		for _, buffer := range all {
			t.Run(fmt.Sprintf("concurrency %d buffer %d", concurrency, buffer), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					gate := make(chan struct{})
					p := newProvider(heldBy(gate))
					client := startClient(t, p, sizes(concurrency, buffer), dropExcess)
					const excess = 7
					callers := crowdOf(t.Context(), client, concurrency+buffer+excess)
					held(t, client, concurrency, buffer, 0)
					if p.Open() != concurrency {
						t.Errorf("%d calls open, want %d", p.Open(), concurrency)
					}
					if n := callers.answered(); n != excess {
						t.Errorf("%d answered while the provider holds all answers, want %d", n, excess)
					}
					close(gate)
					wantTally(t, callers.tally(), map[string]int{"ok": concurrency + buffer, "overloaded/queue_full": excess})
					if p.Peak() != concurrency || p.Calls() != concurrency+buffer {
						t.Errorf("peak %d, calls %d; want %d, %d", p.Peak(), p.Calls(), concurrency, concurrency+buffer)
					}
					atRest(t, client)
				})
			})
		}
	}
}

func TestBoundsHoldInWaitModeFromTheFirstToTheLastOfManyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var client *bifrost.Client
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			withinBounds(t, stats(client))
			return after(time.Second)(ctx, a)
		})
		client = startClient(t, p, sizes(3, 5))
		callers := crowdOf(t.Context(), client, 100)
		held(t, client, 3, 5, 92)
		for done := 3; done <= 90; done += 3 {
			time.Sleep(time.Second)
			held(t, client, 3, 5, 92-done)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 100})
		if p.Peak() != 3 {
			t.Errorf("peak %d, want 3", p.Peak())
		}
		atRest(t, client)
	})
}

func TestWhatBacksOffCountsAgainstTheTotalBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Number == 1 {
				return refusing(schemas.KindUpstream, 503)(ctx, a)
			}
			return answer("ok"), nil
		})
		client := startClient(t, p, sizes(1, 3), dropExcess, retries(1, 10*time.Second))
		callers := &crowd{}
		for range 10 { // each finds a free worker, and those before it in their backoff
			callers.join(t.Context(), client, 1)
			synctest.Wait()
		}
		s := stats(client)
		withinBounds(t, s)
		if s.BackingOff != 4 || s.InHand+s.Queued != 0 || s.Refused[schemas.ReasonQueueFull] != 6 {
			t.Errorf("%d backing off, %d in hand, %d queued, %d refused; want 4, 0, 0, 6",
				s.BackingOff, s.InHand, s.Queued, s.Refused[schemas.ReasonQueueFull])
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 4, "overloaded/queue_full": 6})
		if p.Peak() != 1 || p.Calls() != 8 {
			t.Errorf("peak %d, calls %d; want 1, 8", p.Peak(), p.Calls())
		}
		atRest(t, client)
	})
}

func TestAStreamIsInHandUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(streaming(5, time.Second)), sizes(1, 1), dropExcess)
		stream, err := client.ChatCompletionStreamRequest(t.Context(), chat())
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			held(t, client, 1, 0, 0)
			if _, err := stream.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := stream.Next(); err == nil {
			t.Error("a sixth chunk of five")
		}
		held(t, client, 0, 0, 0)
	})
}

func TestAShrinkServesWhatWasAcceptedAndAdmitsNothingUntilItFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := make(chan struct{})
		p := newProvider(heldBy(next)) // a value on next ends one call
		a := newAccount(sizes(4, 8), dropExcess)
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 12)
		held(t, client, 4, 8, 0)

		reconfigure(t, client, a, sizes(2, 3))
		held(t, client, 4, 8, 0)
		// Four in hand: none is taken until fewer than two are, and what is queued
		// then drains one by one; nothing is admitted before both bounds are met.
		for _, want := range []struct{ inHand, queued int }{{3, 8}, {2, 8}, {2, 7}, {2, 6}, {2, 5}, {2, 4}, {2, 3}} {
			if got := verdict(ask(t.Context(), client)); got != "overloaded/queue_full" {
				t.Errorf("over the new bound: answered with %s", got)
			}
			next <- struct{}{}
			held(t, client, want.inHand, want.queued, 0)
		}
		if got := verdict(ask(t.Context(), client)); got != "overloaded/queue_full" {
			t.Errorf("at the new bound: answered with %s", got)
		}
		next <- struct{}{}
		held(t, client, 2, 2, 0)
		callers.join(t.Context(), client, 1)
		held(t, client, 2, 3, 0)
		close(next)
		wantTally(t, callers.tally(), map[string]int{"ok": 13})
		if s := stats(client); s.Workers != 2 {
			t.Errorf("%d workers, want 2", s.Workers)
		}
		atRest(t, client)
	})
}

func TestWaitersOfAShrunkProviderComeInWhenThereIsRoomAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := make(chan struct{})
		p := newProvider(heldBy(next))
		a := newAccount(sizes(3, 3))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 10)
		held(t, client, 3, 3, 4)
		reconfigure(t, client, a, sizes(1, 1))
		for _, want := range []struct{ inHand, queued, waiting int }{{2, 3, 4}, {1, 3, 4}, {1, 2, 4}, {1, 1, 4}, {1, 1, 3}, {1, 1, 2}} {
			next <- struct{}{}
			held(t, client, want.inHand, want.queued, want.waiting)
		}
		close(next)
		wantTally(t, callers.tally(), map[string]int{"ok": 10})
		atRest(t, client)
	})
}

func TestAGrowthTakesWaitersInAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		p := newProvider(heldBy(gate))
		a := newAccount(sizes(1, 1))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 10)
		held(t, client, 1, 1, 8)
		reconfigure(t, client, a, sizes(1, 3)) // the buffer alone
		held(t, client, 1, 3, 6)
		reconfigure(t, client, a, sizes(4, 3)) // the workers alone
		held(t, client, 4, 3, 3)
		if p.Open() != 4 {
			t.Errorf("%d calls open, want 4", p.Open())
		}
		reconfigure(t, client, a, sizes(5, 100))
		held(t, client, 5, 5, 0)
		close(gate)
		wantTally(t, callers.tally(), map[string]int{"ok": 10})
		atRest(t, client)
	})
}

// The invariant under any order of resizes and traffic: a provider never sees
// more calls than the largest concurrency of all that a call in hand has lived
// through, and the snapshot is within its own bounds whenever nothing older is
// left.
func TestBoundsHoldUnderARandomMixOfTrafficAndResizes(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomResizes(t, rand.New(rand.NewPCG(seed, 2))) })
		})
	}
}

func randomResizes(t *testing.T, random *rand.Rand) {
	const longest = 50 * time.Millisecond // a call
	p := newProvider(func(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
		return after(time.Duration(1+rand.IntN(50))*time.Millisecond)(ctx, a)
	})
	account := newAccount(sizes(5, 5))
	client := startAccount(t, account, p)
	callers := &crowd{}
	accepted := 10 // an upper bound of what is accepted: it shrinks with time only
	for range 60 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+random.IntN(400))*time.Millisecond)
		t.Cleanup(cancel)
		callers.join(ctx, client, random.IntN(15))
		synctest.Wait()
		if s := stats(client); s.InHand+s.Queued > accepted || p.Open() > s.InHand {
			t.Errorf("%d in hand, %d queued, %d open; want at most %d", s.InHand, s.Queued, p.Open(), accepted)
		}
		concurrency, buffer := 1+random.IntN(8), 1+random.IntN(8)
		reconfigure(t, client, account, sizes(concurrency, buffer), func(s *setup) {
			drop := random.IntN(3) == 0
			s.provider.DropExcessRequests = &drop
		})
		accepted = max(accepted, concurrency+buffer)
		if random.IntN(4) == 0 { // long enough for everything older to be over
			time.Sleep(20 * longest)
			synctest.Wait()
			withinBounds(t, stats(client))
			accepted = concurrency + buffer
		} else {
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
		}
	}
	callers.wait()
	time.Sleep(longest)
	synctest.Wait()
	atRest(t, client)
}
