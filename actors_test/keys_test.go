package actors_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

var oneKey = keys(schemas.Key{Name: "one", Value: "v1"})

// waitForKeys lets requests wait while every key rests.
var waitForKeys = with(func(c *schemas.ProviderConfig) { c.WaitForKeys = true })

// limitedOnce limits its only key for d at the first call, and answers the others.
func limitedOnce(d time.Duration) script {
	return inOrder(limitedFor(schemas.KindRateLimited, 429, d), atOnce)
}

func TestRequestIsRefusedWithTheSoonestTimeWhileEveryKeyRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(limitedFor(schemas.KindRateLimited, 429, time.Minute), limitedFor(schemas.KindRateLimited, 429, 20*time.Second)))
		client := startClient(t, p, twoKeys)
		_ = ask(t.Context(), client) // with one key
		_ = ask(t.Context(), client) // with the other
		began := time.Now()
		err := errorOf(t, ask(t.Context(), client))
		if err.Kind != schemas.KindRateLimited || err.Reason != schemas.ReasonKeysResting || err.RetryAfter != 20*time.Second || time.Since(began) != 0 {
			t.Errorf("%v, retry after %v, took %v", err, err.RetryAfter, time.Since(began))
		}
		atRest(t, client)
	})
}

func TestWhoIsLimitedWithoutADelayIsToldWhenAKeyIsThereAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(limitedFor(schemas.KindRateLimited, 429, 0), limitedFor(schemas.KindRateLimited, 429, 0),
			limitedFor(schemas.KindRateLimited, 429, 7*time.Second), limitedFor(schemas.KindUpstream, 500, 0)))
		client := startClient(t, p, twoKeys)
		for i, want := range []time.Duration{0, time.Second} { // the other key is free, then none is
			if err := errorOf(t, ask(t.Context(), client)); err.StatusCode != 429 || err.RetryAfter != want {
				t.Errorf("call %d: %v, retry after %v, want %v", i, err, err.RetryAfter, want)
			}
		}
		time.Sleep(time.Second)
		for i, want := range []time.Duration{7 * time.Second, 0} { // what the provider said itself, then what is no limit
			if err := errorOf(t, ask(t.Context(), client)); err.RetryAfter != want {
				t.Errorf("later call %d: %v, retry after %v, want %v", i, err, err.RetryAfter, want)
			}
		}
		atRest(t, client)
	})
}

func TestRequestsWaitForAKeyWithoutAWorkerWhenSoConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := keys(schemas.Key{Name: "one", Value: "v1", Models: []string{model}}, schemas.Key{Name: "two", Value: "v2", Models: []string{"free"}})
		p := newProvider(limitedOnce(20 * time.Second))
		client := startClient(t, p, other, sizes(1, 3), dropExcess, waitForKeys)
		if err := ask(t.Context(), client); verdict(err) != "rate_limited" {
			t.Fatal(err)
		}
		waiting := crowdOf(t.Context(), client, 3)
		synctest.Wait()
		if s := stats(client); s.BackingOff != 3 || s.InHand != 0 || s.Queued != 0 || s.Retries != 0 || p.Calls() != 1 {
			t.Errorf("%d calls: %+v", p.Calls(), s)
		}
		checkSum(t, client)
		// The worker is free for a model that has a key, and the bound counts who waits.
		if _, err := client.ChatCompletionRequest(t.Context(), &schemas.ChatRequest{Provider: providerName, Model: "free",
			Messages: chat().Messages}); err != nil {
			t.Error(err)
		}
		waiting.join(t.Context(), client, 1)
		synctest.Wait()
		if err := ask(t.Context(), client); verdict(err) != "overloaded/queue_full" {
			t.Errorf("beyond the bound: %v", err)
		}
		wantTally(t, waiting.tally(), map[string]int{"ok": 4})
		for _, o := range waiting.outcomes {
			if o.took != 20*time.Second {
				t.Errorf("waited %v", o.took)
			}
		}
		atRest(t, client)
	})
}

