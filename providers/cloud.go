package providers

import (
	"errors"
	"fmt"

	"bifrost/internal/adapter"
	"bifrost/providers/bedrock"
	"bifrost/providers/vertex"
	"bifrost/schemas"
)

// clouds are the types that sign in by themselves, at addresses of their own.
var clouds = map[string]func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error){
	bedrock.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.BedrockConfig
		if cfg.Bedrock != nil {
			own = *cfg.Bedrock
		}
		return buildCloud(name, cfg, func(base string) (adapter.Options, error) { return bedrock.Options(own, base) })
	},
	vertex.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.VertexConfig
		if cfg.Vertex != nil {
			own = *cfg.Vertex
		}
		return buildCloud(name, cfg, func(base string) (adapter.Options, error) { return vertex.Options(own, base) })
	},
}

// buildCloud returns the adapter of one of clouds, at network_config.base_url if there
// is one.
func buildCloud(name string, cfg schemas.ProviderConfig, options func(base string) (adapter.Options, error)) (schemas.Provider, error) {
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
		{"vertex", vertex.Type, cfg.Vertex != nil},
	} {
		if t.given && t.typ != cfg.Type {
			faults = append(faults, fmt.Errorf("%s is for type %q only, not %q; remove it, or set type = %q", t.name, t.typ, cfg.Type, t.typ))
		}
	}
	return errors.Join(faults...)
}
