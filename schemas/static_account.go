package schemas

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// StaticAccount is an Account in memory, by provider name. It is safe for
// concurrent use while nobody changes it.
type StaticAccount map[string]StaticProvider

// StaticProvider is one provider of a StaticAccount.
type StaticProvider struct {
	Keys   []Key
	Config ProviderConfig
}

var _ Account = StaticAccount{}

// GetConfiguredProviders returns the names, sorted.
func (a StaticAccount) GetConfiguredProviders() ([]string, error) {
	return slices.Sorted(maps.Keys(a)), nil
}

// GetKeysForProvider returns the provider's keys.
func (a StaticAccount) GetKeysForProvider(_ context.Context, provider string) ([]Key, error) {
	p, err := a.provider(provider)
	return p.Keys, err
}

// GetConfigForProvider returns a copy of the provider's settings.
func (a StaticAccount) GetConfigForProvider(provider string) (*ProviderConfig, error) {
	p, err := a.provider(provider)
	if err != nil {
		return nil, err
	}
	return &p.Config, nil
}

func (a StaticAccount) provider(name string) (StaticProvider, error) {
	p, ok := a[name]
	if !ok {
		return p, fmt.Errorf("the account has no provider %q", name)
	}
	return p, nil
}
