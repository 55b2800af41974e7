package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"bifrost"
	"bifrost/schemas"
)

func withAlias(t *testing.T, a schemas.Alias, account schemas.StaticAccount, providers map[string]*backend) *bifrost.Client {
	c := withFallbacks(t, account, providers)
	if err := c.SetModels(map[string]schemas.Alias{"fast": a}); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAliasStandsForItsTargetsByTheirWeights(t *testing.T) {
	c := withAlias(t, schemas.Alias{Targets: []schemas.AliasTarget{{Model: "a/x", Weight: 3}, {Model: "b/y"}, {Model: "b/rare", Weight: 0.001}}}, nil,
		map[string]*backend{"a": {answer: answers}, "b": {answer: answers}})
	const calls = 4000
	for range calls {
		if _, err := c.ChatCompletionRequest(t.Context(), chatWith("fast")); err != nil {
			t.Fatal(err)
		}
	}
	// Of 4,000 draws with a chance of three quarters, 3,000 are expected with a
	// standard deviation of 27; this is more than ten of them.
	if a := c.Stats().Providers["a"].Completed; a < 2700 || a > 3300 {
		t.Errorf("%d of %d went to a", a, calls)
	}
}

func TestTheOtherTargetsOfAnAliasAreItsFallbacks(t *testing.T) {
	c := withAlias(t, schemas.Alias{Targets: []schemas.AliasTarget{{Model: "a/x", Weight: 1000}, {Model: "b/y"}}}, nil,
		map[string]*backend{"a": {answer: fails(schemas.KindUpstream)}, "b": {answer: answers}})
	for range 20 {
		resp, err := c.ChatCompletionRequest(t.Context(), chatWith("fast"))
		if err != nil || resp.Served.Provider != "b" || resp.Served.Model != "y" {
			t.Fatalf("got %+v, %v", resp, err)
		}
	}
}

func TestAnAliasCanChooseTheProviderWithTheMostFreePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		small := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 1, BufferSize: 1}}
		large := schemas.ProviderConfig{ConcurrencyAndBufferSize: schemas.ConcurrencyAndBufferSize{Concurrency: 2, BufferSize: 2}}
		c := withAlias(t, schemas.Alias{Spread: schemas.SpreadFree, Targets: []schemas.AliasTarget{{Model: "small/x", Weight: 1000}, {Model: "large/x"}}},
			schemas.StaticAccount{"small": {Config: small}, "large": {Config: large}},
			map[string]*backend{"small": {answer: hangs}, "large": {answer: hangs}})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{}, 4)
		for range 4 {
			go func() { // ends when ctx does
				_, _ = c.ChatCompletionRequest(ctx, chatWith("fast"))
				done <- struct{}{}
			}()
			synctest.Wait()
		}
		// 4 and 2 places: two go to the large one, then it is 2 and 2, and weight decides.
		if s := c.Stats().Providers; s["large"].Offered != 3 || s["small"].Offered != 1 {
			t.Errorf("large got %d, small %d", s["large"].Offered, s["small"].Offered)
		}
		cancel()
		for range 4 {
			<-done
		}
	})
}

func TestAFaultyAliasIsRefusedByNameAndChangesNothing(t *testing.T) {
	c := withAlias(t, schemas.Alias{Targets: []schemas.AliasTarget{{Model: "a/x"}}}, nil, map[string]*backend{"a": {answer: answers}})
	for says, a := range map[string]map[string]schemas.Alias{
		`models."a/b"`:                {"a/b": {Targets: []schemas.AliasTarget{{Model: "a/x"}}}},
		"models.q.targets is empty":   {"q": {}},
		"models.q.targets[0].model":   {"q": {Targets: []schemas.AliasTarget{{Model: "x"}}}},
		`no provider "b"`:             {"q": {Targets: []schemas.AliasTarget{{Model: "b/x"}}}},
		"models.q.targets[0].weight":  {"q": {Targets: []schemas.AliasTarget{{Model: "a/x", Weight: -1}}}},
		`models.q.spread is "random"`: {"q": {Spread: "random", Targets: []schemas.AliasTarget{{Model: "a/x"}}}},
	} {
		if err := c.SetModels(a); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %s: got %v", says, err)
		}
		_, err := bifrost.Init(schemas.BifrostConfig{Models: a}, bifrost.WithProvider("a", &backend{answer: answers}))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Init, want %s: got %v", says, err)
		}
	}
	if names := c.Aliases(); len(names) != 1 || names[0] != "fast" {
		t.Errorf("got %v", names)
	}
	if err := c.SetModels(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ChatCompletionRequest(t.Context(), chatWith("fast")); err != nil && !errors.Is(err, schemas.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}
