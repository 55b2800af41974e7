package actors_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bifrost"
	"bifrost/schemas"
)

// ofOneKey is a key with a limit of its own.
func ofOneKey(n int) setting { return keys(schemas.Key{Name: "one", Value: "v1", Concurrency: n}) }

func TestKeyIsNeverInUseMoreOftenThanItsConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(10, 20), ofOneKey(3))
		callers := crowdOf(t.Context(), client, 12)
		synctest.Wait()
		k := stats(client).Keys[0]
		if p.Open() != 3 || k.Concurrency != 3 || k.Slots != 3 || k.InUse != 3 || k.Waiting != 7 {
			t.Errorf("%d open, %+v", p.Open(), k)
		}
		began := time.Now()
		wantTally(t, callers.tally(), map[string]int{"ok": 12})
		if took := time.Since(began); p.Peak() != 3 || took != 4*time.Second {
			t.Errorf("%d at once, 12 calls in %v", p.Peak(), took)
		}
		if k := stats(client).Keys[0]; k.InUse != 0 || k.Waiting != 0 {
			t.Errorf("at rest: %+v", k)
		}
	})
}

func TestKeyWithAFreeSlotIsChosenBeforeOneInFullUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(10, 20),
			keys(schemas.Key{Name: "a", Value: "1", Concurrency: 2, Weight: 1000}, schemas.Key{Name: "b", Value: "2", Concurrency: 3}))
		callers := crowdOf(t.Context(), client, 7)
		synctest.Wait()
		if k := stats(client).Keys; k[0].InUse != 2 || k[1].InUse != 3 || k[0].Waiting != 2 || k[1].Waiting != 2 {
			t.Errorf("%+v", k)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 7})
	})
}

func TestKeyWithoutALimitTakesWhatOthersCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Second))
		client := startClient(t, p, sizes(10, 20), keys(schemas.Key{Name: "a", Value: "1", Concurrency: 1}, schemas.Key{Name: "b", Value: "2"}))
		callers := crowdOf(t.Context(), client, 10)
		synctest.Wait()
		if p.Open() != 10 {
			t.Errorf("%d open", p.Open())
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 10})
	})
}

func TestWhoWaitsForAKeyLeavesWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		p := newProvider(heldBy(open))
		client := startClient(t, p, sizes(4, 4), ofOneKey(1))
		holder := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		waiter := crowdOf(ctx, client, 2)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		if s := stats(client); s.InHand != 1 || s.Keys[0].Waiting != 0 || s.Keys[0].InUse != 1 || p.Calls() != 1 {
			t.Errorf("%d calls, %+v", p.Calls(), s)
		}
		wantTally(t, waiter.tally(), map[string]int{"timeout": 2})
		close(open)
		wantTally(t, holder.tally(), map[string]int{"ok": 1})
		atRest(t, client)
	})
}

func TestStreamHoldsItsKeyUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(streaming(3, time.Second))
		client := startClient(t, p, sizes(4, 4), ofOneKey(1))
		s, err := client.ChatCompletionStreamRequest(t.Context(), &schemas.ChatRequest{Provider: providerName, Model: model,
			Messages: []schemas.ChatMessage{schemas.UserMessage(prompt)}})
		if err != nil {
			t.Fatal(err)
		}
		if k := stats(client).Keys[0]; k.InUse != 1 {
			t.Errorf("%+v", k)
		}
		for _, err := range s.All() {
			if err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if k := stats(client).Keys[0]; k.InUse != 0 {
			t.Errorf("after the end: %+v", k)
		}
	})
}

func TestPanicGivesTheKeyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(inOrder(func(context.Context, *schemas.Attempt) (*schemas.Response, error) { panic("x") }, atOnce))
		client := startClient(t, p, sizes(2, 4), ofOneKey(1))
		_ = ask(t.Context(), client)
		if err := ask(t.Context(), client); err != nil {
			t.Error(err)
		}
	})
}

func TestKeyKeepsItsCountThroughAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Minute))
		a := newAccount(sizes(10, 10), ofOneKey(4))
		client := startAccount(t, a, p)
		callers := crowdOf(t.Context(), client, 8)
		synctest.Wait()
		reconfigure(t, client, a, ofOneKey(6))
		synctest.Wait()
		if k := stats(client).Keys[0]; k.InUse != 6 || p.Open() != 6 {
			t.Errorf("more: %d open, %+v", p.Open(), k)
		}
		reconfigure(t, client, a, ofOneKey(2))
		synctest.Wait()
		if k := stats(client).Keys[0]; k.InUse != 6 || k.Concurrency != 2 {
			t.Errorf("fewer: %+v", k)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if k := stats(client).Keys[0]; k.InUse != 2 || p.Open() != 2 {
			t.Errorf("a minute later: %d open, %+v", p.Open(), k)
		}
		wantTally(t, callers.tally(), map[string]int{"ok": 8})
	})
}

func TestShutdownAnswersWhoWaitsForAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(after(time.Hour))
		client := startClient(t, p, sizes(4, 4), ofOneKey(1))
		callers := crowdOf(t.Context(), client, 3)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = client.Shutdown(ctx)
		wantTally(t, callers.tally(), map[string]int{"overloaded/draining": 3})
	})
}

func TestKeyThatComesBackEndsTheWaitForOneInFullUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inOrder(limitedFor(schemas.KindRateLimited, 429, 10*time.Second), atOnce)
		p := newProvider(func(ctx context.Context, at *schemas.Attempt) (*schemas.Response, error) {
			if at.Key.Name == "a" {
				return a(ctx, at)
			}
			return after(time.Hour)(ctx, at)
		})
		client := startClient(t, p, sizes(4, 4), keys(schemas.Key{Name: "a", Value: "1", Concurrency: 1, Weight: 1e12}, schemas.Key{Name: "b", Value: "2", Concurrency: 1}))
		_ = ask(t.Context(), client) // and a rests
		holder := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		began := time.Now()
		if err := ask(t.Context(), client); err != nil || time.Since(began) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		wantTally(t, holder.tally(), map[string]int{"ok": 1})
	})
}

func TestLimitOfAClusterNeedsANode(t *testing.T) {
	for want, k := range map[string]schemas.Key{
		"is no node":     {Value: "v", Concurrency: 20, Scope: schemas.ScopeCluster},
		"no concurrency": {Value: "v", Scope: schemas.ScopeCluster},
		`scope "world"`:  {Value: "v", Concurrency: 20, Scope: "world"},
		"concurrency -1": {Value: "v", Concurrency: -1},
	} {
		_, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"openai": {Keys: []schemas.Key{k}}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
