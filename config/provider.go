package config

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"bifrost/schemas"
)

// Provider is one provider of the file.
type Provider struct {
	Name string

	// Config has every default filled in; Type is never empty.
	Config schemas.ProviderConfig

	// Keys are in the order of the file, each with a name, a value and a weight.
	// None is valid.
	Keys []schemas.Key
}

// String returns the provider's name only, so that a printed File has no secrets.
func (p Provider) String() string { return "provider " + p.Name }

// GoString is String.
func (p Provider) GoString() string { return p.String() }

type sizes = schemas.ConcurrencyAndBufferSize

var sizesSection = section[sizes]{fields: []field[sizes]{
	whole("concurrency", aSize(orDefaultOf("10")), func(s *sizes) *int { return &s.Concurrency }),
	whole("buffer_size", aSize(orDefaultOf("100")), func(s *sizes) *int { return &s.BufferSize }),
}}

var providerSection = section[Provider]{check: checkType, fields: []field[Provider]{
	{name: "type", read: readType},
	{name: "node", read: func(*reader, value, *Provider) {}}, // readProviders has passed it to readRemote
	{name: "move_waiting", read: func(r *reader, v value, _ *Provider) {
		r.fault(v.line, v.at, "is of a provider that lives on other nodes; add node, or remove it")
	}},
	truth("drop_excess_requests", func(p *Provider, v bool) { p.Config.DropExcessRequests = &v }),
	truth("wait_for_keys", func(p *Provider, v bool) { p.Config.WaitForKeys = v }),
	whole("max_waiting", atLeastOne("leave it out for no bound"), func(p *Provider) *int { return &p.Config.MaxWaiting }),
	duration("queue_timeout", "leave it out for no bound", func(p *Provider) *time.Duration { return &p.Config.QueueTimeout }),
	{name: "overflow", read: readOverflow},
	{name: "fallbacks", read: readFallbacks},
	{name: "fallback_on", read: readFallbackOn},
	{name: "keys", read: readKeys, below: keySection.paths},
	nested("concurrency_and_buffer_size", sizesSection,
		func(p *Provider) *sizes { return &p.Config.ConcurrencyAndBufferSize }),
	nested("network_config", networkSection, func(p *Provider) *network { return &p.Config.NetworkConfig }),
	{name: "simulation", below: simulationSection.paths, read: func(r *reader, v value, into *Provider) {
		into.Config.Simulation = &simulation{}
		simulationSection.read(r, v, into.Config.Simulation)
	}},
	{name: "azure", below: azureSection.paths, read: func(r *reader, v value, into *Provider) {
		into.Config.Azure = &schemas.AzureConfig{}
		azureSection.read(r, v, into.Config.Azure)
	}},
	{name: "bedrock", below: bedrockSection.paths, read: func(r *reader, v value, into *Provider) {
		into.Config.Bedrock = &schemas.BedrockConfig{}
		bedrockSection.read(r, v, into.Config.Bedrock)
	}},
	{name: "vertex", below: vertexSection.paths, read: func(r *reader, v value, into *Provider) {
		into.Config.Vertex = &schemas.VertexConfig{}
		vertexSection.read(r, v, into.Config.Vertex)
	}},
}}

func readType(r *reader, v value, into *Provider) {
	if !r.want(v, kindText, `"openai"`) {
		return
	}
	if v.text == "" {
		r.fault(v.line, v.at, "must not be empty; leave it out when the provider's name is the type")
		return
	}
	into.Config.Type = v.text
}

func readOverflow(r *reader, v value, into *Provider) {
	if !r.want(v, kindText, `"spill"`) {
		return
	}
	into.Config.Overflow = schemas.Overflow(v.text)
	if into.Config.Overflow != schemas.OverflowSpill {
		r.fault(v.line, v.at, `is %q; write "spill", or leave it out`, v.text)
		return
	}
	r.overflows = append(r.overflows, v)
}

// readProviders reads the table of providers, each under its own name.
func readProviders(r *reader, v value, into *File) {
	if !r.want(v, kindTable, "") {
		return
	}
	if len(v.members) == 0 {
		r.noProvider(v.line, v.at)
	}
	for _, m := range v.members {
		p := Provider{Name: m.name}
		child := value{m.node, v.at.key(m.name)}
		if !isProviderName(m.name) {
			r.fault(child.line, child.at, `must have a name without "/", white space or control characters, such as my-openai`)
		}
		if _, ok := child.member("node"); ok {
			into.addRemote(m.name, readRemote(r, child))
			continue
		}
		providerSection.read(r, child, &p)
		if p.Config.Type == "" {
			p.Config.Type = p.Name
		}
		p.Config = p.Config.WithDefaults()
		into.Providers = append(into.Providers, p)
	}
	slices.SortFunc(into.Providers, func(a, b Provider) int { return cmp.Compare(a.Name, b.Name) })
}

func (r *reader) noProvider(line int, at path) {
	example := "[providers.simulated]"
	if r.format == JSON {
		example = `"providers": {"simulated": {}}`
	}
	r.fault(line, at, "has no provider; write at least one, such as %s", example)
}

func isProviderName(name string) bool {
	bad := func(r rune) bool { return r == '/' || unicode.IsSpace(r) || unicode.IsControl(r) }
	return name != "" && strings.IndexFunc(name, bad) < 0
}
