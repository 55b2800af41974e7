package config

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"pgregory.net/rapid"

	"bifrost/schemas"
)

func printed(t rapid.TB, f *File) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrintShowsEveryDefaultAndMasksSecrets(t *testing.T) {
	f := mustParse(t, `
[[providers.openai.keys]]
value = "env.OPENAI_API_KEY"
models = ["gpt-4o-mini"]
[providers.openai.network_config.extra_headers]
X-Team = "secret-team"
[providers.openai.network_config]
proxy = "http://me:secret@proxy.example:3128"
`)
	want := `# resolved from "bifrost.toml"
initial_pool_size = 100
drop_excess_requests = false

[server]
listen = "127.0.0.1:8080"
allow_unauthenticated = false
max_body_bytes = 33554432
max_header_bytes = 65536
read_header_timeout = "10s"
body_timeout = "2m"
write_timeout = "1m"
idle_timeout = "2m"
shutdown_timeout = "30s"
shutdown_delay = "0s"
answer_timeout = "0s"
keep_alive = "0s"
refuse_unmeetable = true
log_level = "info"
watch = true

[admin]
listen = "127.0.0.1:8081"
ui = true
profiles = true

[access_log]
enabled = true
sample = 1.0

[providers.openai]
type = "openai"
wait_for_keys = false
fallback_on = ["rate_limited", "overloaded", "upstream", "timeout", "unauthorized", "not_found", "node_lost", "internal"]

[[providers.openai.keys]]
name = "key-1"
value = "****"
models = ["gpt-4o-mini"]
weight = 1.0

[providers.openai.concurrency_and_buffer_size]
concurrency = 10
buffer_size = 100

[providers.openai.network_config]
proxy = "http://****@proxy.example:3128"
max_retries = 0
retry_backoff_initial = "500ms"
retry_backoff_max = "5s"
connect_timeout = "5s"
first_byte_timeout = "5m"
total_timeout = "5m"
chunk_idle_timeout = "2m"
reader_idle_timeout = "1m"

[providers.openai.network_config.extra_headers]
X-Team = "****"
`
	if got := printed(t, f); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatPrintWritesLoadsAgainAsTheSameConfiguration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawFile(t)
		f, err := Parse("bifrost.toml", []byte(source), TOML, WithLookupEnv(testEnv))
		if err != nil {
			t.Fatalf("%v\n%s", err, source)
		}
		text := printed(t, f)
		if strings.Contains(strings.ReplaceAll(text, "client_secret", ""), "secret") {
			t.Fatalf("a secret is in\n%s", text)
		}
		again, err := Parse("bifrost.toml", []byte(text), TOML, WithLookupEnv(testEnv))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for i := range f.Providers {
			f.Providers[i] = masked(f.Providers[i])
		}
		f.Bifrost.Account = newAccount(f.Providers)
		maskNode(f.Node)
		maskDeployment(f)
		f.line, again.line = nil, nil
		if !reflect.DeepEqual(f, again) {
			t.Fatalf("got %#v\nwant %#v\n%s", again, f, text)
		}
	})
}

func masked(p Provider) Provider {
	p = p.clone()
	for i := range p.Keys {
		p.Keys[i].Value = mask
	}
	p.Config.NetworkConfig.Proxy = schemas.ProxyURL(p.Config.NetworkConfig.Proxy.String())
	if a := p.Config.Azure; a != nil && a.ClientSecret != "" {
		a.ClientSecret = mask
	}
	for name := range p.Config.NetworkConfig.ExtraHeaders {
		p.Config.NetworkConfig.ExtraHeaders[name] = mask
	}
	return p
}

// drawFile makes a valid file with any of the options.
func drawFile(t *rapid.T) string {
	providers := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zé."'\\#=-]{1,8}`), 1, 3, rapid.ID).Draw(t, "names") {
		providers[name] = drawProvider(t, name)
	}
	file := map[string]any{"providers": providers}
	maybe(t, file, "initial_pool_size", rapid.IntRange(1, schemas.MaxSize))
	maybe(t, file, "drop_excess_requests", rapid.Bool())
	drawDeployment(t, file)
	var node map[string]any
	if rapid.Bool().Draw(t, "has a node") {
		node = drawNode(t)
		file["node"] = node
	}
	if rapid.Bool().Draw(t, "has a provider elsewhere") {
		providers["Elsewhere"] = drawRemote(t, node)
	}
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(file); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var drawDuration = rapid.Map(rapid.Int64Range(1, 1e18), func(n int64) string { return durationText(time.Duration(n)) })

