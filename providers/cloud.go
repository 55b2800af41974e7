package providers

import (
	"errors"
	"fmt"

	"bifrost/internal/adapter"
	"bifrost/providers/bedrock"
	"bifrost/schemas"
)

// buildBedrock returns the adapter of Amazon Bedrock.
func buildBedrock(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
	var own schemas.BedrockConfig
	if cfg.Bedrock != nil {
		own = *cfg.Bedrock
	}
	return buildCloud(name, cfg, func(base string) (adapter.Options, error) { return bedrock.Options(own, base) })
}

// buildCloud returns an adapter that signs in by itself, at an address of its own or
// at network_config.base_url.
func buildCloud(name string, cfg schemas.ProviderConfig, options func(base string) (adapter.Options, error)) (schemas.Provider, error) {
	if err := foreignTables(cfg); err != nil {
		return nil, err
	}
	base := cfg.NetworkConfig.BaseURL
	if base != "" {
		var err error
		if base, err = plainURL(base); err != nil {
			return nil, err
		}
	}
	opts, err := options(base)
	if err != nil {
		return nil, err
	}
	if opts.Doer, err = newDoer(cfg); err != nil {
		return nil, err
	}
	opts.Name, opts.ExtraHeaders = name, cfg.NetworkConfig.ExtraHeaders
	return adapter.New(opts), nil
}

// foreignTables returns the error for a table of another type, or nil.
func foreignTables(cfg schemas.ProviderConfig) error {
	var faults []error
	for _, t := range []struct {
		name, typ string
		given     bool
	}{
		{"simulation", TypeSimulated, cfg.Simulation != nil},
		{"bedrock", bedrock.Type, cfg.Bedrock != nil},
	} {
		if t.given && t.typ != cfg.Type {
			faults = append(faults, fmt.Errorf("%s is for type %q only, not %q; remove it, or set type = %q", t.name, t.typ, cfg.Type, t.typ))
		}
	}
	return errors.Join(faults...)
}
