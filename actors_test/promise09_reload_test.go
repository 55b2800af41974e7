package actors_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

func TestMoreConcurrencyServesWhatIsQueuedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		a := newAccount(sizes(1, 10))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 11)
		synctest.Wait()
		reconfigure(t, client, a, sizes(11, 10))
		synctest.Wait()
		if s := stats(client); p.Open() != 11 || s.InHand != 11 || s.Queued != 0 || s.Workers != 11 {
			t.Errorf("%d open, %+v", p.Open(), s)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 11})
	})
}

func TestLessConcurrencyLetsWhatIsInHandFinishAndTakesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		a := newAccount(sizes(6, 20))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 26)
		synctest.Wait()
		reconfigure(t, client, a, sizes(2, 20))
		synctest.Wait()
		if p.Open() != 6 {
			t.Errorf("%d open right after: what was in hand must finish", p.Open())
		}
		for range 8 {
			time.Sleep(time.Second)
			synctest.Wait()
			if p.Open() > 2 {
				t.Errorf("%d open later", p.Open())
			}
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 26})
		if s := stats(client); s.Workers != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestSmallerBufferLosesAndRefusesNothingThatWasAccepted(t *testing.T) {
	for _, drop := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(after(time.Second))
			a := newAccount(sizes(1, 11), func(s *setup) { s.bifrost.DropExcessRequests = drop })
			client := startAccount(t, a, p)
			callers := crowdOf(t.Context(), client, 12)
			synctest.Wait()
			reconfigure(t, client, a, sizes(1, 1))
			if s := stats(client); s.Queued != 11 || s.BufferSize != 1 {
				t.Errorf("after the shrink: %+v", s)
			}
			for i := range 14 { // the mailbox is over its new bound until i is 10
				time.Sleep(time.Second)
				synctest.Wait()
				before := stats(client).Queued
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				err := ask(ctx, client)
				cancel()
				if admitted := stats(client).Admitted > uint64(12+max(0, i-10)); admitted && before >= 1 {
					t.Fatalf("second %d: admitted with %d queued (%v)", i, before, err)
				}
			}
			wantTally(t, callers.tally(), map[string]int{"ok": 12})
		})
	}
}

func TestLargerBufferAdmitsWaitersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(1, 2))
		client := startAccount(t, a, newProvider(after(time.Second)))
		callers := crowdOf(t.Context(), client, 10)
		synctest.Wait()
		if s := stats(client); s.Waiting != 7 || s.Queued != 2 {
			t.Fatalf("before: %+v", s)
		}
		reconfigure(t, client, a, sizes(1, 7))
		if s := stats(client); s.Waiting != 2 || s.Queued != 7 {
			t.Errorf("after: %+v", s)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 10})
	})
}

func TestWaitersKeepTheirTurnWhenDropModeIsSwitchedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(1, 2))
		client := startAccount(t, a, newProvider(after(time.Second)))
		callers := crowdOf(t.Context(), client, 10)
		synctest.Wait()
		client.SetDropExcessRequests(true)
		if letter := deadLetterOf(t, ask(t.Context(), client)); letter.Reason != schemas.ReasonQueueFull || letter.Waiting != 7 {
			t.Errorf("%+v", letter)
		}
		client.SetDropExcessRequests(false)
		callers.join(t.Context(), client, 1)
		wantTally(t, callers.tally(), map[string]int{"ok": 11})
	})
}

func TestProvidersOwnDropModeWinsOverTheClients(t *testing.T) {
	own := func(drop *bool) setting {
		return with(func(c *schemas.ProviderConfig) { c.DropExcessRequests = drop })
	}
	yes, no := true, false
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(1, 1), own(&yes))
		client := startAccount(t, a, newProvider(atOnce))
		steps := []struct {
			change func()
			drop   bool
		}{
			{func() {}, true},
			{func() { client.SetDropExcessRequests(false) }, true},
			{func() { reconfigure(t, client, a, own(&no)) }, false},
			{func() { client.SetDropExcessRequests(true) }, false},
			{func() { reconfigure(t, client, a, own(nil)) }, true},
			{func() { client.SetDropExcessRequests(false) }, false},
			{func() { reconfigure(t, client, a, sizes(2, 2)) }, false},
		}
		for i, step := range steps {
			if step.change(); stats(client).Drop != step.drop {
				t.Errorf("after step %d drop is %v", i, !step.drop)
			}
		}
	})
}

