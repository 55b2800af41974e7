package bifrost_test

import (
	"context"
	"strings"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

// faulty has what used to be ignored, or found only later, with what is said of it.
var faulty = map[string]struct {
	provider schemas.StaticProvider
	says     []string
}{
	"a key is missing": {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "groq"}},
		[]string{"provider mine", "keys", "network_config.base_url"}},
	"a header of the connection": {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "ollama",
		NetworkConfig: schemas.NetworkConfig{ExtraHeaders: schemas.Headers{"Host": "secret"}}}},
		[]string{"provider mine", "network_config.extra_headers.Host"}},
	"an address of the simulated provider": {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "simulated",
		NetworkConfig: schemas.NetworkConfig{BaseURL: "http://secret"}}},
		[]string{"mine", "network_config.base_url", "simulated"}},
	"a simulation of another provider": {schemas.StaticProvider{Config: schemas.ProviderConfig{Type: "ollama",
		Simulation: &schemas.SimulationConfig{}}},
		[]string{"mine", "simulation", "ollama"}},
}

func TestInitAndUpdateProviderRefuseWhatTheFileRefusesAndNameProviderAndKey(t *testing.T) {
	for name, c := range faulty {
		t.Run(name, func(t *testing.T) {
			check := func(door string, err error) {
				t.Helper()
				if err == nil {
					t.Errorf("%s: no error", door)
					return
				}
				for _, want := range c.says {
					if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
						t.Errorf("%s: got %v, want %q in it", door, err, want)
					}
				}
			}
			_, err := bifrost.Init(schemas.BifrostConfig{Account: schemas.StaticAccount{"mine": c.provider}})
			check("Init", err)

			account := schemas.StaticAccount{"mine": {Config: schemas.ProviderConfig{Type: "simulated"}}}
			client, err := bifrost.Init(schemas.BifrostConfig{Account: account})
			if err != nil {
				t.Fatal(err)
			}
			account["mine"] = c.provider
			check("UpdateProvider", client.UpdateProvider(t.Context(), "mine"))
			if err := client.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}
