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

// The rows of the design's list of peers' failures, each with its own numbers.
// This file: providers that cannot start, go, and come back.

func TestPeersRow04InitReportsEveryProviderThatCannotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{
			"no-adapter": {},
			"openai":     {}, // needs a key
			"simulated":  {},
		}})
		if err == nil {
			t.Fatalf("init succeeded: %v", client.Shutdown(t.Context()))
		}
		for _, name := range []string{"no-adapter", "openai"} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name %s: %v", name, err)
			}
		}
		if strings.Contains(err.Error(), "provider simulated") {
			t.Errorf("the error names one that can start: %v", err)
		}
	})
}

func TestPeersRow04CallersOfAProviderThatCouldNotStartAreAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := schemas.StaticAccount{providerName: {}}
		p := newProvider(atOnce)
		client := start(t, schemas.BifrostConfig{Account: account}, bifrost.WithProvider(providerName, p))
		account["no-adapter"] = schemas.StaticProvider{}
		if err := client.UpdateProvider(t.Context(), "no-adapter"); err == nil || !strings.Contains(err.Error(), "no-adapter") {
			t.Errorf("update: %v", err)
		}
		for range 10 {
			began := time.Now()
			for name, err := range everyDoor(t.Context(), client, "no-adapter") {
				if verdict(err) != "not_found/not_found" {
					t.Errorf("%s: answered with %v", name, err)
				}
			}
			if took := time.Since(began); took != 0 {
				t.Errorf("answered after %v, want at once", took)
			}
		}
		wantTally(t, crowdOf(t.Context(), client, 10).tally(), map[string]int{"ok": 10})
		atRest(t, client)
	})
}

func TestPeersRow10ADeadlineHoldsDuringRemovalAndOthersAreUnaffected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, other := newProvider(after(1700*time.Millisecond)), newProvider(after(10*time.Millisecond))
		client := startClient(t, slow, sizes(1, 5), withOption(bifrost.WithProvider("other", other)))
		inHand := crowdOf(t.Context(), client, 1)
		synctest.Wait()
		patient := crowdOf(t.Context(), client, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		hasty := crowdOf(ctx, client, 1)
		held(t, client, 1, 2, 0)
		began := time.Now()
		removed := make(chan error, 1)
		go func() { removed <- client.RemoveProvider(t.Context(), providerName) }()
		synctest.Wait()

		if got := verdict(ask(t.Context(), client)); got != "overloaded/draining" {
			t.Errorf("during the removal: answered with %s", got)
		}
		wantTally(t, hasty.tally(), map[string]int{"timeout": 1})
		if took := hasty.wait()[0].took; took > 250*time.Millisecond {
			t.Errorf("the caller with 200 ms returned after %v", took)
		}
		req := chat()
		req.Provider = "other"
		if _, err := client.ChatCompletionRequest(t.Context(), req); err != nil {
			t.Errorf("another provider: %v", err)
		}
		if err := <-removed; err != nil {
			t.Errorf("remove: %v", err)
		}
		if took := time.Since(began); took != 3400*time.Millisecond {
			t.Errorf("removed after %v, want 3.4s: two calls", took)
		}
		wantTally(t, inHand.tally(), map[string]int{"ok": 1})
		wantTally(t, patient.tally(), map[string]int{"ok": 1})
		if slow.Calls() != 2 {
			t.Errorf("the provider saw %d calls, want 2", slow.Calls())
		}
		atRest(t, client)
	})
}

func TestPeersRow11ARemovedProviderStaysAwayUntilItIsAddedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(atOnce)
		client := startClient(t, p)
		pid, _ := client.ProviderPID(providerName)
		asker := newAsker(t, client)
		for range 3 {
			if err := ask(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			calls := p.Calls()
			if err := client.RemoveProvider(t.Context(), providerName); err != nil {
				t.Fatal(err)
			}
			for name, err := range everyDoor(t.Context(), client, providerName) {
				if verdict(err) != "not_found/not_found" {
					t.Errorf("%s: answered with %v", name, err)
				}
			}
			asker.root.RequestWithCustomSender(pid, request(), asker.pid)
			if letter, ok := (<-asker.answers).(*schemas.DeadLetter); !ok || letter.Reason != schemas.ReasonNotFound {
				t.Errorf("by an old PID: answered with %v", letter)
			}
			if p.Calls() != calls || len(client.Providers()) != 0 {
				t.Errorf("a request brought it back: %d calls, providers %v", p.Calls()-calls, client.Providers())
			}
			if err := client.UpdateProvider(t.Context(), providerName); err != nil {
				t.Fatal(err)
			}
			asker.root.RequestWithCustomSender(pid, request(), asker.pid)
			if _, ok := (<-asker.answers).(*schemas.Response); !ok {
				t.Error("an old PID does not reach the provider that was added again")
			}
			synctest.Wait()
			atRest(t, client)
		}
	})
}
