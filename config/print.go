package config

import (
	"fmt"
	"io"
	"strings"
	"time"

	"bifrost/schemas"
)

const mask = "****"

// Print writes the resolved configuration as TOML that loads again: every
// default is there, and the values of keys and of extra headers are "****", as are
// the user and password of a proxy.
func (f *File) Print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "# resolved from %q\n%s", f.Path, spaced(f.encoded(hidden)))
	return err
}

// spaced puts an empty line before each header, and leaves out those of the tables of
// names, which say nothing. The encoder writes each value on one line, so
// that a line that begins with "[" is always a header.
func spaced(text string) string {
	for _, table := range []string{"providers", "models", "clients", "prices"} {
		text = strings.Replace(text, "\n["+table+"]\n", "\n", 1)
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n[", "\n\n["), "\n\n\n[", "\n\n[")
}

// veil returns what is shown of a secret, "" for none.
type veil func(secret string) string

// hidden masks a secret that is there.
func hidden(secret string) string {
	if secret == "" {
		return ""
	}
	return mask
}

func (f *File) printed(hide veil) printedFile {
	out := printedFile{
		InitialPoolSize:    f.Bifrost.InitialPoolSize,
		DropExcessRequests: f.Bifrost.DropExcessRequests,
		Server:             printServer(f.Server),
		Admin:              printAdmin(f.Admin, hide),
		Clients:            printClients(f.Clients, hide),
		Tracing:            printTracing(f.Tracing, hide),
		AccessLog:          printedAccessLog(f.AccessLog),
		Prices:             printPrices(f.Prices),
		Node:               printNode(f.Node, hide),
		Models:             printAliases(f.Bifrost.Models),
		Providers:          map[string]any{},
	}
	for _, p := range f.Providers {
		out.Providers[p.Name] = printProvider(p, hide)
	}
	for name, p := range f.Remote {
		out.Providers[name] = printedRemote(p)
	}
	return out
}

type printedFile struct {
	InitialPoolSize    int                      `toml:"initial_pool_size"`
	DropExcessRequests bool                     `toml:"drop_excess_requests"`
	Server             printedServer            `toml:"server"`
	Admin              printedAdmin             `toml:"admin"`
	Clients            map[string]printedClient `toml:"clients,omitempty"`
	Tracing            *printedTracing          `toml:"tracing"`
	AccessLog          printedAccessLog         `toml:"access_log"`
	Prices             map[string]printedPrice  `toml:"prices,omitempty"`
	Node               *printedNode             `toml:"node"`
	Models             map[string]printedAlias  `toml:"models,omitempty"`
	Providers          map[string]any           `toml:"providers"` // printedProvider or printedRemote
}

type printedAlias struct {
	Spread  schemas.Spread  `toml:"spread"`
	Targets []printedTarget `toml:"targets"`
}

type printedTarget struct {
	Model  string  `toml:"model"`
	Weight float64 `toml:"weight"`
}

func printAliases(aliases map[string]schemas.Alias) map[string]printedAlias {
	out := make(map[string]printedAlias, len(aliases))
	for name, a := range aliases {
		printed := printedAlias{Spread: a.Spread}
		for _, t := range a.Targets {
			printed.Targets = append(printed.Targets, printedTarget(t))
		}
		out[name] = printed
	}
	return out
}

type printedProvider struct {
	Type               string              `toml:"type"`
	DropExcessRequests *bool               `toml:"drop_excess_requests"`
	WaitForKeys        bool                `toml:"wait_for_keys"`
	MaxWaiting         int                 `toml:"max_waiting,omitzero"`
	QueueTimeout       span                `toml:"queue_timeout,omitzero"`
	Overflow           schemas.Overflow    `toml:"overflow,omitempty"`
	Fallbacks          []string            `toml:"fallbacks,omitempty"`
	FallbackOn         []schemas.ErrorKind `toml:"fallback_on,omitempty"`
	Keys               []printedKey        `toml:"keys"`
	Sizes              printedSizes        `toml:"concurrency_and_buffer_size"`
	Network            printedNetwork      `toml:"network_config"`
	Simulation         *printedSimulation  `toml:"simulation"`
	Azure              *printedAzure       `toml:"azure"`
	Bedrock            *printedBedrock     `toml:"bedrock"`
	Vertex             *printedVertex      `toml:"vertex"`
}

type printedKey struct {
	Name   string   `toml:"name"`
	Value  string   `toml:"value"`
	Models []string `toml:"models,omitempty"`
	Weight float64  `toml:"weight"`

	Concurrency int              `toml:"concurrency,omitzero"`
	Scope       schemas.KeyScope `toml:"scope,omitempty"`
}

type printedSizes struct {
	Concurrency int `toml:"concurrency"`
	BufferSize  int `toml:"buffer_size"`
}

type printedNetwork struct {
	BaseURL             string            `toml:"base_url,omitempty"`
	Proxy               string            `toml:"proxy,omitempty"`
	CAFile              string            `toml:"ca_file,omitempty"`
	MaxRetries          int               `toml:"max_retries"`
	RetryBackoffInitial span              `toml:"retry_backoff_initial"`
	RetryBackoffMax     span              `toml:"retry_backoff_max"`
	ConnectTimeout      span              `toml:"connect_timeout"`
	FirstByteTimeout    span              `toml:"first_byte_timeout"`
	TotalTimeout        span              `toml:"total_timeout"`
	ChunkIdleTimeout    span              `toml:"chunk_idle_timeout"`
	ReaderIdleTimeout   span              `toml:"reader_idle_timeout"`
	ExtraHeaders        map[string]string `toml:"extra_headers,omitempty"`
}

type printedSimulation struct {
	Dialect         string   `toml:"dialect"`
	Seed            uint64   `toml:"seed"`
	Latency         span     `toml:"latency"`
	LatencyP99      span     `toml:"latency_p99,omitzero"`
	TokensPerSecond float64  `toml:"tokens_per_second,omitzero"`
	OutputTokens    int      `toml:"output_tokens"`
	ErrorRate       float64  `toml:"error_rate"`
	RateLimitRate   float64  `toml:"rate_limit_rate"`
	Concurrency     int      `toml:"concurrency,omitzero"`
	Models          []string `toml:"models,omitempty"`

	RequestsPerSecond float64        `toml:"requests_per_second,omitzero"`
	OutageAfter       *span          `toml:"outage_after"`
	OutageFor         span           `toml:"outage_for,omitzero"`
	OutageEvery       span           `toml:"outage_every,omitzero"`
	Outage            schemas.Outage `toml:"outage,omitempty"`
}

// span is a duration as the file has it.
type span time.Duration

func (s span) MarshalText() ([]byte, error) {
	return []byte(durationText(time.Duration(s))), nil
}

func printProvider(p Provider, hide veil) printedProvider {
	c := p.Config
	return printedProvider{
		Type:               c.Type,
		DropExcessRequests: c.DropExcessRequests,
		WaitForKeys:        c.WaitForKeys,
		Overflow:           c.Overflow,
		MaxWaiting:         c.MaxWaiting,
		QueueTimeout:       span(c.QueueTimeout),
		Fallbacks:          c.Fallbacks,
		FallbackOn:         c.FallbackOn,
		Keys:               printKeys(p.Keys, hide),
		Sizes:              printedSizes(c.ConcurrencyAndBufferSize),
		Network:            printNetwork(c.NetworkConfig, hide),
		Simulation:         printSimulation(c.Simulation),
		Azure:              printAzure(c.Azure, hide),
		Bedrock:            printBedrock(c.Bedrock, hide),
		Vertex:             printVertex(c.Vertex),
	}
}

func printKeys(keys []schemas.Key, hide veil) []printedKey {
	var out []printedKey
	for _, k := range keys {
		out = append(out, printedKey{Name: k.Name, Value: hide(k.Value), Models: k.Models, Weight: k.Weight,
			Concurrency: k.Concurrency, Scope: k.Scope})
	}
	return out
}

func printNetwork(c network, hide veil) printedNetwork {
	return printedNetwork{
		BaseURL:             c.BaseURL,
		Proxy:               printProxy(c.Proxy, hide),
		CAFile:              c.CAFile,
		MaxRetries:          c.MaxRetries,
		RetryBackoffInitial: span(c.RetryBackoffInitial),
		RetryBackoffMax:     span(c.RetryBackoffMax),
		ConnectTimeout:      span(c.ConnectTimeout),
		FirstByteTimeout:    span(c.FirstByteTimeout),
		TotalTimeout:        span(c.TotalTimeout),
		ChunkIdleTimeout:    span(c.ChunkIdleTimeout),
		ReaderIdleTimeout:   span(c.ReaderIdleTimeout),
		ExtraHeaders:        veiledHeaders(c.ExtraHeaders, hide),
	}
}

// printProxy shows a proxy without its user and password.
func printProxy(p schemas.ProxyURL, hide veil) string {
	shown := p.String()
	if strings.Contains(shown, mask) {
		return strings.Replace(shown, mask, hide(string(p)), 1)
	}
	return shown
}

func printSimulation(c *simulation) *printedSimulation {
	if c == nil {
		return nil
	}
	out := &printedSimulation{
		Dialect:         string(c.Dialect),
		Seed:            c.Seed,
		Latency:         span(c.Latency),
		LatencyP99:      span(c.LatencyP99),
		TokensPerSecond: c.TokensPerSecond,
		OutputTokens:    c.OutputTokens,
		ErrorRate:       c.ErrorRate,
		RateLimitRate:   c.RateLimitRate,
		Concurrency:     c.Concurrency,
		Models:          c.Models,

		RequestsPerSecond: c.RequestsPerSecond,
		OutageFor:         span(c.OutageFor),
		OutageEvery:       span(c.OutageEvery),
		Outage:            c.Outage,
	}
	if c.OutageFor > 0 { // else it may not be there
		after := span(c.OutageAfter)
		out.OutageAfter = &after
	}
	return out
}
