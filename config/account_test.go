package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bifrost/schemas"
)

func TestTheAccountAnswersWithCopies(t *testing.T) {
	a := mustParse(t, everythingOn(readReference(t))).Account()
	names, _ := a.GetConfiguredProviders()
	if !slices.IsSorted(names) || len(names) != 9 {
		t.Fatalf("got %v", names)
	}
	names[0] = "changed"
	keys, _ := a.GetKeysForProvider(t.Context(), "openai")
	keys[0].Value, keys[0].Models[0] = "changed", "changed"
	cfg, _ := a.GetConfigForProvider("openai")
	cfg.MaxWaiting, *cfg.DropExcessRequests = -1, false
	cfg.NetworkConfig.ExtraHeaders["X-Team"] = "changed"
	sim, _ := a.GetConfigForProvider("simulated")
	sim.Simulation.Models[0] = "changed"

	names, _ = a.GetConfiguredProviders()
	keys, _ = a.GetKeysForProvider(t.Context(), "openai")
	cfg, _ = a.GetConfigForProvider("openai")
	sim, _ = a.GetConfigForProvider("simulated")
	all := fmt.Sprint(names, keys[0].Value, keys[0].Models, cfg.NetworkConfig.ExtraHeaders, sim.Simulation.Models)
	if strings.Contains(all, "changed") || cfg.MaxWaiting < 0 || !*cfg.DropExcessRequests {
		t.Error("a change to an answer reached the account")
	}
}

func TestTheAccountRefusesAProviderThatItDoesNotHave(t *testing.T) {
	a := mustParse(t, "[providers.a]\n").Account()
	if _, err := a.GetConfigForProvider("b"); !errors.Is(err, schemas.ErrNotFound) {
		t.Errorf("got %v, want not_found", err)
	}
	if _, err := a.GetKeysForProvider(t.Context(), "b"); !errors.Is(err, schemas.ErrNotFound) {
		t.Errorf("got %v, want not_found", err)
	}
}

func TestAPrintedFileHasNoSecrets(t *testing.T) {
	f := mustParse(t, everythingOn(readReference(t)))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{f, *f, f.Account(), f.Providers, f.Bifrost} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "secret") {
				t.Errorf("%s of %T has a secret", verb, v)
			}
		}
	}
}
