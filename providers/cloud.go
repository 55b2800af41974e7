package providers

import (
	"errors"
	"fmt"
	"net/http"

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
		return buildCloud(name, cfg, func(r reach) (adapter.Options, error) { return azure.Options(own, r.base, r.doer) })
	},
	bedrock.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.BedrockConfig
		if cfg.Bedrock != nil {
			own = *cfg.Bedrock
		}
		return buildCloud(name, cfg, func(r reach) (adapter.Options, error) { return bedrock.Options(own, r.base, r.signIn) })
	},
	vertex.Type: func(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
		var own schemas.VertexConfig
		if cfg.Vertex != nil {
			own = *cfg.Vertex
		}
		return buildCloud(name, cfg, func(r reach) (adapter.Options, error) { return vertex.Options(own, r.base, r.signIn) })
	},
}

// reach is how a cloud is reached: at network_config.base_url if there is one, with the
// provider's own connections, or by a library that signs in, as the provider's are.
type reach struct {
	base   string
	doer   httpx.Doer
	signIn func(*http.Transport)
}

// buildCloud returns the adapter of one of clouds.
func buildCloud(name string, cfg schemas.ProviderConfig, options func(reach) (adapter.Options, error)) (schemas.Provider, error) {
	network := cfg.NetworkConfig
	r := reach{base: network.BaseURL}
	var err error
	if r.base != "" {
		if r.base, err = plainURL(r.base); err != nil {
			return nil, err
		}
	}
	if r.signIn, err = httpx.SignIn(httpx.Config{Proxy: network.Proxy, CAFile: network.CAFile}); err != nil {
		return nil, err
	}
	if r.doer, err = newDoer(cfg); err != nil {
		return nil, err
	}
	opts, err := options(r)
	if err != nil {
		return nil, errors.Join(err, r.doer.Close())
	}
	opts.Name, opts.Doer, opts.ExtraHeaders = name, r.doer, network.ExtraHeaders
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
