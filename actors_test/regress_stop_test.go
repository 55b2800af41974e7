package actors_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bifrost/schemas"
)

// Stops that meet another stop or a reload; each of these once blocked, or left
// a goroutine behind.

// patient starts a client whose only call takes an hour, and an ended context.
func patient(t *testing.T) (*crowd, *account, func() context.Context, *scripted) {
	t.Helper()
	ended := func() context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx
	}
	return &crowd{}, newAccount(sizes(1, 1)), ended, newProvider(after(time.Hour))
}

func TestAHardStopEndsAGracefulShutdownThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		callers, a, ended, p := patient(t)
		client := startAccount(t, a, p)
		callers.join(t.Context(), client, 2)
		held(t, client, 1, 1, 0)
		began := time.Now()
		var graceful sync.WaitGroup
		graceful.Go(func() { checkLeft(t, client.Shutdown(context.Background()), 1, 1) })
		synctest.Wait()
		time.Sleep(time.Minute)
		checkLeft(t, client.Shutdown(ended()), 1, 1)
		graceful.Wait()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("both returned after %v, want the minute until the hard stop", took)
		}
		wantTally(t, callers.tally(), map[string]int{"overloaded/draining": 2})
		atRest(t, client)
	})
}

func TestAShutdownDoesNotWaitForARemovalThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		callers, a, ended, p := patient(t)
		client := startAccount(t, a, p)
		callers.join(t.Context(), client, 2)
		held(t, client, 1, 1, 0)
		began := time.Now()
		var removal sync.WaitGroup
		removal.Go(func() { _ = client.RemoveProvider(context.Background(), providerName) })
		synctest.Wait()
		checkLeft(t, client.Shutdown(ended()), 1, 1)
		removal.Wait()
		if took := time.Since(began); took != 0 {
			t.Errorf("the hard stop took %v", took)
		}
		wantTally(t, callers.tally(), map[string]int{"overloaded/draining": 2})
	})
}

func TestAnUpdateReturnsAlthoughTheProviderIsStoppedByItsPID(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			callers, a, _, p := patient(t)
			client := startAccount(t, a, p)
			callers.join(t.Context(), client, 3)
			held(t, client, 1, 1, 1)
			pid, _ := client.ProviderPID(providerName)
			var update sync.WaitGroup
			update.Go(func() {
				a.change(sizes(100, 1))
				_ = client.UpdateProvider(t.Context(), providerName)
			})
			client.ActorSystem().Root.Stop(pid)
			update.Wait()
			for kind := range callers.tally() {
				if kind != "overloaded/draining" {
					t.Errorf("answered with %s", kind)
				}
			}
			synctest.Wait()
			atRest(t, client)
		})
	}
}

// Stopping what has stopped once made the engine publish a dead letter of its
// own, and keep a goroutine for a second.
func TestStoppingTwiceLeavesNoGoroutine(t *testing.T) {
	for _, changes := range [][]setting{{sizes(10, 1)}, {sizes(1, 1)}, {sizes(20, 5)}} {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(sizes(10, 5))
			client := startAccount(t, a, newProvider(atOnce))
			wantTally(t, crowdOf(t.Context(), client, 50).tally(), map[string]int{"ok": 50})
			reconfigure(t, client, a, changes...)
			pid, _ := client.ProviderPID(providerName)
			client.ActorSystem().Root.Stop(pid)
			client.ActorSystem().Root.Poison(pid)
			synctest.Wait()
			if got := verdict(ask(t.Context(), client)); got != "overloaded/"+string(schemas.ReasonDraining) {
				t.Errorf("a stopped provider answers with %s", got)
			}
			shutdown(t, client)
			shutdown(t, client)
			atRest(t, client)
		})
	}
}

func TestAShutdownRightAfterAShrinkLeavesNoGoroutine(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(sizes(50, 50))
			client := startAccount(t, a, newProvider(after(time.Millisecond)))
			callers := crowdOf(t.Context(), client, 100)
			synctest.Wait()
			reconfigure(t, client, a, sizes(1, 50))
			shutdown(t, client)
			wantTally(t, callers.tally(), map[string]int{"ok": 100})
			atRest(t, client)
		})
	}
}