func TestNewKeysServeWhatIsQueuedWhileOldOnesFinishWhatTheyBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var used []string
		a := newAccount(sizes(1, 5), keys(schemas.Key{Name: "old", Value: "v1"}))
		client := startAccount(t, a, newProvider(func(ctx context.Context, at *schemas.Attempt) (*schemas.Response, error) {
			mu.Lock()
			used = append(used, at.Key.Value)
			mu.Unlock()
			return after(time.Second)(ctx, at)
		}))
		callers := crowdOf(t.Context(), client, 3)
		synctest.Wait()
		reconfigure(t, client, a, keys(schemas.Key{Name: "new", Value: "v2"}))
		wantTally(t, callers.tally(), map[string]int{"ok": 3})
		if !slices.Equal(used, []string{"v1", "v2", "v2"}) {
			t.Errorf("keys used: %v", used)
		}
		if k := stats(client).Keys; len(k) != 1 || k[0].Name != "new" {
			t.Errorf("%+v", k)
		}
	})
}

func TestKeyThatRestsGoesOnRestingAfterAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(refusing(schemas.KindUnauthorized, 401))
		a := newAccount(sizes(1, 5), keys(schemas.Key{Name: "bad", Value: "v1"}))
		client := startAccount(t, a, p)
		_ = ask(t.Context(), client)
		reconfigure(t, client, a, keys(schemas.Key{Name: "other", Value: "v2", Models: []string{"x"}}, schemas.Key{Name: "renamed", Value: "v1"}))
		if err := errorOf(t, ask(t.Context(), client)); err.Reason != schemas.ReasonKeysResting || p.Calls() != 1 {
			t.Errorf("%v after %d calls", err, p.Calls())
		}
	})
}

func TestTimeoutsAndLimitsChangeInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(1, 1), queueTimeout(time.Hour), readerIdle(time.Hour))
		up := &source{}
		client := startAccount(t, a, newProvider(from(up)))
		old := stream(t.Context(), t, client) // keeps the hour that it began with
		reconfigure(t, client, a, queueTimeout(2*time.Second), readerIdle(3*time.Second), maxWaiting(1))
		queued := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		began := time.Now()
		waiter := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		if letter := deadLetterOf(t, ask(t.Context(), client)); letter.Reason != schemas.ReasonQueueFull {
			t.Errorf("beyond max_waiting: %+v", letter)
		}
		if letter := deadLetterOf(t, waiter.wait()[0].err); letter.Reason != schemas.ReasonQueueTimeout || time.Since(began) != 2*time.Second {
			t.Errorf("%+v after %v", letter, time.Since(began))
		}
		time.Sleep(time.Minute)
		if queued.answered() != 0 {
			t.Error("the old stream lost its worker")
		}
		_ = old.Close()
		wantTally(t, queued.tally(), map[string]int{"ok": 1})
		began = time.Now()
		lost := stream(t.Context(), t, client)
		if err := ask(t.Context(), client); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("a new stream that is not read held its worker for %v (%v)", time.Since(began), err)
		}
		_ = lost.Close()
	})
}

// limited is a provider that checks how many calls are open against a bound that
// the test moves.
type limited struct {
	*scripted
	bound atomic.Int64
	worst atomic.Int64 // the largest excess
}

func (l *limited) Call(ctx context.Context, a *schemas.Attempt) (*schemas.Response, error) {
	if over := int64(l.Open()) + 1 - l.bound.Load(); over > l.worst.Load() {
		l.worst.Store(over)
	}
	return l.scripted.Call(ctx, a)
}

func TestHundredReloadsUnderTrafficLoseNothingAndKeepTheLargerBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		p := &limited{scripted: newProvider(after(10 * time.Millisecond))}
		p.bound.Store(4)
		a := newAccount(sizes(4, 10))
		client := startAccount(t, a, p)
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() {
				for range 60 {
					if err := ask(t.Context(), client); err != nil {
						t.Errorf("a reload cost a caller its answer: %v", err)
					}
				}
			})
		}
		old := 4
		for i := range 100 {
			next := 1 + random.IntN(12)
			p.bound.Store(int64(max(old, next)))
			reconfigure(t, client, a, sizes(next, 1+random.IntN(30)))
			checkSum(t, client)
			time.Sleep(10*time.Millisecond + 1) // what was in hand before has finished
			synctest.Wait()
			p.bound.Store(int64(next))
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			if s := stats(client); s.InHand > next || s.Workers != next || s.Concurrency != next {
				t.Errorf("reload %d to %d: %+v", i, next, s)
			}
			old = next
		}
		wg.Wait()
		if p.worst.Load() > 0 || p.Calls() != 3600 {
			t.Errorf("%d calls, up to %d too many at once", p.Calls(), p.worst.Load())
		}
		atRest(t, client)
	})
}

