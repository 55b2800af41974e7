package providers

import (
	"fmt"
	"slices"
	"strings"

	"bifrost/internal/adapter"
	"bifrost/internal/dialect"
	"bifrost/internal/dialect/openai"
	"bifrost/internal/httpx"
	"bifrost/providers/azure"
	"bifrost/providers/bedrock"
	"bifrost/providers/simulated"
	"bifrost/providers/vertex"
	"bifrost/schemas"
)

// TypeSimulated is the type of the simulated provider.
const TypeSimulated = "simulated"

// typeOpenAI is the type of OpenAI's own API, and of any server that speaks its
// dialect.
const typeOpenAI = "openai"

// Types returns every known type, sorted.
func Types() []string {
	types := []string{TypeSimulated, TypeAnthropic, TypeCohere, TypeGemini, TypeOllama, azure.Type, bedrock.Type, vertex.Type}
	for _, r := range table {
		types = append(types, r.name)
	}
	slices.Sort(types)
	return types
}

// NeedsKey reports whether a provider of the type works only with a key. One with a
// network_config.base_url of its own does not: whether that server asks for a key
// is not known here. A type that is not known needs none.
func NeedsKey(typ string) bool {
	switch typ {
	case TypeAnthropic, TypeCohere, TypeGemini:
		return true
	}
	r := rowOf(typ)
	return r != nil && !r.keyOptional
}

// Build returns the adapter of the provider called name. cfg.Type names its
// adapter; empty means name. It opens no connection. The adapter is an
// io.Closer; who built it closes it. Errors are *schemas.Error of kind
// invalid_request; they name the provider and the setting to correct.
func Build(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
	provider, err := build(name, cfg)
	if err != nil {
		return nil, &schemas.Error{Kind: schemas.KindInvalidRequest, Provider: name, Err: err,
			Message: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return provider, nil
}

func build(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	if cfg.Type == "" {
		cfg.Type = name
	}
	if !slices.Contains(Types(), cfg.Type) {
		return nil, unknownType(cfg)
	}
	if err := foreignTables(cfg); err != nil {
		return nil, err
	}
	if cfg.Type == TypeSimulated {
		return buildSimulated(name, cfg)
	}
	if build := clouds[cfg.Type]; build != nil {
		return build(name, cfg)
	}
	opts, version := optionsOf(cfg.Type)
	opts.Name = name
	return buildRemote(opts, version, cfg)
}

// rowOf returns the row of a type, or nil.
func rowOf(typ string) *row {
	i := slices.IndexFunc(table, func(r row) bool { return r.name == typ })
	if i < 0 {
		return nil
	}
	return &table[i]
}

func unknownType(cfg schemas.ProviderConfig) error {
	known := strings.Join(Types(), ", ")
	if cfg.NetworkConfig.BaseURL != "" {
		return fmt.Errorf("type %q is not known; set type = \"openai\" for a server of the OpenAI dialect, or one of %s", cfg.Type, known)
	}
	return fmt.Errorf("type %q is not known; set type to one of %s", cfg.Type, known)
}

// optionsOf returns what the adapter of a type is made of, with the base URL without
// its version prefix, and the prefix. It panics for a type that is none of theirs.
func optionsOf(typ string) (opts adapter.Options, version string) {
	switch typ {
	case TypeAnthropic:
		return anthropicOptions(), defaultVersion
	case TypeCohere:
		return cohereOptions(), cohereVersion
	case TypeGemini:
		return geminiOptions(), geminiVersion
	case TypeOllama:
		return ollamaOptions(), defaultVersion
	}
	r := rowOf(typ)
	if r == nil {
		panic("bug: no adapter for a type of Types")
	}
	return r.options(), r.prefix()
}

// plainly changes a chat call at path that its caller wrote for OpenAI's own API into one
// for a provider with quirks.
func plainly(chat openai.ChatOptions, path string, call *dialect.Call) error {
	if call.Path == path {
		call.Body = chat.Plain(call.Body)
	}
	return nil
}

// OwnURL returns how the base URLs of a type look of which every account has its own,
// so that a provider of the type works only with network_config.base_url; else "".
func OwnURL(typ string) string {
	if typ == azure.Type {
		return azure.OwnURL
	}
	if r := rowOf(typ); r != nil {
		return r.ownURL
	}
	return ""
}

// hasVersionInPaths reports whether the paths of a type begin with their version, since
// not all of them have the same.
func hasVersionInPaths(typ string) bool { return typ == TypeCohere || typ == TypeOllama }

// buildRemote adds what the configuration says to a type's options.
func buildRemote(opts adapter.Options, version string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
	network := cfg.NetworkConfig
	if network.BaseURL != "" {
		// Whether a server of the operator's own needs a key is not known here.
		opts.BaseURL, opts.KeyOptional = network.BaseURL, true
		if opts.Type == typeOpenAI { // nor is what it has
			opts.Operations = with(opts.Operations, schemas.OperationRerank)
			codec := opts.Codec.(openai.Codec)
			codec.AsksUsage = false
			opts.Codec = codec
		}
	}
	if opts.BaseURL == "" {
		return nil, fmt.Errorf("network_config.base_url is missing, and each account of type %q has its own; set it, as in %q",
			opts.Type, OwnURL(opts.Type))
	}
	var err error
	if opts.BaseURL, err = versionedURL(opts.BaseURL, version); err != nil {
		return nil, err
	}
	if hasVersionInPaths(opts.Type) {
		opts.BaseURL = strings.TrimSuffix(opts.BaseURL, version)
	}
	doer, err := newDoer(cfg)
	if err != nil {
		return nil, err
	}
	opts.ExtraHeaders, opts.Doer = network.ExtraHeaders, doer
	return adapter.New(opts), nil
}

// spoken returns the options of a simulated provider with which the client speaks d.
func spoken(d schemas.Dialect) adapter.Options {
	const host = "http://simulated.invalid"
	switch d {
	case schemas.DialectAnthropic:
		o := anthropicOptions()
		return adapter.Options{BaseURL: host + "/v1", Codec: o.Codec, Header: o.Header, Operations: anthropicChat}
	case schemas.DialectGemini:
		o := geminiOptions()
		return adapter.Options{BaseURL: host + geminiVersion, Codec: o.Codec, Route: o.Route, Operations: o.Operations}
	}
	// It takes its thinking back, as OpenRouter does.
	codec := openai.Codec{Chat: openai.ChatOptions{ReasoningDetails: true}, AsksUsage: true}
	return adapter.Options{BaseURL: host + "/v1", Codec: codec, Operations: with(chatAndEmbeddings, schemas.OperationImage,
		schemas.OperationSpeech, schemas.OperationTranscription, schemas.OperationTranslation, schemas.OperationFiles)}
}

// buildSimulated puts the same adapter before a provider in this process. Keys and
// extra headers work as with any other.
func buildSimulated(name string, cfg schemas.ProviderConfig) (schemas.Provider, error) {
	if cfg.NetworkConfig.BaseURL != "" {
		return nil, fmt.Errorf("network_config.base_url has no effect on type %q, which answers in this process; "+
			"remove it, or set type = \"openai\" for a server of the OpenAI dialect", TypeSimulated)
	}
	var simulation schemas.SimulationConfig
	if cfg.Simulation != nil {
		simulation = *cfg.Simulation
	}
	upstream := simulated.New(simulation)
	opts := spoken(simulation.Dialect)
	opts.Name, opts.Type = name, TypeSimulated
	opts.Credential, opts.KeyOptional = adapter.Bearer, true
	opts.ExtraHeaders = cfg.NetworkConfig.ExtraHeaders
	opts.Models = upstream.Models() // nobody who meant another provider is to get a simulated answer
	opts.Doer = withTimeouts(upstream, cfg.NetworkConfig)
	return adapter.New(opts), nil
}

// newDoer returns what carries a provider's calls.
func newDoer(cfg schemas.ProviderConfig) (httpx.Doer, error) {
	doer, err := httpx.New(httpx.Config{
		ConnectTimeout: cfg.NetworkConfig.ConnectTimeout,
		Proxy:          cfg.NetworkConfig.Proxy,
		CAFile:         cfg.NetworkConfig.CAFile,
		// Each worker may keep its connection between two bursts.
		MaxIdleConnsPerHost: max(httpx.DefaultIdleConnsPerHost, cfg.ConcurrencyAndBufferSize.Concurrency)})
	if err != nil {
		return nil, err
	}
	return withTimeouts(doer, cfg.NetworkConfig), nil
}

func withTimeouts(d httpx.Doer, network schemas.NetworkConfig) httpx.Doer {
	return httpx.WithTimeouts(d, httpx.Timeouts{
		FirstByte: network.FirstByteTimeout, Total: network.TotalTimeout, ChunkIdle: network.ChunkIdleTimeout})
}
