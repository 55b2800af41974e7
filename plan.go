package bifrost

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"

	"bifrost/actors"
	"bifrost/providers"
	"bifrost/schemas"
)

// planned is one provider that is ready to be started, or configured.
type planned struct {
	actors.Config
	running running
}

// plan asks an account for everything and builds the adapters, without starting
// anything. All faults are reported together.
func (c *Client) plan(ctx context.Context, account schemas.Account, routers map[string]Router) (map[string]planned, error) {
	names, err := c.names(account, routers)
	if err != nil {
		return nil, err
	}
	return c.planAll(ctx, account, names, nil)
}

// planAll is plan for the names, but those that run already as the account has them.
func (c *Client) planAll(ctx context.Context, account schemas.Account, names []string, run map[string]running) (map[string]planned, error) {
	plan := make(map[string]planned, len(names))
	var faults []error
	for _, name := range names {
		next, err := c.ask(ctx, account, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("provider %s: %w", name, err))
			continue
		}
		if now, runs := run[name]; runs && now.equals(next) {
			continue
		}
		p, err := c.build(name, next)
		if err != nil {
			faults = append(faults, fmt.Errorf("provider %s: %w", name, err))
			continue
		}
		plan[name] = p
	}
	if len(faults) > 0 {
		closeAll(plan)
		return nil, errors.Join(faults...)
	}
	return plan, nil
}

// names are the account's providers and the live ones, sorted. There is at least one, or
// a router.
func (c *Client) names(account schemas.Account, routers map[string]Router) ([]string, error) {
	if account == nil && len(c.live)+len(routers) == 0 {
		return nil, errors.New("the configuration has no Account; set one, or bring providers by option")
	}
	all := make(map[string]bool)
	for name := range c.live {
		all[name] = true
	}
	var listed []string
	if account != nil {
		var err error
		if listed, err = account.GetConfiguredProviders(); err != nil {
			return nil, fmt.Errorf("the account does not list its providers: %w", err)
		}
	}
	var faults []error
	seen := make(map[string]bool)
	for _, name := range listed {
		faults = append(faults, checkName(name))
		if seen[name] || routers[name] != nil {
			faults = append(faults, fmt.Errorf("provider %q is configured twice", name))
		}
		seen[name], all[name] = true, true
	}
	if len(all)+len(routers) == 0 {
		faults = append(faults, errors.New("there is no provider; configure at least one in the account"))
	}
	return slices.Sorted(maps.Keys(all)), errors.Join(faults...)
}

func checkName(name string) error {
	if name == "" || strings.ContainsAny(name, "/ \t\r\n") {
		return fmt.Errorf("provider name %q is empty or contains a slash or white space; choose another", name)
	}
	return nil
}

// build makes a provider's adapter.
func (c *Client) build(name string, next running) (planned, error) {
	p, live := c.live[name]
	if !live {
		var err error
		if p, err = providers.Build(name, next.settings); err != nil {
			return planned{}, err
		}
	}
	if len(next.keys) == 0 && !p.Describe().KeyOptional {
		if !live {
			closeProvider(p)
		}
		return planned{}, noKey(live)
	}
	cfg := actors.Config{Provider: p, Keys: next.keys, Settings: next.settings, Shared: live}
	return planned{Config: cfg, running: next}, nil
}

// noKey is the error of a provider that needs a key. With an adapter of ours it
// would need none at an address of the operator's own.
func noKey(live bool) error {
	if live {
		return errors.New("keys: it needs a key and the account has none for it; add one")
	}
	return errors.New("keys: it needs a key and the account has none for it; add one, or set network_config.base_url for a server of your own")
}

// ask gets settings, with defaults, and keys from the account, and finds them valid. A
// live provider that the account does not list has the defaults.
func (c *Client) ask(ctx context.Context, account schemas.Account, name string) (running, error) {
	settings, keys, err := c.askAccount(ctx, account, name)
	if err != nil {
		return running{}, err
	}
	if err := errors.Join(settings.Validate(), checkKeys(keys, c.node != nil)); err != nil {
		return running{}, err
	}
	return running{settings: settings.WithDefaults(), keys: keys, files: filesOf(settings)}, nil
}

func (c *Client) askAccount(ctx context.Context, account schemas.Account, name string) (schemas.ProviderConfig, []schemas.Key, error) {
	if _, live := c.live[name]; live && !lists(account, name) {
		return schemas.ProviderConfig{}, nil, nil
	}
	if account == nil {
		return schemas.ProviderConfig{}, nil, errors.New("the client has no account to ask for it")
	}
	settings, err := account.GetConfigForProvider(name)
	if err != nil {
		return schemas.ProviderConfig{}, nil, fmt.Errorf("the account has no settings for it: %w", err)
	}
	if settings == nil {
		settings = &schemas.ProviderConfig{}
	}
	keys, err := account.GetKeysForProvider(ctx, name)
	if err != nil {
		return schemas.ProviderConfig{}, nil, fmt.Errorf("the account has no keys for it: %w", err)
	}
	return settings.Clone(), schemas.CloneKeys(keys), nil
}

func lists(account schemas.Account, name string) bool {
	if account == nil {
		return false
	}
	names, err := account.GetConfiguredProviders()
	return err == nil && slices.Contains(names, name)
}

// equals reports whether a provider would run no differently on other.
func (r running) equals(other running) bool {
	return reflect.DeepEqual(r, other)
}

// filesOf has what the files hold that a provider reads when it is built, so that new
// content under an old name is a change. One that cannot be read is the build's to report.
func filesOf(settings schemas.ProviderConfig) string {
	name := settings.NetworkConfig.CAFile
	if name == "" {
		return ""
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return string(sum[:])
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

func closeAll(plan map[string]planned) {
	for _, p := range plan {
		p.close()
	}
}

// close lets go of an adapter that was built for nothing.
func (p planned) close() {
	if !p.Shared {
		closeProvider(p.Provider)
	}
}

func closeProvider(p schemas.Provider) {
	if c, ok := p.(io.Closer); ok {
		_ = c.Close()
	}
}