// Reloads that follow each other without a pause, in real time.
func TestReloadsInARowUnderTrafficLoseNothing(t *testing.T) {
	checkGoroutines(t)
	p := newProvider(atOnce)
	a := newAccount(sizes(4, 4))
	client := startAccount(t, a, p)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := ask(context.Background(), client); err != nil {
					t.Errorf("a reload cost a caller its answer: %v", err)
					return
				}
			}
		})
	}
	for i := range 300 {
		reconfigure(t, client, a, sizes(1+i%7, 1+i%5))
		checkSum(t, client)
	}
	reconfigure(t, client, a, sizes(3, 3))
	close(stop)
	wg.Wait()
	eventually(t, "three workers", func() bool { return stats(client).Workers == 3 })
	if p.Peak() > 7 {
		t.Errorf("%d at once", p.Peak())
	}
	atRest(t, client)
}

func TestReloadThatFailsChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(sizes(2, 3), keys(schemas.Key{Name: "k", Value: "v"}))
		client := startAccount(t, a, newProvider(atOnce))
		faults := map[string]setting{
			"size":   sizes(-1, 3),
			"key":    keys(schemas.Key{Name: "empty"}),
			"weight": keys(schemas.Key{Value: "v", Weight: -1}),
			"time":   queueTimeout(-1),
			"retry":  retries(-1, time.Second),
		}
		for name, fault := range faults {
			broken := newAccount(sizes(2, 3), fault)
			good := a.setup
			a.setup = broken.setup
			err := client.UpdateProvider(t.Context(), providerName)
			a.setup = good
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			if s := stats(client); s.Concurrency != 2 || s.BufferSize != 3 || len(s.Keys) != 1 || s.Keys[0].Name != "k" {
				t.Errorf("%s: %+v", name, s)
			}
		}
		if err := client.UpdateProvider(t.Context(), "unheard-of"); err == nil {
			t.Error("a provider that nobody configured was started")
		}
		if err := ask(t.Context(), client); err != nil {
			t.Error(err)
		}
	})
}

// Only RemoveProvider itself may take as long as the drain: real time, because a
// goroutine that waits for a mutex stops a bubble's clock.
func TestChangesDoNotWaitForAProviderThatIsBeingRemoved(t *testing.T) {
	checkGoroutines(t)
	gate := make(chan struct{})
	client := startClient(t, newProvider(heldBy(gate)), sizes(1, 1), withOther(newProvider(atOnce)))
	callers := crowdOf(context.Background(), client, 1)
	eventually(t, "a call in hand", func() bool { return stats(client).InHand == 1 })
	removed := make(chan error, 1)
	go func() { removed <- client.RemoveProvider(context.Background(), providerName) }()
	eventually(t, "draining", func() bool { return stats(client).Closed })
	first := within(t, 3*time.Second, "SetDropExcessRequests", func() { client.SetDropExcessRequests(true) })
	second := within(t, 3*time.Second, "UpdateProvider of another provider", func() { _ = client.UpdateProvider(context.Background(), otherName) })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	third := within(t, 3*time.Second, "UpdateProvider of the one that is being removed, beyond its context", func() {
		if err := client.UpdateProvider(ctx, providerName); err == nil {
			t.Error("it was updated while it was being removed")
		}
	})
	fourth := within(t, 3*time.Second, "SetDropExcessRequests after it", func() { client.SetDropExcessRequests(false) })
	close(gate)
	for _, done := range []<-chan struct{}{first, second, third, fourth} {
		<-done
	}
	if err := <-removed; err != nil {
		t.Error(err)
	}
	wantTally(t, callers.tally(), map[string]int{"ok": 1})
	if err := ask(context.Background(), client); !errors.Is(err, schemas.ErrNotFound) {
		t.Error(err)
	}
}
