package config

import (
	"context"
	"slices"

	"bifrost/schemas"
)

// account answers from a file that was read once; it is never modified, and
// whoever asks gets a copy.
type account struct {
	names     []string
	providers map[string]Provider
}

func newAccount(providers []Provider) *account {
	a := &account{providers: make(map[string]Provider, len(providers))}
	for _, p := range providers {
		a.names = append(a.names, p.Name)
		a.providers[p.Name] = p.clone()
	}
	return a
}

// Account returns the providers, keys and settings that the file had when it was
// read. It is safe for concurrent use; later changes to f do not reach it.
func (f *File) Account() schemas.Account { return f.Bifrost.Account }

func (a *account) GetConfiguredProviders() ([]string, error) {
	return slices.Clone(a.names), nil
}

func (a *account) GetKeysForProvider(_ context.Context, provider string) ([]schemas.Key, error) {
	p, err := a.provider(provider)
	return p.Keys, err
}

func (a *account) GetConfigForProvider(provider string) (*schemas.ProviderConfig, error) {
	p, err := a.provider(provider)
	if err != nil {
		return nil, err
	}
	return &p.Config, nil
}

func (a *account) provider(name string) (Provider, error) {
	p, ok := a.providers[name]
	if !ok {
		return Provider{}, &schemas.Error{
			Kind:     schemas.KindNotFound,
			Provider: name,
			Message:  "no such provider in the configuration; add it there",
		}
	}
	return p.clone(), nil
}

// String names the account's kind only: its fields hold secrets.
func (a *account) String() string { return "account of a configuration file" }

// GoString is String.
func (a *account) GoString() string { return a.String() }

func (p Provider) clone() Provider {
	p.Keys = slices.Clone(p.Keys)
	for i := range p.Keys {
		p.Keys[i].Models = slices.Clone(p.Keys[i].Models)
	}
	p.Config = p.Config.Clone()
	return p
}