func TestWaitForAKeyIsBoundedByTheCallersDeadlineAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(limitedOnce(20 * time.Second))
		client := startClient(t, p, oneKey, sizes(1, 1), waitForKeys)
		_ = ask(t.Context(), client)
		short, stop := context.WithTimeout(t.Context(), 19*time.Second)
		defer stop()
		began := time.Now()
		err := errorOf(t, ask(short, client))
		if err.Reason != schemas.ReasonKeysResting || err.RetryAfter != 20*time.Second || time.Since(began) != 0 {
			t.Errorf("a deadline that comes first: %v after %v", err, time.Since(began))
		}
		gone, leave := context.WithCancel(t.Context())
		waiting := crowdOf(gone, client, 1)
		synctest.Wait()
		if s := stats(client); s.BackingOff != 1 {
			t.Errorf("%+v", s)
		}
		leave()
		wantTally(t, waiting.tally(), map[string]int{"canceled": 1})
		atRest(t, client)
		if s := stats(client); s.Cancelled != 1 || p.Calls() != 1 {
			t.Errorf("%d calls: %+v", p.Calls(), s)
		}
	})
}

func TestWaitForAKeyEndsSoonWhenAKeyIsAdded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(limitedOnce(30 * time.Minute))
		a := newAccount(oneKey, sizes(1, 1), waitForKeys)
		client := startAccount(t, a, p)
		_ = ask(t.Context(), client)
		waiting := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		reconfigure(t, client, a, twoKeys)
		wantTally(t, waiting.tally(), map[string]int{"ok": 1})
		if took := waiting.outcomes[0].took; took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRetryWaitsForAKeyBeyondTheUsualMinute(t *testing.T) {
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := newProvider(limitedOnce(10 * time.Minute))
			client := startClient(t, p, oneKey, retries(1, time.Second), with(func(c *schemas.ProviderConfig) { c.WaitForKeys = waits }))
			began := time.Now()
			err := ask(t.Context(), client)
			took, s := time.Since(began), stats(client)
			if waits && (err != nil || took != 10*time.Minute || s.Retries != 1) || !waits && (verdict(err) != "rate_limited" || took != 0) {
				t.Errorf("waits %v: %v after %v: %+v", waits, err, took, s)
			}
			atRest(t, client)
		})
	}
}

func TestShutdownRefusesWhoWaitsForAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := startClient(t, newProvider(limitedOnce(20*time.Minute)), oneKey, waitForKeys)
		_ = ask(t.Context(), client)
		waiting := crowdOf(t.Context(), client, 3)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := client.Shutdown(ctx); err == nil {
			t.Error("nothing was left")
		}
		wantTally(t, waiting.tally(), map[string]int{"overloaded/draining": 3})
	})
}

func TestRequestsOfOneSessionUseOneKeyUntilItRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		used := make(chan string, 1)
		bad := ""
		p := newProvider(func(_ context.Context, a *schemas.Attempt) (*schemas.Response, error) {
			if a.Key.Name == bad {
				return nil, &schemas.Error{Kind: schemas.KindRateLimited, StatusCode: 429, RetryAfter: time.Minute}
			}
			used <- a.Key.Name
			return answer("ok"), nil
		})
		client := startClient(t, p, keys(schemas.Key{Name: "a", Value: "1"}, schemas.Key{Name: "b", Value: "2"}, schemas.Key{Name: "c", Value: "3"}),
			retries(2, time.Second))
		keyOf := func(session int) string {
			if err := ask(bifrost.WithSession(t.Context(), fmt.Sprint("session ", session)), client); err != nil {
				t.Fatal(err)
			}
			return <-used
		}
		homes := map[string]int{}
		for i := range 60 {
			home := keyOf(i)
			homes[home]++
			for range 3 {
				if again := keyOf(i); again != home {
					t.Errorf("session %d used %s and then %s", i, home, again)
				}
			}
		}
		if len(homes) != 3 {
			t.Errorf("60 sessions use the keys %v", homes)
		}
		home := keyOf(1)
		bad = home
		substitute := keyOf(1)
		if substitute == home || keyOf(1) != substitute {
			t.Errorf("while %s rests: %s", home, substitute)
		}
		bad = ""
		time.Sleep(time.Minute)
		if back := keyOf(1); back != home {
			t.Errorf("afterwards: %s, want %s", back, home)
		}
	})
}
