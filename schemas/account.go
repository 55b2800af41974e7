package schemas

import (
	"context"
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
