package bifrost_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bifrost"
	"bifrost/schemas"
)

func TestModelNamesFindTheirProviderOrSayWhichCouldBeMeant(t *testing.T) {
	key := func(models ...string) []schemas.Key { return []schemas.Key{{Value: "k", Models: models}} }
	simulated := schemas.StaticProvider{}
	for name, c := range map[string]struct {
		account schemas.StaticAccount
		model   string
		want    string // provider and model, or words of the error
	}{
		"a provider's name before it":           {schemas.StaticAccount{"simulated": simulated}, "simulated/any", "simulated any"},
		"the rest may have slashes":             {schemas.StaticAccount{"openrouter": {Keys: key()}}, "openrouter/meta-llama/x", "openrouter meta-llama/x"},
		"what stands before is no provider":     {schemas.StaticAccount{"openrouter": {Keys: key()}}, "meta-llama/x", "openrouter meta-llama/x"},
		"a key lists it":                        {schemas.StaticAccount{"openai": {Keys: key("gpt")}, "groq": {Keys: key()}}, "gpt", "openai gpt"},
		"two keys list it":                      {schemas.StaticAccount{"openai": {Keys: key("gpt")}, "groq": {Keys: key("gpt")}}, "gpt", "groq/gpt, openai/gpt"},
		"none lists it and two could":           {schemas.StaticAccount{"openai": {Keys: key()}, "groq": {Keys: key()}}, "gpt", "groq/gpt, openai/gpt"},
		"none lists it and one could":           {schemas.StaticAccount{"openai": {Keys: key()}, "groq": {Keys: key("x")}}, "gpt", "openai gpt"},
		"a model of the simulated provider":     {schemas.StaticAccount{"simulated": simulated, "openai": {Keys: key()}}, "sim-small", "simulated sim-small"},
		"another model is never simulated":      {schemas.StaticAccount{"simulated": simulated}, "openai/gpt", "one of: simulated"},
		"nor if another provider could have it": {schemas.StaticAccount{"simulated": simulated, "groq": {Keys: key()}}, "gpt", "groq gpt"},
		"a provider that there is not":          {schemas.StaticAccount{"openai": {Keys: key()}, "groq": {Keys: key()}}, "opnai/gpt", `no provider "opnai"`},
		"two keys list a name with a slash":     {schemas.StaticAccount{"nebius": {Keys: key("a/b")}, "groq": {Keys: key("a/b")}}, "a/b", "groq/a/b, nebius/a/b"},
		"no model":                              {schemas.StaticAccount{"simulated": simulated}, "", "names no model"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := bifrost.Init(schemas.BifrostConfig{Account: c.account})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Shutdown(context.Background()) }()
			provider, model, err := client.Resolve(c.model)
			if err == nil && provider+" "+model != c.want {
				t.Errorf("%s %s, want %s", provider, model, c.want)
			}
			if err != nil && (!strings.Contains(err.Error(), c.want) || c.model != "" && !errors.Is(err, schemas.ErrNotFound)) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
