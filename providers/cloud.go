package providers

import (
	"errors"
	"fmt"

	"bifrost/internal/adapter"
	"bifrost/internal/httpx"
	"bifrost/providers/azure"
	"bifrost/providers/bedrock"
	"bifrost/providers/vertex"
	"bifrost/schemas"
)

// clouds are the types that sign in by themselves, at addresses of their own.
var clouds = map[string]func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error){
	azure.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.AzureConfig
		if cfg.Azure != nil {
			own = *cfg.Azure
		}
		return buildCloud(name, cfg, func(base string, doer httpx.Doer) (adapter.Options, error) { return azure.Options(own, base, doer) })
	},
	bedrock.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.BedrockConfig
		if cfg.Bedrock != nil {
			own = *cfg.Bedrock
		}
		return buildCloud(name, cfg, func(base string, _ httpx.Doer) (adapter.Options, error) { return bedrock.Options(own, base) })
	},
	vertex.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.VertexConfig
		if cfg.Vertex != nil {
			own = *cfg.Vertex
		}
		return buildCloud(name, cfg, func(base string, _ httpx.Doer) (adapter.Options, error) { return vertex.Options(own, base) })
	},
}

// buildCloud returns the adapter of one of clouds, at network_config.base_url if there
// is one.
func buildCloud(name string, cfg schemas.ProviderConfig, options func(base string, doer httpx.Doer) (adapter.Options, error)) (schemas.Provider, error) {
	base := cfg.NetworkConfig.BaseURL
	if base != "" {
		var err error
		if base, err = plainURL(base); err != nil {
			return nil, err
		}
	}
	doer, err := newDoer(cfg)
	if err != nil {
		return nil, err
	}
	opts, err := options(base, doer)
	if err != nil {
		return nil, errors.Join(err, doer.Close())
	}
	opts.Name, opts.Doer, opts.ExtraHeaders = name, doer, cfg.NetworkConfig.ExtraHeaders
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
		{"azure", azure.Type, cfg.Azure != nil},
		{"bedrock", bedrock.Type, cfg.Bedrock != nil},
		{"vertex", vertex.Type, cfg.Vertex != nil},
	} {
		if t.given && t.typ != cfg.Type {
			faults = append(faults, fmt.Errorf("%s is for type %q only, not %q; remove it, or set type = %q", t.name, t.typ, cfg.Type, t.typ))
		}
	}
	return errors.Join(faults...)
}
