package schemas

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
)

// Account is where a client learns its providers, their keys and settings.
// Methods are called by Init and UpdateProvider, possibly concurrently; an
// implementation is safe for concurrent use.
type Account interface {
	// GetConfiguredProviders returns the names of all providers, without
	// duplicates. A name is not empty and contains no "/".
	GetConfiguredProviders() ([]string, error)

	// GetKeysForProvider returns the provider's keys; none is valid for a
	// provider that needs none.
	GetKeysForProvider(ctx context.Context, provider string) ([]Key, error)

	// GetConfigForProvider returns the provider's settings; nil means defaults.
	GetConfigForProvider(provider string) (*ProviderConfig, error)
}

// Key is one credential of a provider. Its value is never printed: String,
// GoString and LogValue show the name only, and JSON has everything but the value,
// which a program that stores keys has to store itself.
type Key struct {
	// Name identifies the key in statistics and errors. Empty means "key-1",
	// "key-2" … by position.
	Name string

	// Value is the secret itself.
	Value string `json:"-"`

	// Models lists the models that this key may be used for. Empty means all.
	Models []string

	// Weight is this key's share of the traffic relative to the other keys
	// that serve the model. Zero means 1; any positive number works.
	Weight float64

	// Concurrency is the most attempts that use the key at once, of a stream until its
	// end; a further one waits in its worker's hand until its context ends, unless
	// another key is free. Zero means no limit of its own; negative is an error.
	Concurrency int

	// Scope says among whom Concurrency is shared; empty means ScopeNode. A Scope
	// without Concurrency is an error.
	Scope KeyScope
}

// KeyScope says who shares a key's limit.
type KeyScope string

// The scopes of a key's limit.
const (
	ScopeNode    KeyScope = "node"    // each process has the whole limit
	ScopeCluster KeyScope = "cluster" // all nodes together have it; the process must be one
)

// CheckLimit returns nil, or what is wrong with the key's Concurrency and Scope. The
// error continues a sentence that begins with the key.
func (k Key) CheckLimit() error {
	switch {
	case k.Concurrency < 0 || k.Concurrency > MaxSize:
		return fmt.Errorf("has concurrency %d; it must be from 1 to %d, or zero for no limit of its own", k.Concurrency, MaxSize)
	case k.Scope != "" && k.Scope != ScopeNode && k.Scope != ScopeCluster:
		return fmt.Errorf("has scope %q; it must be %q or %q", k.Scope, ScopeNode, ScopeCluster)
	case k.Scope != "" && k.Concurrency == 0:
		return fmt.Errorf("has scope %q and no concurrency that it could be of; set one, or leave scope out", k.Scope)
	}
	return nil
}

// CloneKeys returns a copy that shares nothing with keys.
func CloneKeys(keys []Key) []Key {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Models = slices.Clone(out[i].Models)
	}
	return out
}

// Serves reports whether the key may be used for model. An empty model, as in a
// model list, is served by every key.
func (k Key) Serves(model string) bool {
	if len(k.Models) == 0 || model == "" {
		return true
	}
	return slices.Contains(k.Models, model)
}

// String returns the key's name, never its value.
func (k Key) String() string { return "key " + k.Name }

// GoString returns the key's name, never its value.
func (k Key) GoString() string { return k.String() }

// LogValue returns the key's name, never its value.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }
