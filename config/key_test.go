package config

import (
	"testing"

	"bifrost/schemas"
)

func TestLimitOfAKeyIsReadAndIsTheNodesUnlessItSaysCluster(t *testing.T) {
	const text = `
[node]
listen = "127.0.0.1:7600"
peers = ["127.0.0.1:7601"]
[[providers.openai.keys]]
value = "a"
[[providers.openai.keys]]
value = "b"
concurrency = 5
[[providers.openai.keys]]
value = "c"
concurrency = 20
scope = "cluster"
`
	f, err := Parse("bifrost.toml", []byte(text), TOML)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []schemas.Key{{}, {Concurrency: 5, Scope: schemas.ScopeNode}, {Concurrency: 20, Scope: schemas.ScopeCluster}} {
		if k := f.Providers[0].Keys[i]; k.Concurrency != want.Concurrency || k.Scope != want.Scope {
			t.Errorf("key %d: %d of scope %q", i+1, k.Concurrency, k.Scope)
		}
	}
}