func drawProvider(t *rapid.T, name string) map[string]any {
	p := map[string]any{}
	maybe(t, p, "type", rapid.StringN(1, 5, -1))
	maybe(t, p, "drop_excess_requests", rapid.Bool())
	maybe(t, p, "wait_for_keys", rapid.Bool())
	maybe(t, p, "max_waiting", rapid.IntRange(1, 1e9))
	maybe(t, p, "queue_timeout", drawDuration)
	maybe(t, p, "fallbacks", rapid.Just([]string{name + "/b", name + "/c/d"}))
	maybe(t, p, "fallback_on", rapid.Just([]string{"overloaded"}))
	maybe(t, p, "keys", rapid.SliceOfN(rapid.Custom(drawKey), 1, 3))
	maybe(t, p, "concurrency_and_buffer_size", rapid.Just(map[string]any{"concurrency": 3, "buffer_size": 5}))
	network := map[string]any{}
	maybe(t, network, "max_retries", rapid.IntRange(0, 9))
	maybe(t, network, "base_url", rapid.Just("https://host.example/v1"))
	maybe(t, network, "proxy", rapid.SampledFrom([]string{"none", "http://proxy.example:3128", "socks5://u:secret@[::1]:1080", "https://secret@h"}))
	maybe(t, network, "ca_file", rapid.StringMatching(`[a-z/.]{1,9}`))
	maybe(t, network, "total_timeout", drawDuration)
	maybe(t, network, "retry_backoff_initial", drawDuration)
	maybe(t, network, "extra_headers", rapid.MapOfN(rapid.StringMatching(`[a-z.]{1,3}`).Filter(maySet), rapid.Just("secret"), 1, 3))
	p["network_config"] = network
	azure := map[string]any{}
	maybe(t, azure, "api_version", rapid.SampledFrom([]string{"preview", "2024-10-21"}))
	maybe(t, azure, "deployments", rapid.MapOfN(rapid.StringMatching(`[a-z."]{1,3}`), rapid.StringMatching(`[a-z]{1,3}`), 1, 3))
	if rapid.Bool().Draw(t, "has an application") {
		azure["tenant_id"], azure["client_id"], azure["client_secret"] = "t", "c", "secret"
	}
	if len(azure) > 0 {
		p["azure"] = azure
	}
	simulation := map[string]any{}
	maybe(t, simulation, "seed", rapid.Int64Min(0))
	maybe(t, simulation, "latency", drawDuration)
	maybe(t, simulation, "tokens_per_second", rapid.Float64Range(1e-9, 1e9))
	maybe(t, simulation, "error_rate", rapid.Float64Range(0, 1))
	maybe(t, simulation, "requests_per_second", rapid.Float64Range(1e-9, 1e9))
	if rapid.Bool().Draw(t, "outage") {
		simulation["outage_for"] = "15s"
		maybe(t, simulation, "outage_after", drawDuration)
		maybe(t, simulation, "outage_every", rapid.Just("1m"))
		maybe(t, simulation, "outage", rapid.SampledFrom(schemas.Outages()))
	}
	maybe(t, simulation, "models", rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z"\\\n]*[a-z]`), 0, 3, rapid.ID))
	if len(simulation) > 0 {
		p["simulation"] = simulation
	}
	return p
}

// maySet leaves out "te", which is the connection's.
func maySet(header string) bool { return schemas.CheckHeader(header, "") == nil }

func drawKey(t *rapid.T) map[string]any {
	k := map[string]any{"value": "secret" + rapid.StringMatching(`[a-z"\\]*`).Draw(t, "value")}
	maybe(t, k, "weight", rapid.Float64Range(1e-9, 1e9))
	maybe(t, k, "concurrency", rapid.IntRange(1, schemas.MaxSize))
	if k["concurrency"] != nil {
		maybe(t, k, "scope", rapid.Just("node"))
	}
	maybe(t, k, "models", rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z/.-]+`), 0, 3, rapid.ID))
	return k
}

func maybe[V any](t *rapid.T, table map[string]any, key string, g *rapid.Generator[V]) {
	if rapid.Bool().Draw(t, "has "+key) {
		table[key] = g.Draw(t, key)
	}
}
