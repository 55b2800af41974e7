package bifrost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"bifrost/actors"
	"bifrost/providers"
	"bifrost/schemas"
)

// plan asks the account for everything and builds the adapters, without starting
// anything. All faults are reported together.
func (c *Client) plan(ctx context.Context, o options) (map[string]actors.Config, error) {
	names, err := c.names(o)
	if err != nil {
		return nil, err
	}
	plan := make(map[string]actors.Config, len(names))
	var faults []error
	for _, name := range names {
		cfg, err := c.planOne(ctx, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("provider %s: %w", name, err))
			continue
		}
		plan[name] = cfg
	}
	if len(plan)+len(o.routers) == 0 && len(faults) == 0 {
		faults = append(faults, errors.New("there is no provider; configure at least one in the account"))
	}
	if len(faults) > 0 {
		closeAll(plan)
		return nil, errors.Join(faults...)
	}
	return plan, nil
}

// names are the account's providers and the live ones, sorted.
func (c *Client) names(o options) ([]string, error) {
	if c.account == nil && len(o.providers)+len(o.routers) == 0 {
		return nil, errors.New("the configuration has no Account; set one, or bring providers by option")
	}
	all := make(map[string]bool)
	for name := range o.providers {
		all[name] = true
	}
	if c.account == nil {
		return slices.Sorted(maps.Keys(all)), nil
	}
	listed, err := c.account.GetConfiguredProviders()
	if err != nil {
		return nil, fmt.Errorf("the account does not list its providers: %w", err)
	}
	var faults []error
	seen := make(map[string]bool)
	for _, name := range listed {
		faults = append(faults, checkName(name))
		if _, routed := o.routers[name]; seen[name] || routed {
			faults = append(faults, fmt.Errorf("provider %q is configured twice", name))
		}
		seen[name], all[name] = true, true
	}
	return slices.Sorted(maps.Keys(all)), errors.Join(faults...)
}

func checkName(name string) error {
	if name == "" || strings.ContainsAny(name, "/ \t\r\n") {
		return fmt.Errorf("provider name %q is empty or contains a slash or white space; choose another", name)
	}
	return nil
}

// planOne gathers one provider's settings and keys, and builds its adapter.
func (c *Client) planOne(ctx context.Context, name string) (actors.Config, error) {
	settings, keys, err := c.ask(ctx, name)
	if err != nil {
		return actors.Config{}, err
	}
	if err := errors.Join(settings.Validate(), checkKeys(keys, c.node != nil)); err != nil {
		return actors.Config{}, err
	}
	settings = settings.WithDefaults()
	p, live := c.live[name]
	if !live {
		if p, err = providers.Build(name, settings); err != nil {
			return actors.Config{}, err
		}
	}
	if len(keys) == 0 && !p.Describe().KeyOptional {
		if !live {
			closeProvider(p)
		}
		return actors.Config{}, noKey(live)
	}
	return actors.Config{Provider: p, Keys: keys, Settings: settings, Shared: live}, nil
}

// noKey is the error of a provider that needs a key. With an adapter of ours it
// would need none at an address of the operator's own.
func noKey(live bool) error {
	if live {
		return errors.New("keys: it needs a key and the account has none for it; add one")
	}
	return errors.New("keys: it needs a key and the account has none for it; add one, or set network_config.base_url for a server of your own")
}

// ask gets settings and keys from the account. A live provider that the account
// does not list has the defaults.
func (c *Client) ask(ctx context.Context, name string) (schemas.ProviderConfig, []schemas.Key, error) {
	if _, live := c.live[name]; live && !c.listed(name) {
		return schemas.ProviderConfig{}, nil, nil
	}
	if c.account == nil {
		return schemas.ProviderConfig{}, nil, errors.New("the client has no account to ask for it")
	}
	settings, err := c.account.GetConfigForProvider(name)
	if err != nil {
		return schemas.ProviderConfig{}, nil, fmt.Errorf("the account has no settings for it: %w", err)
	}
	if settings == nil {
		settings = &schemas.ProviderConfig{}
	}
	keys, err := c.account.GetKeysForProvider(ctx, name)
	if err != nil {
		return schemas.ProviderConfig{}, nil, fmt.Errorf("the account has no keys for it: %w", err)
	}
	return settings.Clone(), schemas.CloneKeys(keys), nil
}

func (c *Client) listed(name string) bool {
	if c.account == nil {
		return false
	}
	names, err := c.account.GetConfiguredProviders()
	return err == nil && slices.Contains(names, name)
}

func checkKeys(keys []schemas.Key, isNode bool) error {
	var faults []error
	for i, k := range keys {
		if k.Value == "" {
			faults = append(faults, fmt.Errorf("key %d has no value", i+1))
		}
		if k.Weight < 0 || math.IsNaN(k.Weight) || math.IsInf(k.Weight, 0) {
			faults = append(faults, fmt.Errorf("key %d has weight %v; it must be positive, or zero for 1", i+1, k.Weight))
		}
		if err := k.CheckLimit(); err != nil {
			faults = append(faults, fmt.Errorf("key %d %w", i+1, err))
		} else if k.Scope == schemas.ScopeCluster && !isNode {
			faults = append(faults, fmt.Errorf(`key %d has scope %q, and this process is no node; make it one (WithNode; in a file the table [node]), or use scope %q`,
				i+1, k.Scope, schemas.ScopeNode))
		}
	}
	return errors.Join(faults...)
}

func closeAll(plan map[string]actors.Config) {
	for _, cfg := range plan {
		if !cfg.Shared {
			closeProvider(cfg.Provider)
		}
	}
}

func closeProvider(p schemas.Provider) {
	if c, ok := p.(io.Closer); ok {
		_ = c.Close()
	}
}
