package reload

import (
	"fmt"
	"maps"
	"slices"

	"bifrost/admin"
	"bifrost/config"
	"bifrost/schemas"
)

// overrides are settings of the admin API, by provider; "" are those of all. They are
// never changed.
type overrides map[string]admin.Settings

// with returns overrides with s added. The file must have the provider.
func (o overrides) with(file *config.File, provider string, s admin.Settings) (overrides, error) {
	has := func(p config.Provider) bool { return p.Name == provider }
	if provider != "" && !slices.ContainsFunc(file.Providers, has) {
		return nil, fmt.Errorf("provider %q does not run here; the state lists those that do", provider)
	}
	next := maps.Clone(o)
	if next == nil {
		next = make(overrides)
	}
	all := next[provider]
	if s.Drop != nil {
		all.Drop = s.Drop
	}
	if s.Concurrency != nil {
		all.Concurrency = s.Concurrency
	}
	if s.BufferSize != nil {
		all.BufferSize = s.BufferSize
	}
	next[provider] = all
	return next, nil
}

// over returns the file with the overrides in it.
func (o overrides) over(file *config.File) *config.File {
	out := *file
	out.Providers = slices.Clone(file.Providers)
	for i := range out.Providers {
		p := &out.Providers[i]
		p.Config = o.settings(p.Name, p.Config.Clone())
	}
	if all := o[""]; all.Drop != nil {
		out.Bifrost.DropExcessRequests = *all.Drop
	}
	out.Bifrost.Account = overridden{file.Bifrost.Account, o}
	return &out
}

func (o overrides) settings(provider string, c schemas.ProviderConfig) schemas.ProviderConfig {
	s := o[provider]
	if s.Drop != nil {
		drop := *s.Drop
		c.DropExcessRequests = &drop
	}
	if s.Concurrency != nil {
		c.ConcurrencyAndBufferSize.Concurrency = *s.Concurrency
	}
	if s.BufferSize != nil {
		c.ConcurrencyAndBufferSize.BufferSize = *s.BufferSize
	}
	return c
}

// overridden is a file's account with overrides.
type overridden struct {
	schemas.Account
	overrides overrides
}

// GetConfigForProvider is schemas.Account's.
func (a overridden) GetConfigForProvider(provider string) (*schemas.ProviderConfig, error) {
	c, err := a.Account.GetConfigForProvider(provider)
	if err != nil || c == nil {
		return c, err
	}
	out := a.overrides.settings(provider, c.Clone())
	return &out, nil
}
