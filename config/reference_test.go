package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bifrost/schemas"
)

// The commented reference in the root and the page in docs.

func readReference(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../bifrost.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var switchedOff = regexp.MustCompile(`(?m)^#([^ \n#:])`)

func everythingOn(text string) string { return switchedOff.ReplaceAllString(text, "$1") }

func mustParse(t *testing.T, text string, opts ...Option) *File {
	t.Helper()
	f, err := Parse("bifrost.toml", []byte(text), TOML, append([]Option{WithLookupEnv(testEnv)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func noEnv(string) (string, bool) { return "", false }

func TestTheReferenceRunsAsItIsWithoutAnyKey(t *testing.T) {
	f, err := Load("../bifrost.toml", WithLookupEnv(noEnv), WithTypes(testTypes))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Providers) != 1 || f.Providers[0].Name != "simulated" || len(f.Providers[0].Keys) != 0 {
		t.Fatalf("got %v, want the simulated provider alone, without keys", f.Providers)
	}
	s := f.Providers[0].Config.Simulation
	if s == nil || s.Latency != 300*time.Millisecond || s.TokensPerSecond != 60 {
		t.Errorf("got simulation %+v", s)
	}
	if f.Bifrost.InitialPoolSize != schemas.DefaultInitialPoolSize || f.Bifrost.DropExcessRequests {
		t.Errorf("got %+v, want the defaults", f.Bifrost)
	}
}

func TestTheReferenceShowsTheDefaultsWhenEverythingIsSwitchedOn(t *testing.T) {
	plain, full := mustParse(t, readReference(t)), mustParse(t, everythingOn(readReference(t)))
	if !reflect.DeepEqual(plain.Server, newServer().withDefaults()) || !reflect.DeepEqual(withoutOptions(full.Server), plain.Server) {
		t.Errorf("got server %+v, want the defaults", full.Server)
	}
	checkDeploymentDefaults(t, plain, full)
	if n := full.Node; plain.Node != nil || n.Plaintext || n.Credits != DefaultCredits || len(n.Peers) == 0 || n.Advertise == n.Listen || n.TLS.CAFile == "" ||
		len(n.Discover) != 2 || n.Etcd.Prefix != DefaultEtcdPrefix || n.Etcd.TTL != DefaultEtcdTTL || n.Gossip.Bind != ":"+DefaultGossipPort {
		t.Errorf("got node %+v and %+v, want none as it is, and all options with the defaults where there are any", plain.Node, n)
	}
	if full.Bifrost.InitialPoolSize != plain.Bifrost.InitialPoolSize || full.Bifrost.DropExcessRequests {
		t.Errorf("got %+v, want the defaults", full.Bifrost)
	}
	openai := provider(t, full, "openai")
	got := openai.Config
	if got.MaxWaiting == 0 || got.QueueTimeout == 0 || len(got.Fallbacks) == 0 || got.Overflow == "" || got.DropExcessRequests == nil || len(got.NetworkConfig.ExtraHeaders) == 0 ||
		got.NetworkConfig.Proxy == "" || got.NetworkConfig.CAFile == "" {
		t.Error("an option without a default is not shown")
	}
	want := schemas.ProviderConfig{Type: "openai"}.WithDefaults()
	want.MaxWaiting, want.QueueTimeout, want.DropExcessRequests = got.MaxWaiting, got.QueueTimeout, got.DropExcessRequests
	want.Fallbacks, want.Overflow = got.Fallbacks, got.Overflow
	want.NetworkConfig.Proxy, want.NetworkConfig.CAFile = got.NetworkConfig.Proxy, got.NetworkConfig.CAFile
	want.NetworkConfig.BaseURL, want.NetworkConfig.ExtraHeaders = got.NetworkConfig.BaseURL, got.NetworkConfig.ExtraHeaders
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant the defaults %+v", got, want)
	}
	if k := openai.Keys; len(k) != 1 || k[0].Name != "key-1" || k[0].Weight != 1 || k[0].Value != "sk-secret-openai" {
		t.Errorf("got keys %v, want one with the default name and weight", k)
	}
}

func withoutOptions(s Server) Server {
	s.TLS, s.CORS, s.Statuses = nil, CORS{}, nil
	return s
}

func checkDeploymentDefaults(t *testing.T, plain, full *File) {
	t.Helper()
	if s := full.Server; s.TLS == nil || s.TLS.ClientCAFile == "" || len(s.CORS.AllowedOrigins) == 0 || s.CORS.MaxAge == 0 || len(s.Statuses) == 0 {
		t.Errorf("got server %+v, want every option", s)
	}
	admin := full.Admin
	if admin.Token != "secret-of-operators" || admin.TLS == nil || !admin.Given {
		t.Errorf("got admin %+v, want every option", admin)
	}
	admin.Token, admin.TLS, admin.Given = "", nil, false
	if admin != plain.Admin || admin != newAdmin().withDefaults() {
		t.Errorf("got admin %+v, want the defaults", admin)
	}
	if full.AccessLog != newAccessLog() || plain.AccessLog != newAccessLog() {
		t.Errorf("got %+v and %+v, want the defaults", full.AccessLog, plain.AccessLog)
	}
	want := newTracing()
	want.Endpoint, want.Headers = full.Tracing.Endpoint, full.Tracing.Headers
	if plain.Tracing != nil || want.Endpoint == "" || len(want.Headers) == 0 || !reflect.DeepEqual(full.Tracing, want) {
		t.Errorf("got tracing %+v, want the defaults", full.Tracing)
	}
	if c := full.Clients; len(plain.Clients) > 0 || len(c) != 1 || len(c[0].Keys) != 1 || len(c[0].Providers) == 0 || len(c[0].Models) == 0 ||
		c[0].RequestsPerMinute == 0 || c[0].TokensPerMinute == 0 || c[0].MaxInFlight == 0 || c[0].LogContent {
		t.Errorf("got clients %+v, want one with every option", c)
	}
	if p := full.Prices["openai/gpt-4o-mini"]; plain.Prices != nil || p != (Price{Input: 0.15, CachedInput: 0.075, Output: 0.6}) {
		t.Errorf("got prices %+v", full.Prices)
	}
}

func TestTheReferenceShowsTheDefaultsOfTheSimulation(t *testing.T) {
	s := provider(t, mustParse(t, everythingOn(readReference(t))), "simulated").Config.Simulation
	bare := provider(t, mustParse(t, "[providers.simulated.simulation]\n"), "simulated").Config.Simulation
	if s.Seed != bare.Seed || s.OutputTokens != bare.OutputTokens || s.ErrorRate != bare.ErrorRate || s.RateLimitRate != bare.RateLimitRate {
		t.Errorf("got %+v, want the defaults %+v", s, bare)
	}
}

func TestTheReferenceOffersACustomServiceAProviderElsewhereAndOllama(t *testing.T) {
	f := mustParse(t, everythingOn(readReference(t)), WithTypes(append([]Type{{Name: "azure"}, {Name: "bedrock"}, {Name: "vertex"}}, testTypes...)))
	custom := provider(t, f, "my-service")
	if custom.Config.Type != "openai" || custom.Config.NetworkConfig.BaseURL == "" || len(custom.Keys) != 1 {
		t.Errorf("got %+v", custom.Config)
	}
	if far := f.Remote["elsewhere"]; len(far.Nodes) != 2 || len(far.FallbackOn) == 0 {
		t.Errorf("got %+v, want a provider on two nodes", far)
	}
	if nodes := f.Remote["anywhere"].Nodes; len(nodes) != 1 || nodes[0] != AnyNode {
		t.Errorf("got %v, want a provider on any node", nodes)
	}
	if local := provider(t, f, "ollama"); len(local.Keys) != 0 || local.Config.NetworkConfig.BaseURL == "" {
		t.Errorf("got %+v", local.Config)
	}
}

func provider(t *testing.T, f *File, name string) Provider {
	t.Helper()
	for _, p := range f.Providers {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no provider %s in %v", name, f.Providers)
	return Provider{}
}

func TestEveryKeyOfTheBinderIsInTheReference(t *testing.T) {
	text := everythingOn(readReference(t))
	root, faults := decode([]byte(text), TOML)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	found := map[string]bool{}
	collect(root, "", found)
	for _, p := range fileSection.layout().paths() {
		if !found[p] {
			t.Errorf("%s is not in bifrost.toml", p)
		}
	}
}

// collect notes the path of every value, with NAME for the name of a provider.
func collect(n *node, at string, found map[string]bool) {
	found[at] = true
	for _, e := range n.elements {
		collect(e, at, found)
	}
	for _, m := range n.members {
		name := m.name
		if slices.Contains([]string{"providers", "models", "clients", "prices"}, at) {
			name = "NAME"
		}
		collect(m.node, strings.TrimPrefix(at+"."+name, "."), found)
	}
}

func TestEveryKeyOfTheBinderIsInTheDocumentation(t *testing.T) {
	data, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	table, found := "", map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if m := marker.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			table = strings.TrimPrefix(m[1], topLevel)
		}
		if m := regexp.MustCompile("^\\| `([a-z0-9_]+)` \\|").FindStringSubmatch(line); m != nil {
			found[strings.TrimPrefix(table+"."+m[1], ".")] = true
		}
	}
	for _, p := range fileSection.layout().paths() {
		if !found[p] {
			t.Errorf("%s is not in docs/configuration.md", p)
		}
		delete(found, p)
	}
	for p := range found {
		t.Errorf("docs/configuration.md has %s, which is no key", p)
	}
}

// TestEveryDefaultInTheDocumentationIsTheDefault reads the second code cell of
// each row and gives it to the parser: the result is that of leaving it out.
func TestEveryDefaultInTheDocumentationIsTheDefault(t *testing.T) {
	data, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	// Rows whose default is a literal, by table; keys need a value beside them.
	row := regexp.MustCompile("^\\| `([a-z0-9_]+)` \\| [^|]* \\| `?(\"[^`\"]*\"|[0-9.]+|false|true)`? ?[|,]")
	table, tried := "", 0
	for line := range strings.Lines(string(data)) {
		if m := marker.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			table = strings.Replace(strings.TrimPrefix(m[1], topLevel), "NAME", "x", 1)
		}
		m := row.FindStringSubmatch(line)
		if m == nil || m[1] == "name" {
			continue
		}
		tried++
		assertDefault(t, table, m[1], m[2])
	}
	if tried < 40 {
		t.Errorf("only %d defaults were found", tried)
	}
}

// defaultBases are files in which a key of a table is put for the "%".
var defaultBases = map[string]string{
	"":                       "%[providers.x]\n",
	"providers.x.keys":       "[[providers.x.keys]]\nvalue = \"k\"\nconcurrency = 5\n%",
	"models.x":               "[providers.x]\n[models.x]\ntargets = [{ model = \"x/m\" }]\n%",
	"models.x.targets":       "[providers.x]\n[[models.x.targets]]\nmodel = \"x/m\"\n%",
	"node":                   "[providers.x]\n[node]\nlisten = \"127.0.0.1:0\"\n%",
	"node.etcd":              "[providers.x]\n[node]\nlisten = \"127.0.0.1:0\"\n[node.etcd]\nendpoints = [\"e:1\"]\n%",
	"clients.x":              "[providers.x]\n[clients.x]\nkeys = [\"****\"]\n%",
	"providers.x.simulation": "[providers.x.simulation]\noutage_for = \"15s\"\n%",
	"tracing":                "[providers.x]\n[tracing]\nendpoint = \"http://h\"\n%",
}

func assertDefault(t *testing.T, table, key, literal string) {
	t.Helper()
	base, ok := defaultBases[table]
	if !ok {
		base = "[providers.y]\n[" + table + "]\n%"
	}
	with := mustParse(t, strings.Replace(base, "%", key+" = "+literal+"\n", 1))
	without := mustParse(t, strings.Replace(base, "%", "", 1))
	with.Admin.Given = false
	with.line, without.line = nil, nil
	if !reflect.DeepEqual(with, without) {
		t.Errorf("%s.%s: %s is not the default", table, key, literal)
	}
}
