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
	whole("concurrency", aSize("workers", orDefaultOf("10")), func(s *sizes) *int { return &s.Concurrency }).
		doc("10", "the most calls that are with the provider at once"),
	whole("buffer_size", aSize("requests", orDefaultOf("100")), func(s *sizes) *int { return &s.BufferSize }).
		doc("100", "places in the queue behind them"),
}}

var providerSection = section[Provider]{check: checkType, also: remoteRules(), fields: []field[Provider]{
	custom("type", ofText(), readType).
		doc("`NAME`", "the adapter", "a known type, see below"),
	// readProviders has passed a provider with a node to readRemote.
	custom("node", oneOrList(ofText(), ""), func(*reader, value, *Provider) {}).
		doc("the provider lives in this process", "where it lives instead; see [below](#a-provider-on-another-node)",
			"addresses of other nodes, at least one, none twice; or `\"any\"` alone"),
	custom("move_waiting", ofTruth(), func(r *reader, v value, _ *Provider) {
		r.fault(v.line, v.at, "is of a provider that lives on other nodes; add node, or remove it")
	}).doc("calls that wait at a lost node fail", "beside `node` only; see [below](#a-provider-on-another-node)").needs("node"),
	truth("drop_excess_requests", func(p *Provider, v bool) { p.Config.DropExcessRequests = &v }).
		doc("as at the top level", "the same, for this provider"),
	truth("wait_for_keys", func(p *Provider, v bool) { p.Config.WaitForKeys = v }).
		doc("`false`", "when every key that serves a model rests, a request waits in the queue for one, without a worker (`true`), "+
			"or is refused with the soonest time (`false`); see [Keys](#keys)"),
	whole("max_waiting", atLeastOne("requests", "leave it out for no bound"), func(p *Provider) *int { return &p.Config.MaxWaiting }).
		doc("no bound", "requests that may wait for a place in the queue"),
	duration("queue_timeout", "leave it out for no bound", func(p *Provider) *time.Duration { return &p.Config.QueueTimeout }).
		doc("no bound", "how long a request may wait for a place in the queue"),
	custom("overflow", oneText(string(schemas.OverflowSpill)), readOverflow).
		doc("none", "`\"spill\"`: a request that finds the queue full goes once to another node, listed in `[node]` or found, "+
			"that has the provider, too, and room; see [nodes](nodes.md)", "`\"spill\"`, in a file that names or finds other nodes"),
	custom("fallbacks", listOf(ofText(), 0, ""), readFallbacks).
		doc("none", "models that are asked in turn when this provider does not answer, after those that the request names",
			"\"provider/model\", of providers in the file, none twice"),
	custom("fallback_on", fallbackKinds(), readFallbackOn).
		doc("`"+quotedList(kindNames(schemas.DefaultFallbackOn()))+"`", "the kinds of error that lead to a fallback",
			"these, `\"invalid_request\"` or `\"unsupported_operation\"`"),
	{name: "keys", read: readKeys, below: keySection.list},
	nested("concurrency_and_buffer_size", sizesSection, func(p *Provider) *sizes { return &p.Config.ConcurrencyAndBufferSize }),
	nested("network_config", networkSection, func(p *Provider) *network { return &p.Config.NetworkConfig }),
	optional("simulation", simulationSection, func() *simulation { return &simulation{} }, func(p *Provider) **simulation { return &p.Config.Simulation }),
	optional("azure", azureSection, func() *schemas.AzureConfig { return &schemas.AzureConfig{} },
		func(p *Provider) **schemas.AzureConfig { return &p.Config.Azure }),
	optional("bedrock", bedrockSection, func() *schemas.BedrockConfig { return &schemas.BedrockConfig{} },
		func(p *Provider) **schemas.BedrockConfig { return &p.Config.Bedrock }),
	optional("vertex", vertexSection, func() *schemas.VertexConfig { return &schemas.VertexConfig{} },
		func(p *Provider) **schemas.VertexConfig { return &p.Config.Vertex }),
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
